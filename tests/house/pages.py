"""The pages of docs/ that are made from the program: keys, command line, settings. `python -m tests.house.pages` (or
`make docs`) writes them; a test compares, so a page never says what the program does not do.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import typer.main

from core.config import Keys, Settings
from tests.house.risk_page import risk_page
from tests.house.sources import ROOT
from tests.tui.test_key_rules import RULES
from tui.actions import ACTIONS, Action
from tui.cli.app import app
from tui.cli.files import every_setting
from tui.keymap import key_labels
from tui.presets import PRESETS
from tui.remap import effective

DOCS = ROOT / "docs"
NOTE = "<!-- Made by `make docs`; edit the program, not this page. -->\n"
CONTEXTS = {
    "Trade": "Trading",
    "Ladder": "In the ladder",
    "Move": "Moving about",
    "Chart": "On the chart",
    "Rows": "Rows of a pane",
    "Lists": "Watchlists",
    "Work": "Everything else",
    "ticket": "In the ticket",
    "confirm": "In a question",
    "review": "In the review of a live order",
    "panic": "In the panic menu",
    "settle": "When an UNKNOWN order is settled",
    "strategy": "In the strategy menu",
    "params": "In the parameters of a strategy",
    "command": "On the command line",
    "find": "In the search",
    "filter": "In the filter",
    "export": "In the name of an export",
    "palette": "In the palette",
    "jump": "In jump mode",
    "page": "On a page",
    "add": "When an instrument is added",
    "lists": "In the menu of watchlists",
    "seek": "When the log is searched",
    "alert": "In the form of an alert",
    "alerts": "In the list of alerts",
    "details": "In the details",
    "help": "In the help",
}


# --- keys ------------------------------------------------------------------------------------------------------------


def keys_page() -> str:
    """docs/keys.md, from the registry the console itself reads."""
    parts = [
        "# Keys\n",
        NOTE,
        "Nothing reaches a broker without Enter. A pasted text never sends an order; keys typed in Hangul mean the",
        "Latin key in the same place (ㅠ is b). `?` in the console shows the keys that work where you are, Ctrl+P",
        "finds any of them by a few letters; `:do ACTION` does one by its id. `hoga keys` lists the ids, and",
        "`hoga keys --listen` shows which keys your terminal sends. Two keys written together, as `gq`, are pressed",
        "one after the other.",
    ]
    ordered = sorted(ACTIONS, key=lambda action: list(CONTEXTS).index(action.group))
    for group, actions in groupby(ordered, key=lambda action: action.group):
        parts += [f"\n## {CONTEXTS[group]}\n", "| key | what it does |", "|---|---|"]
        parts += [f"| {_keys(action)} | {_cell(action.help)} |" for action in actions]
    return "\n".join([*parts, *_presets(), *_rules()]) + "\n"


def _presets() -> Iterator[str]:
    yield "\n## Keys of your own\n"
    yield "The settings file binds keys to actions by their ids, instead of those they have. It is checked at start;"
    yield "`hoga config check` names file, line and key of what cannot be bound. Keys of the forms are fixed.\n"
    yield '```toml\n[keys]\npreset = "hts"\n\n[keys.bind]\n"trade.buy" = ["b", "f2"]\n"move.first" = "g g"\n```\n'
    yield "| preset | what it is |\n|---|---|"
    yield from (f"| {name} | {_cell(preset.text)} |" for name, preset in PRESETS.items())
    changed = sorted({id for preset in PRESETS.values() for id in (*preset.more, *preset.instead)})
    yield f"\n| action | {' | '.join(PRESETS)} |\n|---|{'---|' * len(PRESETS)}"
    maps = [{action.id: action for action in effective(Keys(preset=name))} for name in PRESETS]  # type: ignore[arg-type]
    for id in changed:
        yield f"| {id} | {' | '.join(_keys(actions[id]) for actions in maps)} |"


def _rules() -> Iterator[str]:
    """The rules of the keyboard, and the tests that prove each."""
    tree = ast.parse((ROOT / "tests/tui/test_key_rules.py").read_text("utf-8"))
    names = [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    yield "\n## Rules of the keyboard\n"
    yield "Each is proved by tests in `tests/tui/test_key_rules.py`.\n"
    yield "| rule | proved by |\n|---|---|"
    for number, text in RULES.items():
        start = f"test_{number}_"
        proofs = [name.removeprefix(start).replace("_", " ") for name in names if name.startswith(start)]
        yield f"| {_cell(text)} | {'; '.join(proofs)} |"


def _keys(action: Action) -> str:
    shown = key_labels(action)
    return " ".join(f"`` {key} ``" if "`" in key else f"`{_cell(key)}`" for key in shown)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# --- command line ----------------------------------------------------------------------------------------------------


def verbs() -> Iterator[tuple[str, Any]]:
    """(name, command) of every verb, those of a group as `group verb`."""
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {sub}", part) for sub, part in inner.items())


def cli_page() -> str:
    """docs/cli.md: the written head (docs/cli-head.md) and every verb's own help."""
    parts = [(DOCS / "cli-head.md").read_text("utf-8").rstrip("\n"), "\n" + NOTE, "## Verbs"]
    for name, command in verbs():
        paragraphs = [" ".join(part.split()) for part in inspect.cleandoc(command.help or "").split("\n\n")]
        usage = " ".join(["hoga", name, *_arguments(command)])
        parts += [f"\n### {name}\n", f"`{usage}`\n"]
        parts += ["\n\n".join(_example(text) for text in paragraphs)]
        options = [_option(param) for param in command.params if _is_shown(param)]
        if options:
            parts += ["\n| | |\n|---|---|", *options]
    return "\n".join(parts) + "\n"


def _arguments(command: Any) -> list[str]:
    shown = [param.metavar or param.name.upper() for param in command.params if param.param_type_name == "argument"]
    return [*(["[OPTIONS]"] if len(shown) < len(command.params) else []), *shown]


def _is_shown(param: Any) -> bool:
    return not getattr(param, "hidden", False) and "--help" not in param.opts


def _option(param: Any) -> str:
    if param.param_type_name == "argument":
        name = param.metavar or param.name.upper()
    else:
        name = " ".join([*param.opts, *([param.metavar] if param.metavar and not param.is_flag else [])])
        if param.secondary_opts:
            name += f" / {param.secondary_opts[0]}"
    has_default = param.param_type_name == "option" and not param.is_flag and param.default not in (None, "")
    default = f" Default: {param.default}." if has_default else ""
    return f"| `{_cell(name)}` | {_cell((param.help or '').strip())}{default} |"


def _example(text: str) -> str:
    word, colon, rest = text.partition(": ")
    if not colon or word not in ("Example", "Examples"):
        return text
    return "```\n" + "\n".join(part.strip() for part in rest.split(" | ")) + "\n```"


# --- settings --------------------------------------------------------------------------------------------------------


def configuration_page() -> str:
    """docs/configuration.md: the written head and the file with every setting, as the program prints it."""
    head = (DOCS / "configuration-head.md").read_text("utf-8").rstrip("\n")
    return (
        f"{head}\n\n{NOTE}\n## Every setting with its default\n\n```toml\n{every_setting(Settings()).rstrip()}\n```\n"
    )


PAGES: dict[str, Callable[[], str]] = {
    "keys.md": keys_page,
    "cli.md": cli_page,
    "configuration.md": configuration_page,
    "risk.md": lambda: risk_page(NOTE),
}


def main() -> int:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
