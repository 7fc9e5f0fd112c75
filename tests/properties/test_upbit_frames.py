"""The short form of upbit_frames.py: some thousand broken payloads in the ordinary suite."""

from __future__ import annotations

from tests.properties.upbit_frames import run


def test_nothing_but_a_bad_message_comes_of_broken_payloads() -> None:
    counted = run(6_000, 7)
    assert counted["taken"] + counted["refused"] == 6_000
    assert counted["known by their bytes"] > 20
    assert counted["taken"] > 500 and counted["refused"] > 2_000, "what is broken is neither all good nor all bad"
