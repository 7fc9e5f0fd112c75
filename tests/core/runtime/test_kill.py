"""kill -9 at any moment: nothing is sent twice, nothing sent is lost, and the next start finds what was journalled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
KILLS = int(os.environ.get("HOGA_KILLS", "24"))
SEED = int(os.environ.get("HOGA_SEED", "1"))


def test_nothing_is_sent_twice_and_nothing_sent_is_lost(tmp_path: Path) -> None:
    """More with HOGA_KILLS=1000; the seed is HOGA_SEED."""
    tmp_path.chmod(0o700)
    command = [sys.executable, "-m", "tests.core.runtime.kill_harness", str(tmp_path), str(KILLS), str(SEED)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60 + 10 * KILLS, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert report["problems"] == []
    counts = report["counts"]
    assert counts["kills"] == KILLS, "every life was ended by the signal"
    assert counts["sent"] > KILLS
    assert counts["fills"] > 0
