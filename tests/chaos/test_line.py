"""The short form of `python -m tests.chaos line`."""

from __future__ import annotations

from tests.chaos import line


def test_lines_come_back_soon_and_silence_is_seen() -> None:
    report = line.run(line.SHORT, 3)
    assert report["lost"] == report["shown_as_live"] == 0
    assert report["silent_p99_seconds"] < line.SILENT_SECONDS
    assert report["looks"] > 100
