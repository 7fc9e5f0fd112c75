"""The short form of `python -m tests.chaos disk`: disks that are full, and disks that refuse."""

from __future__ import annotations

from tests.chaos import disk


def test_no_order_leaves_unjournalled_and_the_way_out_stays_open() -> None:
    report = disk.run(disk.SHORT, 4)
    assert report["unjournalled_sends"] == 0, report["examples"]
    assert report["problems"] == 0, report["examples"]
    left_out = [kind for kind in disk.KINDS if isinstance(report[kind], str)]
    assert report["points"] == (len(disk.KINDS) - len(left_out)) * (disk.SHORT // len(disk.KINDS)), report
    assert report["file size"]["journal refused"] == disk.SHORT // 3, "each of these disks refused"
