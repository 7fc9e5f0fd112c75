"""Tapes: recorded market data as a stream of events. `open_tape` reads every layout we know, lazily; TapeRecorder
writes ours. What is wrong in a file is said with its line, after everything before it was played.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec

from core.domain.decimals import plain
from core.domain.errors import HogaError, TapeError
from core.domain.events import MarketEvent
from core.domain.ids import InstrumentId, code_of, instrument_id
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import NS, Bar
from storage import tape_own
from storage.recorder import SUFFIX, TapeRecorder
from storage.tape_layouts import DIFFERENCES, LAYOUTS, Bad, Layout, Names
from storage.tape_lines import Unreadable, lines, pieces

__all__ = ["Tape", "TapeRecorder", "find_tape", "open_tape"]

HEAD_LINES = 5000
"""How much of a foreign tape is looked at to tell its price steps."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MARKETS = (("usdm", "BINANCE_UM"), ("binance_um", "BINANCE_UM"), ("binance", "BINANCE"), ("kraken", "KRAKEN_F"))
_QUOTED = ("USDT", "USDC", "KRW", "USD", "EUR", "JPY", "BTC", "ETH")
_SYMBOL = re.compile(rb",([^,\n]*),[TQ],")


class Tape:
    """Iterate for the events, in tape order, as often as wanted; memory does not grow with the tape. Iterating raises
    TapeError where the file is damaged. `instruments` are all that occur, `start` the time of the first event, ns."""

    def __init__(
        self,
        path: Path,
        name: str,
        instruments: list[Instrument],
        read: Callable[[], Iterator[MarketEvent]],
        *,
        is_conflated: bool = False,
    ) -> None:
        self.path = path
        self.is_conflated = is_conflated
        """What happened between two lines may be missing or merged."""
        self.instruments = instruments
        self._read = read
        first = next(iter(self), None)
        if first is None:
            raise TapeError(f"{path} holds no events. Nothing was played; give another tape")
        self.start = first.ts + first.interval.ns if isinstance(first, Bar) else first.received
        begins = datetime.fromtimestamp(self.start // NS, UTC).strftime("%Y-%m-%d %H:%M:%S")
        shown = ", ".join(code_of(instrument.id) for instrument in instruments[:4])
        more = f" and {len(instruments) - 4} more" if len(instruments) > 4 else ""
        self.description = f"{path.name}: {name} of {shown}{more} from {begins} UTC"

    def __iter__(self) -> Iterator[MarketEvent]:
        return self._read()


def open_tape(path: Path | str, *, ticks: Mapping[str, Decimal] | None = None) -> Tape:
    """The tape at `path`. Foreign layouts do not say how their instruments trade: price steps are fitted to the head
    of the file unless `ticks` gives them by code. Raises TapeError."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise TapeError(f"there is no tape {path}. Nothing was played; give a file or a recorded day like 2026-11-19")
    try:
        first = next(lines(path), b"").rstrip(b"\r")
    except Unreadable as error:
        raise _error(path, 1, error) from None
    if not first:
        raise TapeError(f"{path} is empty. Nothing was played; give another tape")
    if first == tape_own.HEAD:
        return Tape(path, "recorded", _defined(path), lambda: _events(path, 1, tape_own.read))
    layout = next((layout for layout in LAYOUTS if layout.columns == first), None)
    if layout is None and re.match(rb"\d+ \{", first):
        layout = DIFFERENCES
    if layout is None:
        known = "; ".join(layout.columns.decode() for layout in LAYOUTS)
        raise TapeError(
            f"{path}, line 1: no layout this hoga knows. Nothing was played; it reads its own tapes, gzip or plain, "
            f"depth differences, and CSV with the columns {known}"
        )
    return _foreign(path, layout, ticks or {})


def find_tape(directory: Path | str, day: str) -> Path:
    """The tape recorded on `day` (ISO date). Raises TapeError naming the days there are."""
    folder = Path(directory)
    path = folder / f"{day}{SUFFIX}"
    if _DAY.fullmatch(day) and path.is_file():
        return path
    days = sorted(entry.name.removesuffix(SUFFIX) for entry in folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    told = f"there are {', '.join(days[-5:])}" if days else "none was recorded yet (storage.record_tape = true records)"
    raise TapeError(f"no tape of {day[:40]!r} in {folder}: {told}. Nothing was played")


def _events(
    path: Path, skip: int, read: Callable[[Iterator[tuple[int, bytes]]], Iterator[MarketEvent]]
) -> Iterator[MarketEvent]:
    """Events of the file from line `skip` + 1 on, with every trouble named by its line."""
    at = _Place(lines(path), skip)
    try:
        yield from read(iter(at))
    except Unreadable as error:
        raise _error(path, at.number + 1, error) from None
    except (Bad, HogaError) as error:
        if isinstance(error, TapeError):
            raise
        raise _error(path, at.number, error) from None
    except (ValueError, KeyError, IndexError, OverflowError, msgspec.MsgspecError):
        raise _error(path, at.number, Bad("this is no line of its layout")) from None


class _Place:
    """Lines with their numbers, and the number of the newest: where the reader stands."""

    def __init__(self, source: Iterator[bytes], skip: int) -> None:
        self._source = source
        self._skip = skip
        self.number = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for number, line in enumerate(self._source, 1):
            self.number = number
            if number > self._skip:
                yield number, line


def _error(path: Path, line: int, error: Exception) -> TapeError:
    return TapeError(
        f"{path}, line {line}: {error}. What stands before that line was played; cut the file there, or record anew"
    )


# --- instruments ------------------------------------------------------------------------------------------------------


def _defined(path: Path) -> list[Instrument]:
    """Instruments of our own tape. Damage further down is left for the one who plays it."""
    found: dict[InstrumentId, Instrument] = {}
    try:
        for line in lines(path):
            if line.startswith(b"I "):
                instrument = tape_own.read_definition(line)
                found.setdefault(instrument.id, instrument)
    except (Bad, Unreadable):
        pass  # said when the place is reached
    return list(found.values())


def _foreign(path: Path, layout: Layout, ticks: Mapping[str, Decimal]) -> Tape:
    market = next((market for part, market in _MARKETS if part in path.name.lower()), "TAPE")
    skip = 1 if layout.columns else 0
    symbols = [_symbol_of(path)] if layout.symbol is None else _symbols(path)
    ids: dict[bytes, InstrumentId] = {}
    for symbol in symbols:
        with suppress(HogaError):  # a line with a hostile symbol is refused when it is reached
            ids[symbol] = instrument_id(market, symbol.decode("ascii", "replace"))
    names = Names(ids, next(iter(ids.values())) if layout.symbol is None else None)
    steps = _steps(path, layout, ids)
    instruments = [_instrument(id, ticks.get(code_of(id)) or steps.get(id, Decimal("0.01"))) for id in ids.values()]
    read = partial(_events, path, skip, lambda rows: layout.read(rows, names))
    return Tape(path, layout.name, instruments, read, is_conflated=layout.conflates)


def _symbols(path: Path) -> list[bytes]:
    """Every symbol of the file, in the order of first sight. Runs at the speed of unpacking."""
    found: dict[bytes, None] = {}
    rest = b""
    try:
        for piece in pieces(path):
            whole = rest + piece
            end = whole.rfind(b"\n") + 1
            for symbol in dict.fromkeys(_SYMBOL.findall(whole[:end])):
                found[symbol] = None
            rest = whole[end:][-4096:]
            if len(found) > tape_own.MAX_INSTRUMENTS:
                raise TapeError(f"{path} names too many instruments. Nothing was played")
    except Unreadable:
        pass  # said when the place is reached
    for symbol in _SYMBOL.findall(rest):
        found[symbol] = None
    return list(found)


def _symbol_of(path: Path) -> bytes:
    """The pair a file of one instrument is named after: `binance_um_btcusdt_1s.csv.gz` -> BTCUSDT."""
    for part in re.split(r"[^A-Z0-9]+", path.name.upper()):
        if any(part.endswith(currency) and len(part) > len(currency) + 1 for currency in _QUOTED):
            return part.encode()
    return re.sub(r"[^A-Z0-9]", "", path.name.upper().split(".")[0])[:24].encode() or b"TAPE"


def _steps(path: Path, layout: Layout, ids: dict[bytes, InstrumentId]) -> dict[InstrumentId, Decimal]:
    """The price step of each instrument, fitted to the head of the file."""
    prices: dict[InstrumentId, set[Decimal]] = {id: set() for id in ids.values()}
    try:
        for line in islice(lines(path), HEAD_LINES):
            if layout is DIFFERENCES:
                for price in re.findall(rb'\["([0-9.]+)"', line)[:200]:
                    next(iter(prices.values())).add(Decimal(price.decode()))
                continue
            cells = line.split(b",")
            if layout.price is None or len(cells) <= layout.price:
                continue
            id = ids.get(cells[layout.symbol]) if layout.symbol is not None else next(iter(ids.values()))
            price = cells[layout.price]
            if id is not None and re.fullmatch(rb"\d{1,15}(\.\d{1,15})?", price):
                prices[id].add(Decimal(price.decode()))
    except Unreadable:
        pass
    return {id: fit_tick(found) for id, found in prices.items() if found}


def fit_tick(prices: set[Decimal]) -> Decimal:
    """The largest step of 1, 2 or 5 times a power of ten that all `prices` are multiples of. Few prices prove little:
    then it is a unit of their last digit."""
    digits = max(max(0, -int(price.normalize().as_tuple().exponent)) for price in prices)
    unit = Decimal(1).scaleb(-digits)
    common = math.gcd(*(int(price.scaleb(digits)) for price in prices))
    best = 1
    if len(prices) >= 20:
        size = 1
        while size <= common:
            best = max([best, *(size * step for step in (1, 2, 5) if common % (size * step) == 0)])
            size *= 10
    return Decimal(plain(unit * best))


def _instrument(id: InstrumentId, tick: Decimal) -> Instrument:
    code = code_of(id)
    currency = next((currency for currency in _QUOTED if code.endswith(currency) and code != currency), code[-3:])
    return Instrument(
        id=id,
        name=code,
        kind=Kind.CRYPTO,
        currency=Currency(currency),
        ticks=fixed_tick(str(tick)),
        lot=Decimal("0.00000001"),
    )
