import io
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from dedup.model import Cluster, Counts, Decision, Evidence, Match, Quarantined, Relation, Report, Span
from dedup.reporting import write_terminal
from dedup.reporting.visible import cells
from tests.reporting.reports import example, huge, near, report, single, whole

EXAMPLE_AT_80_COLUMNS = """\
6 documents: 6 findings

b.txt
  near         lines 1–2 nearly repeat lines 1–2 of a.txt
               resemblance 81%, cosine 91%
  <    1 │ The harbour ferry stops for repairs on Friday [night].
  >    1 │ The harbour ferry stops for repairs on Friday [evening].

7
  contains     line 1 lies within lines 1–2 of a.txt
               containment 97%, resemblance 31%, cosine 60%
       1 │ Buses run instead until Sunday.

menu.md
  boilerplate  9 times, in 3 documents, on lines 11–13, 15, 17, 19, 21–22 and 1
               more
      11 │ Subscribers only

pages/tram.txt
  exact        lines 6–7 repeat lines 2–3
               164 characters · lines 4–5: rewrite seam
       6 │ The council approved the tram line to the harbour on Monday after a…
       7 │ Work on the first section is to begin in spring and to last for two…
  residue      line 4: rewrite prompt (rewrite-this), quotes line 1
       4 │ rewrite this title Council approves the new tram line
  residue      line 5: rewrite prompt (rewrite-this)
       5 │ rewrite this content and keep HTML tags

What would be dropped
  keep a.txt
    drop b.txt

Summary
  documents     6 read: 4 kept, 1 dropped, 1 quarantined
  paragraphs    14, of 1,234 characters
  kept          2 unique, 1 representative, 1 short
  dropped       1 near
  findings      1 exact, 1 near, 1 contains, 1 boilerplate, 2 residue
  vetoed        2 pairs over the threshold, not confirmed by the cosine
  capped        1 bucket cut off at the limit
  skipped       1 file of formats that are not read
  quarantined   1 invalid-json
                more.jsonl:3: no JSON; mend the line or leave it out

Next
  dedup clean pages/tram.txt     the text without its own copies and prompts
  dedup scan … --decisions FILE  keep or drop, and why, for each document
  dedup scan … --format jsonl    every finding, one JSON object a line
"""


def shown(what: Report, *, width: int = 80, colour: bool = False, everything: bool = False) -> str:
    page = io.StringIO()
    write_terminal(what, page, width=width, colour=colour, everything=everything)
    return page.getvalue()


def test_the_report_of_a_small_scan_at_80_columns() -> None:
    assert shown(example()) == EXAMPLE_AT_80_COLUMNS


def test_no_line_is_wider_than_the_page_nor_ends_in_spaces() -> None:
    for width in (40, 57, 80, 120):
        for line in shown(example(), width=width).splitlines():
            assert cells(line) <= width or line.startswith("  dedup ")
            assert line == line.rstrip()


def test_colours_add_nothing_but_colours() -> None:
    coloured = shown(example(), colour=True)
    assert "\x1b[" in coloured
    without = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    # Without colours the words that differ stand in brackets.
    assert without == re.sub(r"\[(night|evening)\]", r"\1", shown(example()))


def test_nothing_repeated_is_said_in_a_line() -> None:
    text = shown(report(decisions=[Decision("a", True, "unique")]))
    assert text.startswith("1 document: nothing repeated\n")
    assert "Next" not in text
    assert "What would be dropped" not in text


def test_markup_and_escapes_in_the_texts_are_shown_and_not_obeyed() -> None:
    hostile = "[bold]x[/bold] :smile: \x1b]8;;http://evil\x1b\\link \x1b[2J \u202e \x9b1m https://x.org"
    text = shown(
        single(*near("[red]id[/red]\x1b[0m", "other\x07\nid", "a " + hostile, "b " + hostile)),
        width=120,
        colour=True,
    )
    assert "[bold]x[/bold] :smile: ␛]8;;http://evil␛\\link ␛[2J <U+202E> <U+009B>1m" in text
    assert "[red]id[/red]␛[0m" in text
    assert "other␇␊id" in text
    assert "\x1b]8" not in text
    assert re.sub(r"\x1b\[[\d;]*m", "", text).replace("\n", "").isprintable()


any_text = st.text(st.characters(codec=None, categories=None), max_size=60)


@given(any_text, any_text, any_text, any_text, st.booleans())
def test_whatever_the_texts_hold_the_page_is_printable(
    left_id: str, right_id: str, left: str, right: str, colour: bool
) -> None:
    found = report(
        [
            near(left_id, right_id, left, right),
            (
                Match(
                    Relation.RESIDUE,
                    whole(left_id, left),
                    None,
                    evidence=Evidence(rule=left, kind=right, weight=3.0),
                ),
                left,
                "",
            ),
            (
                Match(Relation.BOILERPLATE, whole(right_id, right), None, evidence=Evidence(pattern=left)),
                right,
                "",
            ),
        ],
        clusters=[Cluster(left_id, (right_id,))],
        quarantined=[Quarantined(left_id, 1, "invalid-json", right)],
        counts=Counts(read=3, kept=1, dropped=1, quarantined=1, reasons={"invalid-json": 1}),
    )
    text = re.sub(r"\x1b\[[\d;]*m", "", shown(found, colour=colour))
    for character in set(text) - {"\n", "\u200c", "\u200d"}:
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    text.encode("utf-8")


def test_of_a_million_findings_few_are_looked_at() -> None:
    looked_at: list[int] = []
    text = shown(huge(1_000_000, looked_at))
    assert len(looked_at) < 10_000
    assert len(text.splitlines()) < 400
    assert "Shown: 50 of 1,000,000 findings, in 50 documents." in text
    assert "and for 499,980 other documents; see --decisions FILE" in text


def test_what_is_left_out_is_said_and_all_shows_it() -> None:
    found = report([near("a", "b")] * 13 + [near("a", f"c{number}") for number in range(60)])
    text = shown(found)
    assert "and 3 more; see --all or --format jsonl" in text
    assert "Shown: 59 of 73 findings, in 50 of 61 documents." in text
    everything = shown(found, everything=True)
    assert everything.count("nearly repeat") == 73
    assert "Shown" not in everything


def test_a_long_cluster_and_many_quarantined_records_are_cut() -> None:
    found = report(
        clusters=[Cluster("kept", tuple(f"copy-{number}" for number in range(317)))],
        quarantined=[Quarantined("x.csv", line, "csv-row", "too few fields") for line in range(2, 12)],
        counts=Counts(read=328, kept=1, dropped=317, quarantined=10, reasons={"exact": 317, "csv-row": 10}),
    )
    text = shown(found)
    assert text.count("  drop copy-") == 5
    assert "and 312 more" in text
    assert "x.csv:4: too few fields" in text
    assert "x.csv:5" not in text
    assert "and 7 more; see --decisions FILE" in text


def test_the_next_step_names_a_file_only_where_its_name_is_safe_to_type() -> None:
    def step(document: str | int) -> str:
        text = shown(single(Match(Relation.RESIDUE, Span(document, 0, 1, 1, 1), None), "x"))
        return next(line.strip() for line in text.splitlines() if line.startswith("  dedup clean")).split("  ")[0]

    assert step("page.txt") == "dedup clean page.txt"
    assert step("my page; rm -rf.txt") == "dedup clean 'my page; rm -rf.txt'"
    assert step("-page.txt") == "dedup clean FILE"
    assert step("x\x1b.txt") == "dedup clean FILE"
    assert step("https://example.org/page") == "dedup clean FILE"
    assert step(7) == "dedup clean FILE"
