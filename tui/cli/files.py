"""Verbs about our own files, which need no engine: the settings and the journal. They read; nothing here writes."""

from __future__ import annotations

import os
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.domain.errors import StorageError
from tui.cli.chosen import JOURNAL, Chosen, check_keys, data_directory
from tui.cli.exits import Exit, guarded
from tui.cli.reading import Json

if TYPE_CHECKING:
    from core.config import Settings


config = typer.Typer(name="config", help="The settings: show, find, check them.", no_args_is_help=True)
journal = typer.Typer(
    name="journal", help="The order journal: verify its chain, show its events.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    app.add_typer(config)
    app.add_typer(journal)


@config.command("show")
@guarded
def config_show(
    context: typer.Context,
    default: Annotated[bool, typer.Option("--default", help="Every setting with its meaning and default.")] = False,
    as_json: Json = False,
) -> int:
    """Show the settings in force.

    With --default: a whole commented file to start from.

    Example: hoga config show --default > hoga.toml
    """
    from core.config import Settings
    from tui.cli import table

    settings = Settings() if default else context.obj.settings()
    if as_json:
        table.emit(settings)
    else:
        print(every_setting(settings), end="")
    return Exit.OK


def every_setting(settings: Settings) -> str:
    """The settings as a commented TOML file, the brokers' own tables included."""
    from brokers import registry
    from storage.settings_text import render

    return render(settings, {f"brokers.{name}": registry.load(name).settings for name in registry.names()})


@config.command("path")
@guarded
def config_path(context: typer.Context) -> int:
    """Say where the settings file is.

    Example: $EDITOR "$(hoga config path)"
    """
    from storage.places import config_path as default_path

    print(context.obj.config or default_path())
    return Exit.OK


@config.command("check")
@guarded
def config_check(context: typer.Context) -> int:
    """Read the settings strictly.

    Says what is wrong and where; exit code 2 if anything is.

    Example: hoga --config hoga.toml config check
    """
    from brokers import registry
    from storage.settings import convert_section, load

    chosen: Chosen = context.obj
    loaded = load(Path(chosen.config) if chosen.config is not None else None, os.environ)
    check_keys(loaded)
    for name, section in loaded.settings.brokers.items():
        convert_section(registry.load(name).settings, section, f"brokers.{name}")
    print(f"{loaded.path or 'no settings file: defaults'}: ok")
    return Exit.OK


@journal.command("verify")
@guarded
def journal_verify(context: typer.Context, as_json: Json = False) -> int:
    """Walk the journal's hash chain.

    From the first event to the last; exit code 4 if it does not hold.

    Example: hoga journal verify
    """
    from storage.journal import verify
    from tui.cli import table

    found = verify(_journal(context.obj))
    if as_json:
        table.emit(found)
    else:
        print(found.text)
    return Exit.OK if found.first_bad is None else Exit.BROKEN


@journal.command("show")
@guarded
def journal_show(
    context: typer.Context,
    since: Annotated[int, typer.Option("--from", metavar="SEQ", min=1, help="First sequence number.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most this many events.")] = 1000,
    as_json: Json = False,
) -> int:
    """Print the journal's events.

    One JSON object a line, oldest first; with --json one list of them.

    Example: hoga journal show --from 120 --limit 20
    """
    import msgspec

    from storage.journal import Journal

    opened = Journal.open(_journal(context.obj), boot_id="show", read_only=True)
    asked = ({"seq": sequence, "event": event} for sequence, event in opened.replay() if sequence >= since)
    encoder, shown = msgspec.json.Encoder(), islice(asked, limit)
    if as_json:
        print(encoder.encode(list(shown)).decode())
        return Exit.OK
    row = None
    for row in shown:
        print(encoder.encode(row).decode())
    if row is None:
        print(f"no events from {since} on", file=sys.stderr)
    return Exit.OK


def _journal(chosen: Chosen) -> Path:
    path = data_directory(chosen.settings()) / JOURNAL
    if not path.exists():
        raise StorageError(f"there is no journal at {path} yet: it is made when an engine first starts")
    return path
