"""The group of commands, and how every run of it ends: its exit code and its last message."""

import contextlib
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from dedup import __version__
from dedup.cli.messages import complain, losses_told
from dedup.errors import DedupError

DONE, FOUND, WRONG, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141
"""Exit codes; the last two are what shells say of an end by SIGINT or SIGPIPE."""


COMMANDS = {
    "calibrate": "calibrate",
    "clean": "clean",
    "completion": "completion",
    "evaluate": "evaluate",
    "filter": "filter_command",
    "index": "index",
    "pairs": "pairs",
    "scan": "scan",
}
"""The commands: each in the module of its name, as this function."""


class Commands(click.Group):
    """A group that imports a command once it is asked for, and proposes what a mistyped one may have meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"dedup.cli.{cmd_name}")
        command: click.Command = getattr(module, COMMANDS[cmd_name])
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command named by the first argument, or say which ones are near to it."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, self.list_commands(ctx), n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "dedup --help lists the commands"
            raise click.UsageError(f"there is no command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments, of which `--help` and `--version` write at once."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError:
            raise _reader_gone() from None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a reader that goes away ends it without a word, as it ends other programs."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _reader_gone() from None


@click.group(
    cls=Commands,
    name="dedup",
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  dedup scan crawl/                           what is repeated, where, and why
  dedup pairs crawl.jsonl -o pairs.jsonl      every verified pair
  dedup filter day.jsonl new.jsonl --index seen.dedup   only what was not seen before
  dedup clean page.txt > clean.txt            a page without its own copies
  dedup evaluate truth.tsv pairs.jsonl        precision and recall

Exit codes: 0 done, 1 found more than --fail-on allows, 2 usage, configuration or input error.""",
)
@click.version_option(__version__, prog_name="dedup")
@click.pass_context
def commands(ctx: click.Context) -> int:
    """Find what is repeated in a collection of text.

    Copies and near copies of documents and of passages, documents within others, boilerplate, and prompts
    left in a page. Every pair reported is verified on the text itself, and shown with its evidence.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        return WRONG
    return DONE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line on the arguments, by default the process's own, and return the exit code.

    An error made on purpose, or by the system, becomes one line on standard error; an unexpected one is raised as it
    is.
    """
    try:
        with losses_told():
            result = commands.main(arguments, prog_name="dedup", standalone_mode=False)
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help'.", err=True)
        complain(" ".join(error.format_message().split()))
        return WRONG
    except DedupError as error:
        complain(str(error))
        return error.exit_code
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}" if error.filename else f"the system says: {error}")
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    return result if isinstance(result, int) else DONE


def run() -> NoReturn:
    """The program: `main`, and the end of the process at once.

    The interpreter would give back the memory of a corpus object by object, which takes longer than to write the
    report.
    """
    # Records come and go by the hundred thousand and form no cycles: garbage is collected seldom.
    gc.set_threshold(100_000, 50, 100)
    # The threads that BLAS keeps for NumPy have nothing to do here, and wait for that with a core each at the start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _mend_standard_streams()
    code = main()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = BROKEN_PIPE
    except OSError as error:
        if code in (DONE, FOUND):
            complain(f"standard output: cannot be written: {error.strerror}")
        code = WRONG
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    os._exit(code)


def _mend_standard_streams() -> None:
    """Make standard output and error what the commands take them for.

    Where the caller closed one, Python has None. Of standard output this is an error as soon as something is to be
    written; messages are for nobody then. With PYTHONUNBUFFERED a write may write a part of what it is given, and only
    its result would tell.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    if sys.stdout is None:
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: SIM115
    elif isinstance(sys.stdout.buffer, io.RawIOBase):
        buffered = io.BufferedWriter(sys.stdout.buffer)
        sys.stdout = io.TextIOWrapper(buffered, sys.stdout.encoding, sys.stdout.errors, line_buffering=True)


def _reader_gone() -> click.exceptions.Exit:
    """The end of a run whose reader went away. Click would make it exit code 1, which is for --fail-on."""
    _discard_stdout()
    return click.exceptions.Exit(BROKEN_PIPE)


def _discard_stdout() -> None:
    """Lead standard output to nowhere, or the interpreter would complain of it once more as it ends."""
    with contextlib.suppress(OSError, ValueError):
        stdout = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stdout)
        os.close(nowhere)
