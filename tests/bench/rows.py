"""One line of a benchmark's result, and the few timing tools every module here uses: interleaved rounds, medians, the
CPU clock. A figure alone says nothing about a program on an unknown machine, so every row names its reference, a
plain piece of code timed in the same run, and the ratio to it is the result.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """`value` in `unit` of `name`; `ratio` to `reference`; `met` is None where `target` names no limit."""

    name: str
    value: float
    unit: str
    reference: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def interleaved(
    cases: Mapping[str, Callable[[], Any]], *, rounds: int = 7, clock: Callable[[], int] = time.process_time_ns
) -> dict[str, float]:
    """Median seconds of each case. Rounds take the cases in turn, each round starting with another one, so a machine
    that slows down slows them all alike. `clock` is CPU time of this process; time.perf_counter_ns counts waiting too.
    """
    names = list(cases)
    for name in names:
        cases[name]()  # warm caches, imports, specialised bytecode
    taken: dict[str, list[int]] = {name: [] for name in names}
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for number in range(rounds):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                gc.collect()
                start = clock()
                cases[name]()
                taken[name].append(clock() - start)
    finally:
        if was_enabled:
            gc.enable()
    return {name: statistics.median(times) / 1e9 for name, times in taken.items()}


def compared(
    name: str,
    value: float,
    unit: str,
    reference: str,
    reference_value: float,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> Row:
    """A row whose ratio is value / reference_value, with the limit it must keep, if any."""
    ratio = value / reference_value if reference_value else float("inf")
    if at_most is not None:
        return Row(
            name=name,
            value=value,
            unit=unit,
            reference=reference,
            ratio=ratio,
            target=f"<= {at_most:g}x",
            met=ratio <= at_most,
        )
    if at_least is not None:
        return Row(
            name=name,
            value=value,
            unit=unit,
            reference=reference,
            ratio=ratio,
            target=f">= {at_least:g}x",
            met=ratio >= at_least,
        )
    return Row(name=name, value=value, unit=unit, reference=reference, ratio=ratio)


def percentile(values: list[float], fraction: float) -> float:
    """The nearest-rank percentile: 0.95 of 20 values is the 19th."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)]
