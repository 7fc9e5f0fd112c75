"""The manual says what the program does: generated pages are current, every verb and key is described."""

from __future__ import annotations

import os
import re
import stat
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.paper.catalogue import LISTINGS
from core.domain.account import Mode
from core.domain.ids import account_id
from core.strategies.catalog import KINDS, params
from core.trading.line import LineContext, Touch
from core.trading.orderline import parse
from core.trading.search import SymbolIndex
from storage.settings import load
from tests.house.pages import DOCS, PAGES, verbs
from tests.house.sources import ROOT
from tui.actions import ACTIONS
from tui.cli.exits import Exit


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), f"docs/{name} is old: run `make docs`"


def test_every_verb_has_help_an_example_and_a_place_in_the_manual() -> None:
    page = (DOCS / "cli.md").read_text("utf-8")
    for name, command in verbs():
        assert command.help, name
        assert "Example" in command.help or name == "version", f"{name} shows no example"
        assert f"\n### {name}\n" in page
        for param in command.params:
            assert getattr(param, "help", None), f"{name}: {param.name} is not explained"


def test_the_verbs_that_read_all_speak_json() -> None:
    reading = {"quotes", "positions", "orders", "fills", "pnl", "strategies", "log", "status", "doctor"}
    for name, command in verbs():
        if name in reading | {"order", "cancel", "panic", "replay"}:
            assert any("--json" in param.opts for param in command.params), name


def test_every_exit_code_is_in_the_manual() -> None:
    rows = re.findall(r"^\| (\d+) \|", (DOCS / "cli.md").read_text("utf-8"), re.M)
    assert {int(code) for code in rows} == {int(code) for code in Exit}


def test_every_key_is_explained() -> None:
    assert all(action.help for action in ACTIONS)


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "index.md").read_text("utf-8")
    pages = [path.name for path in DOCS.glob("*.md") if path.stem != "index" and not path.stem.endswith("-head")]
    assert all(f"]({name})" in index for name in pages)


def test_the_verbs_in_the_manual_exist() -> None:
    known = {name.split()[0] for name, _ in verbs()}
    pages = [ROOT / "README.md", *DOCS.glob("*.md")]
    for page in pages:
        for verb in re.findall(r"`hoga (?:--demo )?([a-z]+)", page.read_text("utf-8")):
            assert verb in known, f"{page.name}: hoga {verb}"


def test_shipped_strategies_say_what_they_do() -> None:
    assert all(strategy.Params() is not None for strategy in KINDS.values())


def test_the_ci_script_can_be_run() -> None:
    assert os.stat(ROOT / ".ci/run").st_mode & stat.S_IXUSR
    assert "make test" in (ROOT / ".ci/run").read_text("utf-8")


def test_the_unit_does_not_restart_what_only_a_person_mends() -> None:
    unit = (DOCS / "hoga.service").read_text("utf-8")
    codes = re.search(r"^RestartPreventExitStatus=(.+)$", unit, re.M)
    assert codes is not None
    assert codes[1].split() == [str(int(code)) for code in (Exit.USAGE, Exit.IN_USE, Exit.BROKEN)]
    assert "ExecStart=%h/.local/bin/hoga run\n" in unit


def test_the_settings_in_the_readme_can_be_read(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert block is not None
    file = tmp_path / "hoga.toml"
    file.write_text(block[1], encoding="utf-8")
    settings = load(file, {}).settings
    assert settings.console.language == "ko"
    trend = settings.strategies["trend"]
    assert params(trend.kind, trend.params).fast == 10


def test_the_order_lines_in_the_manual_can_be_read() -> None:
    """Every `hoga order '...'` and order line shown is of the grammar."""
    shown = set()
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        shown |= set(re.findall(r"hoga (?:--demo )?order '([^']+)'", page.read_text("utf-8")))
    assert len(shown) >= 4
    listed = {listing.instrument.id: listing.instrument for listing in LISTINGS}
    context = LineContext(
        find=SymbolIndex(listed.values()).resolve,
        accounts=(account_id("paper", "main"),),
        quote=lambda id: Touch(bid=70_900.0, ask=71_000.0, last=71_000.0),
        position=lambda account, id: Decimal(5),
        buying_power=lambda account, currency: Decimal(10**9),
        mode=Mode.PAPER,
    )
    for line in shown:
        assert parse(line, context) is not None, line
