"""Tapes: every layout read, damage named with its line, and what is recorded reads back equal."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import TapeError
from core.domain.events import MarketEvent
from core.domain.ids import InstrumentId
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import NS, Aggressor, Bar, Freshness, Interval, OrderBook, Quote, Trade
from storage.tape import TapeRecorder, find_tape, fit_tick, open_tape

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "../shared/data"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded market data is not beside the checkout")

HEAD = "recv_ns,exch_ms,symbol,kind,price,qty,aggressor,bid,bid_qty,ask,ask_qty"
QUOTE = "1000000000,,BTCUSDT,Q,,,,10.5,1,10.6,2"
TRADE = "2000000000,1500,BTCUSDT,T,10.55,0.5,buy,,,,"
BTC = InstrumentId("BINANCE:BTCUSDT")
SAMSUNG = InstrumentId("XKRX:005930")


def write(folder: Path, *rows: str, name: str = "binance_spot.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n")
    return path


def play(path: Path) -> tuple[list[MarketEvent], str]:
    """What a tape gives, and the error it ends with."""
    events: list[MarketEvent] = []
    try:
        for event in open_tape(path):
            events.append(event)
    except TapeError as error:
        return events, str(error)
    return events, ""


# --- foreign layouts --------------------------------------------------------------------------------------------------


def test_trades_and_quotes(tmp_path: Path) -> None:
    tape = open_tape(write(tmp_path, HEAD, QUOTE, TRADE))
    expected = [
        Quote(BTC, 10.5, 1.0, 10.6, 2.0, NS, NS),
        Trade(BTC, 10.55, 0.5, Aggressor.BUY, 1_500_000_000, 2 * NS),
    ]
    assert list(tape) == expected
    assert list(tape) == expected, "as often as wanted"
    (instrument,) = tape.instruments
    assert (instrument.id, instrument.kind, instrument.currency) == (BTC, Kind.CRYPTO, "USDT")
    assert tape.start == NS
    assert "BTCUSDT" in tape.description and "1970-01-01 00:00:01" in tape.description


def test_quotes_by_the_second_and_their_fractions(tmp_path: Path) -> None:
    head = "time_utc,bid,bid_qty,ask,ask_qty"
    times = ["1970-01-01 00:00:01", "1970-01-01 00:00:01.25", "1970-01-02 00:00:59"]
    path = write(tmp_path, head, *(f"{time},10,1,11,2" for time in times), name="kraken_futures_btcusd_1s.csv")
    tape = open_tape(path)
    assert [event.ts for event in tape] == [NS, NS + NS // 4, (86_400 + 59) * NS]
    assert [(i.id, i.currency) for i in tape.instruments] == [("KRAKEN_F:BTCUSD", "USD")]
    for odd in ("1970-01-01 00:00", "1970-13-01 00:00:01", "1970-01-01 00:00:0x", "1970-01-01 00:00:01x5", "now"):
        events, error = play(write(tmp_path, head, "1970-01-01 00:00:00,10,1,11,2", f"{odd},10,1,11,2"))
        assert len(events) == 1 and "line 3" in error


def test_depth_differences_follow_the_snapshot(tmp_path: Path) -> None:
    def diff(received: int, first: int, last: int, bids: str = "", asks: str = "") -> str:
        body = f'{{"e":"depthUpdate","E":5,"s":"BTCUSDT","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}}'
        return f'{received} {{"stream":"x","data":{body}}}'

    path = write(
        tmp_path,
        diff(1, 1, 9, '["10","9"]'),  # in the snapshot already
        diff(2, 10, 12, '["10","3"]'),  # overlaps it: counts
        '3 {"lastUpdateId":10,"bids":[["10","1"],["9","1"]],"asks":[["11","1"]]}',
        diff(4, 13, 13, '["10","0"]', '["10.5","2"]'),
        diff(5, 14, 14, '["8","1"]'),
        diff(6, 20, 20, '["8","1"]'),
        name="binance_spot_btcusdt_depth.txt",
    )
    events, error = play(path)
    books = [event for event in events if isinstance(event, OrderBook)]
    assert [(book.bids, book.asks) for book in books] == [
        (((10.0, 3.0), (9.0, 1.0)), ((11.0, 1.0),)),
        (((9.0, 1.0),), ((10.5, 2.0), (11.0, 1.0))),
        (((9.0, 1.0), (8.0, 1.0)), ((10.5, 2.0), (11.0, 1.0))),
    ]
    quotes = [event for event in events if isinstance(event, Quote)]
    assert [(quote.bid, quote.ask) for quote in quotes] == [(10.0, 11.0), (9.0, 10.5)], "only when the touch changed"
    assert "line 6: updates 15 to 19 are missing" in error


@shared
@pytest.mark.parametrize(
    ("name", "kinds", "steps"),
    [
        (
            "ticks/binance_usdm_btcusdt_ethusdt_20240808.csv.gz",
            {Trade: 35_389, Quote: 120_081},
            {"BINANCE_UM:BTCUSDT": "0.1", "BINANCE_UM:ETHUSDT": "0.01"},
        ),
        (
            "ticks/binance_spot_btcusdt_ethusdt_20240808_09.csv.gz",
            {Trade: 34_419, Quote: 131_932},
            {"BINANCE:BTCUSDT": "0.01", "BINANCE:ETHUSDT": "0.01"},
        ),
        ("ticks/binance_um_btcusdt_trades_20241028.csv.gz", {Trade: 99_294}, {"BINANCE_UM:BTCUSDT": "0.1"}),
        ("ticks/binance_spot_xrpeth_trades_20191011_13.csv.gz", {Trade: 12_477}, {"BINANCE:XRPETH": "0.00000001"}),
        ("quotes/binance_um_btcusdt_1s_20260101_02.csv.gz", {Quote: 172_686}, {"BINANCE_UM:BTCUSDT": "0.1"}),
        ("quotes/kraken_futures_btcusd_1s_20260101_02.csv.gz", {Quote: 111_034}, {"KRAKEN_F:BTCUSD": "1"}),
        (
            "books/binance_um_btcusdt_book25_20241031.csv.gz",
            {OrderBook: 216, Quote: 216},
            {"BINANCE_UM:BTCUSDT": "0.1"},
        ),
        (
            "books/binance_spot_btcusdt_depth_diffs_20240808.txt.gz",
            {OrderBook: 3_449, Quote: 2_853},
            {"BINANCE:BTCUSDT": "0.01"},
        ),
    ],
)
def test_every_recorded_layout_plays_to_its_end(name: str, kinds: dict[type, int], steps: dict[str, str]) -> None:
    tape = open_tape(SHARED / name)
    assert {i.id: i.ticks.bands[0][1] for i in tape.instruments} == {id: Decimal(s) for id, s in steps.items()}
    tables = {i.id: i.ticks for i in tape.instruments}
    counts: dict[type, int] = {}
    last = off = 0
    for event in tape:
        assert not isinstance(event, Bar)
        counts[type(event)] = counts.get(type(event), 0) + 1
        assert event.received >= last
        last = event.received
        if isinstance(event, Quote):
            assert 0 < event.bid < event.ask
            step = float(tables[event.instrument].bands[0][1])
            off += abs(event.bid / step - round(event.bid / step)) > 1e-3
    assert counts == kinds
    assert off == 0, "the fitted price step holds to the end of the tape"


@shared
def test_memory_does_not_grow_with_the_tape() -> None:
    tape = open_tape(SHARED / "ticks/binance_usdm_btcusdt_ethusdt_20240808.csv.gz")
    tracemalloc.start()
    try:
        for number, _ in enumerate(tape):
            if number == 5_000:
                early = tracemalloc.get_traced_memory()[0]
                tracemalloc.reset_peak()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - early < 4_000_000


def test_a_price_step_is_fitted_or_given(tmp_path: Path) -> None:
    assert fit_tick({Decimal(n) * 5 / 10 for n in range(100, 150)}) == Decimal("0.5")
    assert fit_tick({Decimal("61800"), Decimal("61900")}) == 1, "two prices prove little"
    assert fit_tick({Decimal(n) for n in range(50_000, 60_000, 50)}) == 50
    path = write(tmp_path, HEAD, QUOTE)
    (instrument,) = open_tape(path, ticks={"BTCUSDT": Decimal("0.25")}).instruments
    assert instrument.ticks == fixed_tick("0.25")


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("1500000000,,BTCUSDT,Q,,,,nan,1,10.6,2", "out of range"),
        ("1500000000,,BTCUSDT,Q,,,,10,1,inf,2", "out of range"),
        ("1500000000,,BTCUSDT,Q,,,,-10,1,11,2", "out of range"),
        ("1500000000,,BTCUSDT,Q,,,,10,-1,11,2", "out of range"),
        ("1500000000,,BTCUSDT,T,0,1,buy,,,,", "out of range"),
        ("1500000000,,BTCUSDT,T,10,1,both,,,,", "no line of its layout"),
        ("1500000000,,BTCUSDT,X,10,1,buy,,,,", "neither T nor Q"),
        ("1500000000,,BTCUSDT,Q,,,,10,1,11", "no line of its layout"),
        ("soon,,BTCUSDT,Q,,,,10,1,11,2", "no line of its layout"),
        ("", "no line of its layout"),
        ("\x00\x1b]52;c;aGk=\x07", "no line of its layout"),
        ("999999999,,BTCUSDT,Q,,,,10,1,11,2", "runs backwards"),
    ],
)
def test_a_bad_line_is_named_after_everything_before_it(tmp_path: Path, row: str, what: str) -> None:
    path = write(tmp_path, HEAD, QUOTE, row, TRADE)
    events, error = play(path)
    assert events == [Quote(BTC, 10.5, 1.0, 10.6, 2.0, NS, NS)]
    assert f"{path}, line 3: " in error and what in error
    assert "was played" in error and "cut the file" in error
    assert error.isprintable()


def test_files_that_are_no_tapes(tmp_path: Path) -> None:
    cases = {
        "empty": b"",
        "empty.gz": gzip.compress(b""),
        "head.csv": HEAD.encode() + b"\n",
        "unknown.csv": b"a,b,c\n1,2,3\n",
        "garbled.gz": b"\x1f\x8b" + os.urandom(100),
        "long.txt": b"x" * 3_000_000,
        "own.tape": b"hoga tape 1\n",
    }
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(TapeError) as caught:
            open_tape(path)
        assert str(path) in str(caught.value) and "played" in str(caught.value)
    with pytest.raises(TapeError, match="there is no tape"):
        open_tape(tmp_path / "absent.csv")
    with pytest.raises(TapeError, match="there is no tape"):
        open_tape(tmp_path)


@pytest.mark.parametrize("symbol", ["\x1b[31mX", "btc usdt", "A" * 30, "=CMD()", "비트"])
def test_a_hostile_symbol_is_refused(tmp_path: Path, symbol: str) -> None:
    events, error = play(write(tmp_path, HEAD, QUOTE, QUOTE.replace("BTCUSDT", symbol)))
    assert len(events) == 1
    assert "line 3: not an instrument code" in error and error.isprintable()


def test_a_cut_gzip_plays_what_is_whole(tmp_path: Path) -> None:
    rows = [f"{n}000000000,,BTCUSDT,Q,,,,{n}.5,1,{n}.6,2" for n in range(1, 20_000)]
    whole = gzip.compress("\n".join([HEAD, *rows]).encode())
    path = tmp_path / "binance_cut.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    events, error = play(path)
    assert 1_000 < len(events) < 19_000
    assert f"line {len(events) + 2}: the gzip data is cut off" in error
    garbled = bytearray(whole)
    garbled[len(whole) // 2 : len(whole) // 2 + 50] = bytes(50)
    path.write_bytes(garbled)
    events, error = play(path)
    assert events and "line " in error


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_no_bytes_raise_anything_but_a_tape_error(junk: bytes, is_own: bool, is_packed: bool) -> None:
    import tempfile

    head = b"hoga tape 1\n" if is_own else HEAD.encode() + b"\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "junk"
        path.write_bytes(gzip.compress(head + junk) if is_packed else head + junk)
        play(path)


# --- our own ----------------------------------------------------------------------------------------------------------

INSTRUMENT = Instrument(
    id=SAMSUNG, name="Samsung", name_ko="삼성전자", kind=Kind.STOCK, currency=Currency("KRW"), ticks=fixed_tick("100")
)
START = 1_763_510_400 * NS  # 2025-11-19 00:00 UTC

prices = st.floats(0, 1e14, allow_nan=False)
times = st.integers(-(10**9), 10**15)
ids = st.sampled_from([SAMSUNG, InstrumentId("UPBIT:KRW-BTC"), InstrumentId("XNAS:BRK.B")])
sides = st.lists(st.tuples(st.floats(1e-9, 1e14), prices), max_size=4)
events = st.one_of(
    st.builds(Quote, ids, prices, prices, prices, prices, times, st.just(0), st.sampled_from(Freshness)),
    st.builds(Trade, ids, prices, prices, st.sampled_from(Aggressor), times, st.just(0)),
    st.builds(OrderBook.of, ids, sides, sides, times, st.just(0)),
)
bars = st.builds(
    Bar,
    ids,
    st.sampled_from([Interval.S1, Interval.M1]),
    st.just(START),
    prices,
    prices,
    prices,
    prices,
    prices,
    st.booleans(),
)


@given(st.lists(st.one_of(events, bars), min_size=1, max_size=30), st.integers(1, 10), st.randoms())
def test_what_is_recorded_reads_back_equal(streamed: list[MarketEvent], every: int, chance: object) -> None:
    import tempfile

    import msgspec

    told: list[MarketEvent] = []
    for number, event in enumerate(streamed):
        told.append(
            event if isinstance(event, Bar) else msgspec.structs.replace(event, received=START + number * 10**8)
        )
    with tempfile.TemporaryDirectory() as folder:
        recorder = TapeRecorder(folder, instruments={SAMSUNG: INSTRUMENT}.get)
        for number, event in enumerate(told):
            recorder.record(event)
            if number % every == 0:
                recorder.flush()
            if number % 7 == 6:  # a restart in the middle of the day
                recorder.close()
                recorder = TapeRecorder(folder, instruments={SAMSUNG: INSTRUMENT}.get)
        recorder.close()
        tape = open_tape(find_tape(folder, "2025-11-19"))
        assert list(tape) == told
        assert {i.id for i in tape.instruments} == {event.instrument for event in told}
        assert all(i == INSTRUMENT for i in tape.instruments if i.id == SAMSUNG)
        assert recorder.dropped == 0


def quote(received: int, bid: float = 1.0) -> Quote:
    return Quote(SAMSUNG, bid, 1.0, 2.0, 1.0, received, received)


def test_one_file_a_day_in_the_zone_that_was_asked_for(tmp_path: Path) -> None:
    recorder = TapeRecorder(tmp_path, zone="Asia/Seoul")
    for hour in (10, 14, 15, 16):  # midnight in Seoul is 15:00 UTC
        recorder.record(quote(START + hour * 3600 * NS))
    recorder.flush()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2025-11-19.tape.gz", "2025-11-20.tape.gz"]
    assert [len(list(open_tape(find_tape(tmp_path, day)))) for day in ("2025-11-19", "2025-11-20")] == [2, 2]
    with pytest.raises(TapeError, match="there are 2025-11-19, 2025-11-20"):
        find_tape(tmp_path, "2025-11-21")
    with pytest.raises(TapeError, match="no tape"):
        find_tape(tmp_path, "../../etc/passwd")
    with pytest.raises(TapeError, match="none was recorded yet"):
        find_tape(tmp_path / "absent", "2025-11-21")


def test_a_clock_set_back_does_not_end_the_tape(tmp_path: Path) -> None:
    recorder = TapeRecorder(tmp_path)
    for received in (START + 5 * NS, START + NS, START + 6 * NS):
        recorder.record(quote(received))
    recorder.close()
    again = TapeRecorder(tmp_path)
    again.record(quote(START + 2 * NS))
    again.close()
    times = [event.received for event in open_tape(find_tape(tmp_path, "2025-11-19")) if isinstance(event, Quote)]
    assert times == [START + n * NS for n in (5, 5, 6, 6)]


def test_a_half_written_member_is_salvaged_when_the_day_goes_on(tmp_path: Path) -> None:
    recorder = TapeRecorder(tmp_path)
    for part in range(3):
        for number in range(2000):
            recorder.record(quote(START + part * 10 * NS + number, bid=number / 7))
        recorder.flush()
    path = find_tape(tmp_path, "2025-11-19")
    whole = path.read_bytes()
    path.write_bytes(whole[:-3000])
    before, error = play(path)
    assert 4000 < len(before) < 6000 and "cut off" in error
    again = TapeRecorder(tmp_path)
    again.record(quote(START + 60 * NS))
    again.close()
    after, error = play(path)
    assert error == ""
    assert after == [*before, quote(START + 60 * NS)]


def test_kill_9_leaves_a_tape_that_reads_to_its_end(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from tests.storage.test_tape import *\n"
        "recorder = TapeRecorder(sys.argv[1])\n"
        "for n in range(10**9):\n"
        "    recorder.record(quote(START + n))\n"
        "    if n % 100 == 99:\n"
        "        recorder.flush()\n"
        "        print(n + 1, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    flushed = [child.stdout.readline() for _ in range(20)][-1]
    child.kill()
    child.wait()
    child.stdout.close()
    played, error = play(find_tape(tmp_path, "2025-11-19"))
    assert error == "" and len(played) >= int(flushed)


def test_a_recorder_that_cannot_write_counts_and_goes_on(tmp_path: Path) -> None:
    place = tmp_path / "tapes"
    place.write_text("a file where the folder should be")
    recorder = TapeRecorder(place)
    recorder.record(quote(START))
    recorder.flush()
    recorder.flush()
    assert recorder.dropped == 1
    place.unlink()
    recorder.record(quote(START + NS))
    recorder.flush()
    assert list(open_tape(find_tape(place, "2025-11-19"))) == [quote(START + NS)]
    assert oct(find_tape(place, "2025-11-19").stat().st_mode & 0o777) == "0o600"


def test_a_recorder_nobody_flushes_is_bounded(tmp_path: Path) -> None:
    recorder = TapeRecorder(tmp_path)
    for number in range(200_010):
        recorder.record(quote(START + number))
    assert recorder.dropped == 10
