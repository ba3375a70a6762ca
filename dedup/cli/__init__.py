"""The command `dedup`: one file a command, the options they share in one, and click nowhere else."""

try:
    from dedup.cli.entry import main, run
except KeyboardInterrupt:
    # Ctrl-C while the program is still being loaded, which would end in a traceback.
    raise SystemExit(130) from None

__all__ = ["main", "run"]
