"""Verbs about our own files, which need no engine: the settings and the journal. They read; nothing here writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.chosen import Chosen, check_keys
from tui.cli.exits import Exit, guarded
from tui.cli.reading import Json

if TYPE_CHECKING:
    from core.config import Settings


config = typer.Typer(name="config", help="The settings: show, find, check them.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(config)


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
