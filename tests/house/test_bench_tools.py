"""The tools behind the figures: medians of interleaved rounds, ratios with their limits, one table for all."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.bench.__main__ import figure, names, table
from tests.bench.rows import Row, compared, interleaved, percentile
from tests.house.sources import ROOT


def test_rounds_are_interleaved_and_the_median_is_told() -> None:
    ran: list[str] = []
    ticks = iter(range(0, 10**12, 1_000_000_000))
    cases = {"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}
    found = interleaved(cases, rounds=3, clock=lambda: next(ticks))
    assert found == {"a": 1.0, "b": 1.0}
    assert "".join(ran) == "ab" + "ab" + "ba" + "ab"


def test_a_ratio_keeps_or_misses_its_limit() -> None:
    kept = compared("x", 3.0, "us", "plain", 2.0, at_most=1.5)
    assert (kept.ratio, kept.met, kept.target) == (1.5, True, "<= 1.5x")
    assert compared("x", 4.0, "us", "plain", 2.0, at_most=1.5).met is False
    assert compared("x", 4.0, "us", "plain", 2.0, at_least=2.0).met is True
    assert compared("x", 4.0, "us", "plain", 2.0).met is None
    assert compared("x", 4.0, "us", "plain", 0.0, at_least=2.0).ratio == float("inf")


@pytest.mark.parametrize(("fraction", "value"), [(0.5, 10.0), (0.95, 19.0), (1.0, 20.0), (0.0, 1.0)])
def test_a_percentile_is_one_of_the_values(fraction: float, value: float) -> None:
    assert percentile([float(number) for number in range(20, 0, -1)], fraction) == value


def test_the_table_says_no_plainly() -> None:
    rows = [
        Row(name="short", value=1234.5, unit="us"),
        Row(name="a longer name", value=0.5, unit="ms", reference="plain", ratio=2.0, target="<= 1x", met=False),
    ]
    lines = table(rows).splitlines()
    assert "1,234" in lines[1]
    assert lines[2].split() == ["a", "longer", "name", "0.5", "ms", "2.00x", "<=", "1x", "no", "plain"]
    assert figure(0.25) == "0.25"


def test_every_benchmark_is_found_and_an_unknown_name_is_refused() -> None:
    assert {"startup"} <= set(names())
    assert not {"rows", "__main__"} & set(names())
    command = [sys.executable, "-m", "tests.bench", "nosuch"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "startup" in done.stderr


def test_one_failing_benchmark_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    import tests.bench.__main__ as bench

    good = Row(name="good", value=1.0, unit="s")
    monkeypatch.setattr(bench, "names", lambda: ["bad", "fine"])
    monkeypatch.setattr(bench, "run", lambda name: "it broke" if name == "bad" else [good])
    shown: list[str] = []
    monkeypatch.setattr("builtins.print", lambda *words, **_: shown.append(" ".join(map(str, words))))
    monkeypatch.setattr(sys, "argv", ["bench", "--json"])
    assert bench.main() == 0
    document = json.loads(shown[-1])
    assert document["failed"] == {"bad": "it broke"}
    assert [row["name"] for row in document["rows"]] == ["good"]
    monkeypatch.setattr(sys, "argv", ["bench", "--strict"])
    assert bench.main() == 1
