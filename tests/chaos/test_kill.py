"""The short form of `python -m tests.chaos kill`: real processes, killed for good."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.chaos import kill

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = f"""
import json
from tests.chaos import kill
made = kill.gather({kill.SHORT}, 3, lives=10, workers=2)
found = kill.gather(30, 3, defect="journal after the wire", lives=10, workers=2)
print(json.dumps([dict(made.counts), made.settled["orders sent"], made.problems, [kind for kind, _ in found.problems]]))
"""


def test_no_kill_loses_or_doubles_an_order_and_a_planted_defect_is_found() -> None:
    """In a process of its own: one that forks must not have the threads of the suite."""
    words = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    counts, sent, problems, planted = json.loads(done.stdout)
    assert problems == []
    assert counts["points"] >= kill.SHORT / 2 and counts["journals settled"] == counts["journals"]
    assert sent >= 3, "it was trading"
    assert "lost" in planted, "an order that is journalled after the wire is lost by a kill in between"
