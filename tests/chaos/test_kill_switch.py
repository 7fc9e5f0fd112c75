"""The short form of `python -m tests.chaos kill-switch`: real processes, real clocks."""

from __future__ import annotations

from tests.chaos import kill_switch


def test_no_order_byte_leaves_after_a_panic_was_committed() -> None:
    report = kill_switch.run(kill_switch.SHORT, 7)
    assert report["trials"] == kill_switch.SHORT and all(report["ways"].values())
    assert report["orders_written"] >= 3 * kill_switch.SHORT, "it was trading until then"
    assert report["later_than_50_ms"] == 0, report
