"""`dedup completion`: the script that lets a shell complete the commands and options."""

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

_SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}

_EXAMPLES = """\b
Examples:
  dedup completion bash >> ~/.bashrc
  dedup completion zsh >> ~/.zshrc
  dedup completion fish > ~/.config/fish/completions/dedup.fish
"""


@click.command(epilog=_EXAMPLES, short_help="Print a shell's completion script.")
@click.argument("shell", type=click.Choice(tuple(_SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print the script that completes commands and options in a shell."""
    script = _SHELLS[shell](ctx.find_root().command, {}, "dedup", "_DEDUP_COMPLETE")
    # The template alone, because `source()` would run the shell to ask for its version.
    click.echo(script.source_template % script.source_vars())
    return 0
