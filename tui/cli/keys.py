"""`hoga keys`: the keys as they are bound here, for people and for programs, and what a key press looks like."""

from __future__ import annotations

from typing import Annotated

import typer

from core.domain.errors import ConfigError
from tui.cli.exits import Exit, guarded
from tui.cli.reading import Json


def add_to(app: typer.Typer) -> None:
    app.command("keys")(guarded(keys))


def keys(
    context: typer.Context,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Those of a preset instead: hoga, vim, hts or plain.")
    ] = None,
    listen: Annotated[
        bool, typer.Option("--listen", help="Show what each key press looks like here; q twice leaves.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Which key does what.

    With the preset and the bindings of [keys]. With --listen: press a key and see its name, its bytes and its action.

    Example: hoga keys --preset hts
    """
    import difflib

    from core.config import Keys
    from tui.cli import table
    from tui.cli.opening import need_terminal
    from tui.keymap import key_labels
    from tui.presets import PRESETS
    from tui.remap import keymap

    if preset is not None and preset not in PRESETS:
        near = difflib.get_close_matches(preset, PRESETS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"there is no preset {preset!r}{hint}. There are: {', '.join(PRESETS)}")
    bound = keymap(Keys(preset=preset) if preset is not None else context.obj.settings().keys)  # type: ignore[arg-type]
    if listen:
        from tui.listen import listen as hear

        need_terminal("`hoga keys` without --listen prints the table")
        return hear(bound)
    if as_json:
        table.emit(
            [
                {
                    "id": action.id,
                    "keys": action.keys,
                    "context": action.context,
                    "panes": action.panes,
                    "sends": action.sends,
                    "help": action.help,
                }
                for action in bound.actions
            ]
        )
        return Exit.OK
    rows = [
        ("  ".join(key_labels(a)) or "-", "" if a.context == "rest" else a.context, " ".join(a.panes), a.id, a.help)
        for a in bound.actions
    ]
    table.show(("KEY", "WHERE", "PANES", "ACTION", "WHAT IT DOES"), rows, empty="no keys")
    return Exit.OK
