"""The short form of `python -m tests.chaos unknown`: real sockets and clocks, ten consoles."""

from __future__ import annotations

from tests.chaos import unknown


def test_a_lost_answer_is_settled_rightly_once_the_server_is_back() -> None:
    report = unknown.run(unknown.SHORT, 18)
    assert report["examples"] == []
    assert report["with_ids"] >= 2 and "operator" in report["ends"], report["ends"]
