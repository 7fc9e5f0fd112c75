"""The typer application: the options that stand for all verbs, and the list of verb groups. Importing it imports typer
and this package's small modules, nothing of the engine and nothing of the screen.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from core.version import VERSION
from tui.cli import (
    bars,
    control,
    decode,
    doctor,
    engine,
    files,
    journal,
    keeping,
    keys,
    reading,
    recon,
    risk,
    secrets,
    start,
)
from tui.cli.chosen import Chosen
from tui.cli.exits import Exit, guarded
from tui.cli.opening import open_console

app = typer.Typer(
    name="hoga",
    help="hoga 호가: a terminal trading console. Without a verb the console opens on the paper account.",
    epilog="Examples:  hoga demo  |  hoga order 'b 10 005930 @70800'  |  hoga positions --json  |  hoga panic",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    start,
    engine,
    reading,
    control,
    risk,
    keeping,
    recon,
    files,
    journal,
    secrets,
    keys,
    decode,
    bars,
    doctor,
):
    group.add_to(app)


Config = Annotated[str | None, typer.Option(metavar="FILE", help="Settings file instead of the default one.")]
Feed = Annotated[
    str, typer.Option(metavar="NAME", help="Whose quotes the paper account gets: paper (the embedded market) or upbit.")
]
Demo = Annotated[bool, typer.Option("--demo", help="Act on the demo's data, beside which nothing is real.")]
Live = Annotated[bool, typer.Option("--live", help="Start for real money; the settings must say so too.")]


@app.callback(invoke_without_command=True)
def globals_(
    context: typer.Context, config: Config = None, feed: Feed = "", demo: Demo = False, live: Live = False
) -> None:
    context.obj = Chosen(config=config, live=live, demo=demo, feed=feed)
    if context.invoked_subcommand is None:
        guarded(open_console)(context.obj, demo=False)


@app.command()
def version() -> None:
    """Print hoga's version."""
    typer.echo(f"hoga {VERSION}")


def run(words: Sequence[str]) -> int:
    """Parse and run; returns the exit code."""
    try:
        app(args=list(words), prog_name="hoga")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return Exit.READER_GONE
    return Exit.OK
