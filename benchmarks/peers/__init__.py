r"""Other tools, each as a program of its own: JSON lines in, pairs of ids out.

    python -m benchmarks.peers.NAME IN.jsonl OUT.txt [--tokens findall|split]

Each takes the way through its tool that was found to be the fastest while it still looks at every shingle of a text,
in one process, and writes `id id` for each pair that the tool says is a duplicate. They share what the interface of the
tools leaves to the caller: reading by orjson, words by `re.findall(r"\w+", text.lower())`, runs of five joined by a
space. With `--tokens split` the words come by `str.translate` and `str.split`: the same words in about half the time.
Nothing here imports `dedup`, so that another Python, with the tools installed, can run it.
"""
