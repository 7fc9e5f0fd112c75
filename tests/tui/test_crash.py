"""A bug ends the program with the terminal given back, a report without local variables, and the journal whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from storage.journal import verify
from tests.terminal import Terminal

PLANT = """
import sys
from {module} import {name} as place
calls = []
real = place.{method}
def planted(self, *args, **kwargs):
    canary_in_a_local = "canary-" + "value"
    calls.append(1)
    if len(calls) > 3:
        raise ZeroDivisionError("planted")
    return real(self, *args, **kwargs)
place.{method} = planted
sys.argv = ["hoga", "demo"]
from tui.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("module", "name", "method"),
    [("core.runtime.runner", "Runner", "second"), ("tui.picture", "Picture", "take")],
    ids=["engine", "screen"],
)
def test_a_bug_is_reported_without_what_it_held(tmp_path: Path, module: str, name: str, method: str) -> None:
    code = PLANT.format(module=module, name=name, method=method)
    with Terminal([sys.executable, "-c", code], environment={"HOGA_HOME": str(tmp_path)}) as terminal:
        terminal.wait("PAPER")
        assert terminal.ended() == 70
        terminal.watch(0.2)
        raw = bytes(terminal.raw)
    assert raw.rfind(b"\x1b[?1049l") > raw.rfind(b"\x1b[?1049h"), "the terminal was not given back"
    assert b"this is a bug in hoga: ZeroDivisionError: planted" in raw
    (report,) = tmp_path.rglob("crash-*.txt")
    text = report.read_text()
    assert "planted" in text
    assert b"canary-value" not in raw
    assert "canary-value" not in text
    assert verify(tmp_path / "data" / "demo" / "journal.db").first_bad is None
