"""The command `dedup`: one file a command, the options they share in one, and click nowhere else."""

from dedup.cli.entry import main, run

__all__ = ["main", "run"]
