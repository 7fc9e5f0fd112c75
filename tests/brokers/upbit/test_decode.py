"""`hoga decode upbit`: recordings through the real parser, whatever they are wrapped in and however broken they are."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from brokers.upbit import frames
from core.domain.text import UNSAFE
from tui.cli import main
from tui.cli.exits import Exit

DATA = Path(__file__).resolve().parents[2] / "data/upbit"
SAMPLES = Path(__file__).resolve().parents[3] / "../shared/brokers/samples/upbit"
FRAMES = {k: v for k, v in json.loads((DATA / "frames.json").read_text()).items() if k != "note"}
REST = {k: v for k, v in json.loads((DATA / "rest.json").read_text()).items() if k != "note"}
NOT_SENT_BY_UPBIT = {"requests_ccxt_a.json", "subscribe_simple_20210417.json"}


def decode(path: Path | str, *more: str) -> int:
    return main(["decode", "upbit", str(path), *more])


def events(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_frames_come_out_one_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "frames.ndjson"
    short = {frames.SHORT["trade"].get(k, k): v for k, v in FRAMES["trade"].items()}
    texts: list[Any] = [*FRAMES.values(), short, {"recv": 1.5, "frame": FRAMES["orderbook"]}]
    texts += [{"frame": json.dumps(FRAMES["trade"])}, [FRAMES["ticker"], FRAMES["trade"]]]
    file.write_text("\n\n".join(map(json.dumps, texts)))
    assert decode(file, "--json") == Exit.OK
    shown = capsys.readouterr()
    found = events(shown.out)
    assert len(found) == len(FRAMES) + 5
    trades = [e["event"] for e in found if e["kind"] == "trade"]
    assert len(trades) == 4 and all(trade == trades[0] for trade in trades)
    assert trades[0]["price"] == FRAMES["trade"]["trade_price"] and trades[0]["aggressor"] == "sell"
    assert "0 rejected" in shown.err and "4 trade" in shown.err
    assert decode(file) == Exit.OK
    plain = capsys.readouterr().out
    assert len(plain.splitlines()) == len(found) and "price=3105 size=12.345" in plain


def test_a_body_over_several_lines_and_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = json.dumps(REST["order"], indent=1).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(body)))
    assert decode("-", "--json") == Exit.OK
    (found,) = events(capsys.readouterr().out)
    assert found["kind"] == "order" and found["event"]["order"]["instrument"].startswith("UPBIT:")


def test_what_cannot_be_read_is_told_counted_and_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.ndjson"
    good = json.dumps(FRAMES["trade"])
    crossed = {**FRAMES["orderbook"], "orderbook_units": [dict(ask_price=1, bid_price=2, ask_size=1, bid_size=1)]}
    broken = [good[:40], '{"type":"tickle"}', "\x00\x01", json.dumps(crossed), '{"a":1}', "[" * 5000, "12"]
    file.write_text("\n".join([*broken, good]))
    assert decode(file, "--json") == Exit.FAILED
    shown = capsys.readouterr()
    assert [("rejected" in e, e["line"]) for e in events(shown.out)] == [*((True, n) for n in range(1, 8)), (False, 8)]
    assert "1 read: 1 trade; 7 rejected" in shown.err and "crossed" in shown.err


def test_a_line_without_end_is_one_reject_and_little_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "huge"
    with file.open("wb") as out:
        out.write(json.dumps(FRAMES["trade"]).encode() + b"\n")
        out.truncate(40 << 20)
        out.seek(0, os.SEEK_END)
        out.write(b"\n" + json.dumps(FRAMES["ticker"]).encode())
    assert decode(file) == Exit.FAILED
    shown = capsys.readouterr()
    assert "2 read" in shown.err and "1 rejected" in shown.err and "8 MiB" in shown.err


def test_hostile_text_does_not_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hostile"
    evil = "\x1b]0;owned\x07\u202e\x9b2J"
    texts = [
        {"error": {"name": evil, "message": evil}},
        {"method": "LIST_SUBSCRIPTIONS", "result": [{"type": evil, "codes": [evil]}], "ticket": evil},
        {"market": "KRW-BTC", "korean_name": evil, "english_name": evil},
        {"type": evil, "code": evil},
    ]
    file.write_text("\n".join(json.dumps(text, ensure_ascii=False) for text in texts))
    for more in ((), ("--json",)):
        decode(file, *more)
        shown = capsys.readouterr()
        assert not UNSAFE.search((shown.out + shown.err).replace("\n", " "))


def test_mutated_recordings_never_are_a_bug(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = Random(11)
    whole = [json.dumps(text).encode() for text in [*FRAMES.values(), *REST.values()]]
    lines = []
    for _ in range(1500):
        line = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 1, 2, 8))):
            at = chance.randrange(len(line))
            match chance.randrange(4):
                case 0:
                    line[at] = chance.randrange(256)
                case 1:
                    del line[at : at + chance.randrange(1, 20)]
                case 2:
                    line[at:at] = chance.choice((b"[", b'"', b"1e999", b"null", b"\xff", b"-", b"{}"))
                case _:
                    del line[at:]
            if not line:
                break
        lines.append(bytes(line))
    (tmp_path / "mutated").write_bytes(b"\n".join(lines))
    assert decode(tmp_path / "mutated", "--json") == Exit.FAILED
    shown = capsys.readouterr()
    assert "bug" not in shown.err and len(events(shown.out)) > 1000


def test_what_is_no_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").write_text("\n \n")
    assert decode(tmp_path / "empty") == Exit.FAILED
    assert decode(tmp_path / "absent") == Exit.STORAGE
    assert decode(tmp_path) == Exit.STORAGE
    assert main(["decode", "paper", str(tmp_path / "empty")]) == Exit.USAGE
    assert main(["decode", "upbot", str(tmp_path / "empty")]) == Exit.USAGE
    assert "did you mean upbit?" in capsys.readouterr().err


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded Upbit payloads are not beside the checkout")
def test_every_recording_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    for file in sorted(SAMPLES.glob("*/*")):
        if file.name not in NOT_SENT_BY_UPBIT:
            assert decode(file, "--json") == Exit.OK, f"{file.name}: {capsys.readouterr().err}"
    assert len(capsys.readouterr().out.splitlines()) > 800
