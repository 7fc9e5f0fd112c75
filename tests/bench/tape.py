"""Tapes through the whole program, headless, as `hoga replay` runs them: nothing dropped, memory that does not grow
with the tape, the same bytes out. Uses the largest recorded tape beside the checkout where there is one, else one
written here with the project's own recorder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

from core.domain.ids import InstrumentId
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import Aggressor, Quote, Trade
from storage.recorder import TapeRecorder
from tests.bench.rows import Row, compared
from tests.terminal import ROOT

RECORDED = ROOT.parent / "shared" / "data"
START = 1_763_600_000_000_000_000
CODE = InstrumentId("UPBIT:KRW-BTC")


def write(folder: Path, events: int) -> Path:
    """A tape of a random walk, three quotes to a trade, 100 events a second."""
    listed = Instrument(id=CODE, name="BTC", kind=Kind.CRYPTO, currency=Currency("KRW"), ticks=fixed_tick("1000"))
    recorder = TapeRecorder(folder, instruments=lambda _: listed)
    chance, price = Random(4), 142_000_000.0
    for n in range(events):
        ts = START + n * 10_000_000
        price += chance.choice((-1000.0, 0.0, 0.0, 1000.0))
        if n % 4:
            recorder.record(Quote(CODE, price, 0.5, price + 1000, 0.7, ts, ts))
        else:
            recorder.record(Trade(CODE, price, 0.01, Aggressor.BUY, ts, ts))
        if n % 5000 == 0:
            recorder.flush()
    recorder.close()
    (path,) = folder.glob("*.tape.gz")
    return path


def replay(path: Path) -> dict[str, float]:
    command = [sys.executable, "-c", "from tui.cli import main; main()", "replay", str(path)]
    command += ["--headless", "--speed", "max", "--json"]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"HOGA_HOME": home}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        short, long = replay(write(Path(one), 40_000)), replay(write(Path(two), 160_000))
    recorded = (
        sorted(RECORDED.glob("[qt]*/*.csv.gz"), key=lambda path: path.stat().st_size) if RECORDED.exists() else []
    )
    largest = max((replay(path) | {"path": path.name} for path in recorded), key=lambda r: r["events"], default=None)
    whole = largest or long
    again = replay(next(p for p in recorded if p.name == largest["path"])) if largest else None
    found = [
        compared(
            "tape: memory, 160,000 events against 40,000", long["rss_mb"], "MB", "short", short["rss_mb"], at_most=1.1
        ),
        Row(
            name=f"tape: events a second, {whole['events']:,} events", value=whole["events_per_second"], unit="events/s"
        ),
        Row(
            name="tape: events dropped",
            value=whole["dropped"],
            unit="events",
            target="0",
            met=whole["dropped"] == 0 and whole["events"] == whole["quotes"] + whole["trades"] + whole["books"],
        ),
        Row(name="tape: memory of the largest", value=whole["rss_mb"], unit="MB"),
    ]
    if again is not None:
        same = again["digest"] == whole["digest"]
        found.append(Row(name="tape: two runs, one digest", value=float(same), unit="-", target="1", met=same))
    return found
