"""The fault script: the same seed gives the same trouble, and what was recorded is played again to the letter."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.simulators.faults import ON_FRAMES, ON_LISTS, ON_ORDERS, Fault, Script

RATES = {"order": {Fault.ACCEPT_THEN_DROP: 0.2, Fault.HTTP_500: 0.1}, "list": {Fault.PAGE_CUT: 0.3}}


def drawn(script: Script, places: str) -> list[object]:
    return [script.next({"o": "order", "l": "list"}[place]) for place in places]


def test_a_seed_gives_the_same_faults_and_another_gives_others() -> None:
    one, same, other = (drawn(Script(seed, RATES), "o" * 200) for seed in (5, 5, 6))
    assert one == same != other
    counted = Counter(step.fault for step in one if step is not None)  # type: ignore[attr-defined]
    assert 20 < counted[Fault.ACCEPT_THEN_DROP] < 60 and 8 < counted[Fault.HTTP_500] < 35


def test_what_happens_at_one_place_does_not_depend_on_another() -> None:
    alone, mixed = Script(5, RATES), Script(5, RATES)
    drawn(mixed, "olllo" * 40)
    assert drawn(alone, "o" * 80) and [d for d in alone.done] == [d for d in mixed.done if d.place == "order"]


def test_a_recorded_run_is_played_again(tmp_path: Path) -> None:
    script = Script(9, RATES)
    script.put("order", Fault.GARBAGE)
    first = drawn(script, "oollo" * 20)
    script.save(tmp_path / "faults.json")
    assert drawn(Script.again(tmp_path / "faults.json"), "oollo" * 20) == first


def test_what_is_put_comes_first_and_as_often_as_said() -> None:
    script = Script()
    script.put("order", Fault.DELAY, times=2, seconds=0.5)
    first, second, third = drawn(script, "ooo")
    assert first == second and first.seconds == 0.5 and third is None  # type: ignore[attr-defined]
    script.put("order", Fault.DELAY)
    script.clear()
    assert drawn(script, "o") == [None]


def test_every_fault_has_a_place() -> None:
    assert set(Fault) == ON_ORDERS | ON_LISTS | ON_FRAMES | {Fault.SLOW_READER}
