"""Watchlists, alerts, notes, details and the system's figures from the command line, against a running engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.test_cli_engine import Hoga, engine, hoga, home  # noqa: F401 (fixtures)
from tui.cli import main
from tui.cli.exits import Exit


def test_watchlists_are_made_filled_moved_out_and_put_back(hoga: Hoga, tmp_path: Path) -> None:  # noqa: F811
    assert [row["name"] for row in hoga("watch", "list")["watchlists"]] == ["main"]
    receipts = hoga("watch", "add", "swing", "005930", "AAPL")["receipts"]
    assert all(receipt["is_ok"] for receipt in receipts)
    assert hoga("watch", "list", "swing")["watchlists"][0]["instruments"] == ["XKRX:005930", "XNAS:AAPL"]
    assert {row["code"] for row in hoga("quotes", "--list", "swing")["rows"]} == {"005930", "AAPL"}
    assert [row["code"] for row in hoga("quotes", "KRW-BTC")["rows"]] == ["KRW-BTC"]
    hoga("watch", "rm", "swing", "AAPL")
    exported = hoga("watch", "export", "swing")["watchlists"][0]["instruments"]
    assert exported == ["XKRX:005930"]
    text = tmp_path / "list.txt"
    text.write_text("AAPL  # an apple\n\nKRW-BTC\n005930\n", encoding="utf-8")
    hoga("watch", "import", "swing", str(text))
    assert hoga("watch", "list", "swing")["watchlists"][0]["instruments"] == [
        "XNAS:AAPL",
        "UPBIT:KRW-BTC",
        "XKRX:005930",
    ]
    text.write_text("AAPL\nno such thing\n", encoding="utf-8")
    hoga("watch", "import", "swing", str(text), code=Exit.USAGE)
    assert len(hoga("watch", "list", "swing")["watchlists"][0]["instruments"]) == 3
    assert not hoga("watch", "add", "swing", "AAPL", code=Exit.FAILED)["receipts"][-1]["is_ok"]
    hoga("watch", "reset")
    assert [row["name"] for row in hoga("watch", "list")["watchlists"]] == ["main"]


def test_alerts_are_set_listed_and_cleared(hoga: Hoga) -> None:  # noqa: F811
    receipt = hoga("alert", "set", "005930 >9,000,000 far away")["receipts"][0]
    assert receipt["is_ok"]
    id = receipt["text"].split()[0]
    rows = {row["key"]: row for row in hoga("alert", "list")["alerts"]}
    assert rows[id]["price"] == "9000000" and rows[id]["note"] == "far away" and rows[id]["above"]
    hoga("alert", "rm", id)
    assert id not in {row["key"] for row in hoga("alert", "list")["alerts"]}
    hoga("alert", "rm", id, code=Exit.FAILED)


def test_notes_are_written_and_stand_in_the_details(hoga: Hoga) -> None:  # noqa: F811
    hoga("note", "005930", "earnings", "on", "Thursday")
    story = hoga("details", "XKRX:005930")
    assert story["note"] == "earnings on Thursday" and story["instrument"]["name_ko"] == "삼성전자"
    hoga("note", "005930")
    assert hoga("details", "XKRX:005930")["note"] == ""


def test_the_programs_own_figures(hoga: Hoga, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    row = hoga("system")
    assert row["journal"]["sequence"] > 0 and row["feeds"][0]["broker"] == "paper"
    assert main(["system"]) == 0
    shown = capsys.readouterr().out
    assert "wire to answer" in shown and "trading state" in shown
