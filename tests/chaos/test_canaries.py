"""The short form of `python -m tests.chaos canaries`, and that its scan sees what it looks for wherever it may be."""

from __future__ import annotations

import base64
import gzip
import html
import json
import sqlite3
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canaries import on_screen, scan
from tests.chaos import canaries

VALUE = "kQ8+T2m/4xR7&pL1<nZ5vW"
SPELLED = {
    "as it is": VALUE,
    "base64": base64.b64encode(f"user:{VALUE}".encode()).decode(),
    "hex": VALUE.encode().hex(),
    "URL": quote(VALUE, safe=""),
    "markup": html.escape(VALUE),
    "its beginning": VALUE[:14],
}


@pytest.mark.parametrize("how", SPELLED)
def test_the_scan_sees_a_leak_in_files_archives_and_databases(how: str, tmp_path: Path) -> None:
    text = f"{'x' * 5000} before {SPELLED[how]} after"
    (tmp_path / "a.log").write_text(text)
    (tmp_path / "b.tape.gz").write_bytes(gzip.compress(text.encode()))
    connection = sqlite3.connect(tmp_path / "c.db")
    connection.execute("CREATE TABLE t (a TEXT)")
    connection.execute("INSERT INTO t VALUES (?)", (text,))
    connection.commit()
    connection.close()
    (tmp_path / "harmless.txt").write_text("nothing here")
    found = scan([tmp_path], [VALUE])
    assert found.files == 4
    for name in ("a.log", "b.tape.gz", "c.db"):
        assert f"{name}: {how}" in found.hits
    assert not any(hit.startswith("harmless") for hit in found.hits)


def test_the_scan_sees_what_a_screen_showed_in_pieces() -> None:
    raw = b"\x1b[1;1H" + VALUE[:9].encode() + b"\x1b[38;2;1;2;3m" + VALUE[9:].encode()
    assert on_screen(raw, [], [VALUE]).hits
    assert on_screen(b"", [f"  {VALUE[:7]} ", f"  {VALUE[7:]} "], [VALUE]).hits
    assert not on_screen(b"\x1b[1;1H***", ["***"], [VALUE]).hits


def test_no_canary_is_in_anything_a_console_wrote() -> None:
    report = canaries.run(canaries.SHORT, 21)
    assert report["leaks"] == 0, report["where"]
    assert {".csv", ".svg", ".log", ".txt", ".db", ".json"} <= set(report["kinds"].split()), json.dumps(report)
