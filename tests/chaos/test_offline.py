"""The short form of `python -m tests.chaos offline`, and that its notes tell here from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import offline


def test_no_packet_leaves_this_machine() -> None:
    report = offline.run(offline.SHORT, 22)
    assert report["a planted attempt is seen"], report
    assert report["off loopback"] == 0, report["which"]
    assert report["addresses asked for"] > 0, "tests that ask for no address prove nothing"
    if report["namespace"].startswith("skipped"):
        pytest.skip(f"no network namespace here: {report['namespace']}")
    assert report["interfaces in it"] == "lo"
    assert "unreachable" in report["and refused"]
    assert report["ok"], report["tests"]


@pytest.mark.parametrize(
    ("host", "is_elsewhere"),
    [
        *(("127.0.0.1", False), ("127.9.9.9", False), ("::1", False), ("localhost", False), ("None", False)),
        *(("192.0.2.1", True), ("0.0.0.0", True), ("example.org", True), ("fe80::1%eth0", True), ("10.0.0.1", True)),
    ],
)
def test_elsewhere_is_told_from_here(host: str, is_elsewhere: bool, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text(f"socket.connect\t{host}\t80\t['x']\n")
    assert bool(offline.off_loopback(notes)) is is_elsewhere
