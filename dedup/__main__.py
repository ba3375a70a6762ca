"""`python -m dedup` is the command `dedup`."""

from dedup.cli import run

if __name__ == "__main__":
    run()
