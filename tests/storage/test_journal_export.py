"""The exported journal: complete, verifiable by itself, masked unless the whole is asked for, and every kind of damage
named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.domain.account import Account, Mode
from core.domain.errors import JournalBroken
from core.domain.events import AccountListed, NoteWritten, OrderDenied, OrderStaged
from core.domain.ids import AccountId, InstrumentId, derived_client_order_id
from core.domain.instrument import Currency
from core.domain.order import OrderRequest, Side
from storage.chain import link
from storage.journal import Journal
from storage.journal_export import Exported, document, export, lines, table, verify_export
from tui.cli import main

KIS, PAPER = AccountId("kis:73519264-01"), AccountId("paper:main")
DAY = 86_400_000_000_000
FORMS: dict[str, Callable[..., Any]] = {"lines": lines, "document": document, "table": table}


def request(name: str, account: AccountId) -> OrderRequest:
    return OrderRequest(
        client_order_id=derived_client_order_id(name),
        account=account,
        instrument=InstrumentId("XKRX:005930"),
        side=Side.BUY,
        quantity=Decimal(10),
        limit_price=Decimal(70800),
    )


@pytest.fixture
async def journal(tmp_path: Path) -> Path:
    """Twelve events over six days: notes (one is a spreadsheet's formula), orders of two accounts."""
    path = tmp_path / "journal.db"
    opened = Journal.open(path, boot_id="test")
    account = Account(id=KIS, mode=Mode.LIVE, base_currency=Currency("KRW"))
    await opened.append([AccountListed(ts=1, account=account)])
    await opened.append([NoteWritten(ts=2, subject="instrument:XKRX:005930", text='=1+1,"삼성"\t@x', by="cli")])
    for day in range(5):
        for name, where in (("paper", PAPER), ("kis", KIS)):
            asked = request(f"{name}{day}", where)
            text = f"not on {where} of 73519264 today"
            denied = OrderDenied(ts=day * DAY + 5, request=asked, rule="x", limit="1", actual="2", text=text)
            await opened.append([OrderStaged(ts=day * DAY + 5, request=asked) if day == 4 else denied])
    await opened.close()
    return path


def written(journal: Path, form: str = "lines", name: str = "out", **chosen: Any) -> Path:
    more: dict[str, Any] = {"since": None, "until": None, "orders": (), "full": False} | chosen
    path = journal.with_name(f"{name}.{form}")
    path.write_bytes(b"".join(FORMS[form](export(journal, **more))))
    return path


@pytest.mark.parametrize("form", FORMS)
def test_a_full_export_is_proved_whole_by_itself(journal: Path, form: str) -> None:
    found = verify_export(written(journal, form, full=True))
    assert (found.events, found.proved, found.masked, found.gaps, found.first_bad) == (12, 12, 0, 0, None)
    assert found.head == Journal.open(journal, read_only=True).head()


@pytest.mark.parametrize("form", FORMS)
def test_account_numbers_are_masked_and_such_events_counted_apart(journal: Path, form: str) -> None:
    path = written(journal, form)
    text = path.read_text("utf-8")
    assert "73519264" not in text
    assert "kis:****9264-01" in text
    assert "paper:main" in text
    found = verify_export(path)
    assert (found.events, found.masked, found.first_bad) == (12, 10, None)
    assert "masked" in found.text


async def test_a_time_and_an_order_can_be_asked_for(journal: Path) -> None:
    early = Journal.open(journal, boot_id="late")
    note = NoteWritten(ts=2 * DAY + 7, subject="instrument:XKRX:005930", text="told late", by="cli")
    await early.append([note])  # a time before that of the event before it
    await early.close()
    some = verify_export(written(journal, since=DAY, until=3 * DAY))
    assert (some.events, some.first, some.last, some.gaps, some.first_bad) == (9, 5, 13, 0, None)
    later = verify_export(written(journal, "lines", "later", since=4 * DAY))
    assert (later.first, later.last, later.first_bad) == (11, 13, None)
    assert verify_export(written(journal, "lines", "future", since=99 * DAY)).events == 0
    early_ones = verify_export(written(journal, "lines", "early", until=2))
    assert (early_ones.first, early_ones.last) == (1, 1)
    id = derived_client_order_id("kis2")
    one = written(journal, "lines", "one", orders=(id[-5:],))
    assert [json.loads(line)["order"] for line in one.read_bytes().splitlines()[1:-1]] == [id]
    assert verify_export(one).first_bad is None
    none = verify_export(written(journal, "lines", "none", orders=("zzzzzz",)))
    assert (none.events, none.first_bad) == (0, None)


DAMAGE: dict[str, Callable[[list[dict[str, Any]]], object]] = {
    "a word changed": lambda rows: rows[5].update(payload=rows[5]["payload"].replace("paper", "papre")),
    "a time changed": lambda rows: rows[5].update(ts=rows[5]["ts"] + 1),
    "an event taken out": lambda rows: rows.pop(5),
    "the first taken out": lambda rows: rows.pop(1),
    "two exchanged": lambda rows: rows.insert(5, rows.pop(6)),
    "one doubled": lambda rows: rows.insert(5, rows[5]),
    "a hash changed": lambda rows: rows[5].update(hash="00" * 32),
    "a link changed": lambda rows: rows[5].update(prev="00" * 32),
    "no hexadecimal": lambda rows: rows[5].update(hash="xyz"),
    "the end cut": lambda rows: rows.pop(),
    "more after the end": lambda rows: rows.append(rows[3]),
    "said to be masked": lambda rows: rows[5].update(masked=True, payload="{}"),
    "another count": lambda rows: rows[-1].update(events=1),
    "another form": lambda rows: rows[0].update(version=2),
    "a field more": lambda rows: rows[5].update(more=1),
    "another order's": lambda rows: rows[5].update(order=rows[6]["order"]),
    "another kind": lambda rows: rows[5].update(kind="OrderStaged"),
    "another newest": lambda rows: rows[-1].update(head="00" * 32),
    "a time that does not fit": lambda rows: rows[5].update(ts=1 << 70),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_every_damage_is_found(journal: Path, damage: str) -> None:
    path = written(journal, full=True)
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    DAMAGE[damage](rows)
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)) if damage != "a time that does not fit" else b"")
    if damage == "a time that does not fit":
        path.write_text("\n".join(map(json.dumps, rows)))
    assert verify_export(path).first_bad is not None


def test_an_event_forged_with_a_hash_of_its_own_does_not_fit_the_next(journal: Path) -> None:
    """Whoever knows the form can make one event sound by itself, and the digest too; the chain still breaks there."""
    path = written(journal, full=True)
    head, *rows, tail = [json.loads(line) for line in path.read_bytes().splitlines()]
    forged = rows[4]
    forged["payload"] = forged["payload"].replace("paper:main", "paper:mine")
    prev = bytes.fromhex(forged["prev"])
    hash = link(prev, forged["seq"], forged["ts"], forged["boot"].encode(), forged["payload"].encode())
    forged["hash"] = hash.hex()
    told = [msgspec.json.encode(msgspec.convert(row, Exported)) for row in rows]
    tail["digest"] = blake2b(b"".join(told) + bytes.fromhex(tail["head"]), digest_size=32).hexdigest()
    path.write_bytes(b"\n".join([msgspec.json.encode(head), *told, msgspec.json.encode(tail)]))
    found = verify_export(path)
    assert found.first_bad == 6
    assert "does not follow" in found.text


def cells(path: Path) -> list[str]:
    """The cells of a table; the lines of the other forms."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    if path.suffix != ".table":
        return [text]
    return [cell.strip() for row in csv.reader(io.StringIO(text)) for cell in row]


@pytest.mark.parametrize("form", FORMS)
def test_no_byte_can_be_changed_unnoticed(journal: Path, form: str) -> None:
    path = written(journal, form, full=True)
    data, whole, missed = path.read_bytes(), cells(path), []
    for place in range(3 if form == "table" else 0, len(data), 61):  # a table's first three bytes mark UTF-8
        path.write_bytes(data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :])
        if verify_export(path).first_bad is None and cells(path) != whole:  # another line end is no other event
            missed.append(place)
    assert missed == []


@pytest.mark.parametrize(
    "contents", [b"", b"{}\n", b"\xff\xfe", b"seq,ts\n", b'{"rows":', b"[" * 100_000, b"x" * 9_000_000]
)
def test_what_is_no_export_is_said(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "x").write_bytes(contents)
    assert verify_export(tmp_path / "x").first_bad is not None


def test_a_spreadsheet_runs_nothing_of_it(journal: Path) -> None:
    text = written(journal, "table").read_text("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert len(cells) == 13 * 9
    assert not [
        cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    ]


async def test_a_broken_journal_is_not_exported_beyond_the_break(journal: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(journal)
    connection.execute("DROP TRIGGER event_keeps")
    connection.execute("UPDATE event SET payload=replace(payload, 'paper', 'papre') WHERE seq=5")
    connection.commit()
    connection.close()
    with pytest.raises(JournalBroken, match="event 5"):
        written(journal)


def test_the_verb_writes_one_private_file_and_verifies_it(
    tmp_path: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOGA_HOME", str(tmp_path))
    (tmp_path / "data").mkdir(mode=0o700)
    journal.rename(tmp_path / "data" / "journal.db")
    out = tmp_path / "out.jsonl"
    assert main(["journal", "export", str(out)]) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert main(["journal", "export", str(out)]) == 5
    assert "exists already" in capsys.readouterr().err
    assert main(["journal", "verify", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 12
    out.write_bytes(out.read_bytes().replace(b"not on paper", b"not at paper", 1))
    assert main(["journal", "verify", str(out)]) == 4
    for more in (["--csv"], ["--json"], ["--since", "1970-01-02"], ["--until", "1970-01-03T00:00"], ["--full"]):
        capsys.readouterr()
        assert main(["journal", "export", *more]) == 0, more
        assert capsys.readouterr().out
    for since, count in (("0001-01-01", 12), ("9999-12-30", 0)):
        assert main(["journal", "export", "--since", since, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["events"] == count
    assert main(["journal", "export", "--until", "0001-01-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 0
    assert main(["journal", "export", "--until", "9999-12-31"]) == 2
    for wrong in (["--json", "--csv"], ["--since", "yesterday"], ["--orders", "NOT AN ID"]):
        assert main(["journal", "export", *wrong]) == 2
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert main(["journal", "export", str(tmp_path / "link")]) == 5
    assert not (tmp_path / "elsewhere").exists()
