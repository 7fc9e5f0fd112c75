"""Verbs that start something and stay: the console, the demo, a headless engine, a replay. They only turn words into
settings and options; tui/compose.py builds what runs, tui/run runs it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from core.domain.errors import ConfigError
from tui.cli.chosen import data_directory
from tui.cli.exits import guarded, say
from tui.cli.opening import logged, need_terminal, open_console


def add_to(app: typer.Typer) -> None:
    for verb in (console, demo, run, replay):
        app.command()(guarded(verb))


Slow = Annotated[bool, typer.Option("--slow", help="Draw less, for a slow line: 4 pictures a second, no flashes.")]


def console(context: typer.Context, slow: Slow = False) -> int:
    """Open the console (the same as `hoga` alone).

    Examples: hoga console --config ~/hoga.toml  |  hoga console --slow
    """
    return open_console(context.obj, demo=False, slow=slow)


def demo(
    context: typer.Context,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Look and ask like LIVE; nothing real is sent.")] = False,
    slow: Slow = False,
) -> int:
    """Open the console on play money.

    The market is embedded: nothing has to be configured, and nothing leaves this machine. With --rehearse every
    question of LIVE is asked, so that hands learn them before there is money in it.

    Examples: hoga demo  |  hoga demo --rehearse
    """
    return open_console(context.obj, demo=True, rehearse=rehearse, slow=slow)


def run(
    context: typer.Context,
    headless: Annotated[
        bool,
        typer.Option("--headless", help="No screen, logs only. This verb never has one; say it where it reads better."),
    ] = True,
    duration: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0.0, help="Stop by itself after this long.")
    ] = None,
) -> int:
    """Run the engine without a screen.

    It stays in the foreground until it is told to stop: SIGTERM and SIGINT stop it cleanly. Other terminals reach
    it with `hoga positions`, `hoga order`, `hoga panic`.

    Example: hoga run --headless --duration 3600
    """
    from tui.run.headless import run_headless

    del headless  # a word for unit files and readers: there is no other way to run
    settings = context.obj.settings()
    with logged(settings.log, to_stdout=True):
        return run_headless(settings, duration=duration, is_live=context.obj.live, is_demo=context.obj.demo)


def replay(
    context: typer.Context,
    tape: Annotated[str, typer.Argument(metavar="FILE|DATE", help="A tape, or the day of a recorded one.")],
    speed: Annotated[str, typer.Option(metavar="1x|60x|max", help="How fast tape time passes.")] = "1x",
    headless: Annotated[bool, typer.Option("--headless", help="No screen; a summary at the end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --headless: the summary as one JSON object.")] = False,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Write the journal's events here, as lines.")] = None,
    strategies: Annotated[bool, typer.Option(help="Run the configured strategies on the tape.")] = True,
    slow: Slow = False,
) -> int:
    """Play a recorded day again.

    It goes through the same engine and, without --headless, the same screen. Exit code 6 means that the tape is
    damaged; everything before the damage was played.

    Examples: hoga replay 2026-11-19 --speed 60x  |  hoga replay day.tape.gz --headless --speed max --json
    """
    from tui.run.replay import ReplayOptions, run_replay

    settings = context.obj.settings()
    if as_json and not headless:
        raise ConfigError("--json needs --headless: the screen and a JSON document cannot share standard output")
    if not headless:
        need_terminal("add --headless for a replay without a screen")
    path = Path(tape)
    if not path.exists():
        from storage.tape import find_tape

        path = Path(find_tape(data_directory(settings) / "tapes", tape))
        say(f"replaying {path}")
    if slow:
        settings = msgspec.structs.replace(settings, console=msgspec.structs.replace(settings.console, slow="on"))
    options = ReplayOptions(
        path=str(path), speed=read_speed(speed), headless=headless, as_json=as_json, out=out, strategies=strategies
    )
    with logged(settings.log):
        return run_replay(settings, options)


def read_speed(text: str) -> float:
    """`1x`, `60x`, `0.5` as a factor; `max` is 0. Raises ConfigError."""
    if text == "max":
        return 0.0
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 100_000:
        raise ConfigError(f"--speed {text[:20]!r} is none: give 1x, 60x, any factor up to 100000x, or max")
    return speed
