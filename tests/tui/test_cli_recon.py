"""Reconciliation and what only a person decides about it, from the command line, against a running engine."""

from __future__ import annotations

import pytest

from tests.tui.test_cli_engine import Hoga, engine, hoga, home  # noqa: F401 (fixtures)
from tui.cli import main
from tui.cli.exits import Exit


def test_an_account_that_agrees(hoga: Hoga, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    rows = hoga("reconcile")["rows"]
    assert [(row["kind"], row["is_ok"], row["text"]) for row in rows] == [("reading", True, "all was read")]
    assert hoga("reconcile", "no such account")["rows"] == []
    assert main(["reconcile"]) == 0
    assert "all was read" in capsys.readouterr().out


def test_nothing_to_acknowledge_or_to_settle_is_said(hoga: Hoga) -> None:  # noqa: F811
    assert "nothing of '005930'" in hoga("reconcile", "--ack", "005930", code=Exit.FAILED)["receipts"][0]["text"]
    assert "names 0 UNKNOWN" in hoga("settle", "abcd", "--not-placed", "--yes", code=Exit.FAILED)["text"]
    hoga("settle", "abcd", code=Exit.USAGE)
    hoga("settle", "abcd", "--not-placed", "--ref", "r1", code=Exit.USAGE)
