"""The screen's targets, in a real pseudo-terminal of 50 x 130: bytes and CPU of a flush, keys under load, and idling.
References are measured in the same run: cursor addressing without a framework, Textual's DataTable, and a bare loop.
CPU is that of the whole process, feed included, over the flushes of the window; rounds are interleaved.
"""

from __future__ import annotations

import statistics

from tests.bench.rows import Row, compared, percentile
from tests.bench.screen_pty import Measured, measure

ROUNDS = 3
Runs = dict[str, list[Measured]]


def rows() -> list[Row]:
    loads = _interleaved(
        {
            "ours": {"kind": "ours", "rate": 1000},
            "ansi": {"kind": "ansi", "rate": 1000},
            "table": {"kind": "table", "rate": 1000},
            "busy": {"kind": "ours", "rate": 10_000},
            "long": {"kind": "ours", "rate": 1000, "rows": 500},
        },
        ROUNDS,
        seconds=3,
    )
    singles = _interleaved({kind: {"kind": kind, "rate": 5} for kind in ("ours", "ansi", "table")}, 1, seconds=3)
    keys = _interleaved(
        {
            "calm": {"kind": "ours"},
            "usual": {"kind": "ours", "rate": 1000},
            "busy": {"kind": "ours", "rate": 10_000},
            "table": {"kind": "table", "rate": 10_000},
        },
        2,
        seconds=6,
        keys=True,
    )
    idle = _interleaved({"ours": {"kind": "ours"}, "bare": {"kind": "bare"}}, 2, seconds=4)
    return [*_bytes(loads, singles), *_cpu(loads), *_keys(keys), *_idle(idle)]


def _interleaved(cases: dict[str, dict[str, object]], rounds: int, **common: object) -> Runs:
    runs: Runs = {name: [] for name in cases}
    names = list(cases)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            runs[name].append(measure(**cases[name], **common))  # type: ignore[arg-type]
    return runs


def _median(runs: list[Measured], figure: str) -> float:
    """Median over the runs of `update` (bytes per price moved), `flush` (ms CPU), `rate` (flushes/s), `cpu` (%)."""
    values = {
        "update": [run.bytes / max(run.updates, 1) for run in runs],
        "flush": [run.cpu / max(run.flushes, 1) * 1000 for run in runs],
        "rate": [run.flushes / run.wall for run in runs],
        "cpu": [run.cpu / run.wall * 100 for run in runs],
    }
    return statistics.median(values[figure])


def _bytes(loads: Runs, singles: Runs) -> list[Row]:
    ours, ansi = _median(loads["ours"], "update"), _median(loads["ansi"], "update")
    one, one_table = _median(singles["ours"], "update"), _median(singles["table"], "update")
    return [
        compared("screen: bytes per changed cell, 1,000/s", ours, "B", f"ansi {ansi:.1f} B", ansi, at_most=2.0),
        Row(
            name="screen: bytes of a one-cell frame",
            value=one,
            unit="B",
            reference=f"ansi {_median(singles['ansi'], 'update'):.0f} B",
            target="<= 100 B",
            met=one <= 100,
        ),
        compared("screen: one-cell frame of a DataTable", one_table, "B", "ours", one, at_least=300),
    ]


def _cpu(loads: Runs) -> list[Row]:
    ours, ansi, table = (_median(loads[name], "flush") for name in ("ours", "ansi", "table"))
    busy, long = _median(loads["busy"], "flush"), _median(loads["long"], "flush")
    held = min(_median(loads[name], "rate") for name in ("ours", "busy", "long"))
    return [
        compared("screen: CPU per flush, 1,000/s", ours, "ms", f"DataTable {table:.1f} ms", table, at_most=0.1),
        compared("screen: CPU per flush, 1,000/s", ours, "ms", f"ansi {ansi:.2f} ms", ansi, at_most=7),
        compared("screen: CPU per flush, 10,000/s", busy, "ms", "ours at 1,000/s", ours, at_most=1.5),
        compared("screen: CPU per flush, 500 rows", long, "ms", "ours with 50 rows", ours, at_most=1.0),
        Row(
            name="screen: flushes per second held",
            value=held,
            unit="1/s",
            reference=f"DataTable {_median(loads['table'], 'rate'):.1f}",
            target=">= 19.5",
            met=held >= 19.5,
        ),
    ]


def _keys(runs: Runs) -> list[Row]:
    seconds = {name: [key for run in found for key in run.keys] for name, found in runs.items()}
    tail = {name: percentile(found, 0.95) * 1000 for name, found in seconds.items()}
    last = {name: percentile(found, 0.99) * 1000 for name, found in seconds.items()}
    middle = {name: statistics.median(found) * 1000 for name, found in seconds.items()}
    calm = f"no load {tail['calm']:.1f} ms"
    theirs = f"DataTable {tail['table']:.0f} ms"
    plain = [
        Row(name=f"screen: key to echo {figure}, no load", value=found["calm"], unit="ms")
        for figure, found in (("p50", middle), ("p95", tail), ("p99", last))
    ]
    usual = [
        compared(f"screen: key to echo {figure}, 1,000/s", found["usual"], "ms", f"no load {base:.1f} ms", base)
        for figure, found in (("p50", middle), ("p95", tail), ("p99", last))
        for base in (found["calm"],)
    ]
    return [
        *plain,
        *usual,
        compared(
            "screen: key to echo p99, 10,000/s", last["busy"], "ms", f"no load {last['calm']:.1f} ms", last["calm"]
        ),
        compared("screen: key to echo p95, 10,000/s", tail["busy"], "ms", calm, tail["calm"], at_most=8),
        compared("screen: key to echo p95, 10,000/s", tail["busy"], "ms", theirs, tail["table"], at_most=1 / 8),
        compared(
            "screen: key to echo p50, 10,000/s",
            middle["busy"],
            "ms",
            f"no load {middle['calm']:.1f} ms",
            middle["calm"],
            at_most=2,
        ),
    ]


def _idle(runs: Runs) -> list[Row]:
    written = sum(run.bytes for run in runs["ours"])
    ours, bare = _median(runs["ours"], "cpu"), _median(runs["bare"], "cpu")
    return [
        Row(name="screen: bytes while idle", value=written, unit="B", target="0 B", met=written == 0),
        compared("screen: CPU while idle", ours, "%", "bare loop, 20 Hz timer", bare, at_most=2),
    ]
