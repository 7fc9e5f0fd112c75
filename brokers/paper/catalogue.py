"""What the embedded market trades, and the character of each: how it moves, how wide and deep it is. Real names on
invented prices; the tick tables are those in force at KRX since 2023 and at Upbit since 2025-07-31."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.domain.ids import InstrumentId, instrument_id
from core.domain.instrument import Currency, Instrument, Kind, TickTable

KRW, USD, USDT = Currency("KRW"), Currency("USD"), Currency("USDT")
RATES: dict[Currency, float] = {USD: 1391.2, USDT: 1398.0}
"""Opening exchange rates into KRW."""


def _table(*bands: tuple[str, str]) -> TickTable:
    return TickTable(tuple((Decimal(start), Decimal(step)) for start, step in bands))


KRX_STOCK = _table(
    ("0", "1"), ("2000", "5"), ("5000", "10"), ("20000", "50"), ("50000", "100"), ("200000", "500"), ("500000", "1000")
)
KRX_ETF = _table(("0", "1"), ("2000", "5"))
US_STOCK = _table(("0", "0.0001"), ("1", "0.01"))
UPBIT_KRW = _table(
    ("0", "0.00000001"),
    ("0.00001", "0.0000001"),
    ("0.0001", "0.000001"),
    ("0.001", "0.00001"),
    ("0.01", "0.0001"),
    ("0.1", "0.001"),
    ("1", "0.01"),
    ("10", "0.1"),
    ("100", "1"),
    ("5000", "5"),
    ("10000", "10"),
    ("50000", "50"),
    ("100000", "100"),
    ("500000", "500"),
    ("1000000", "1000"),
)
UPBIT_USDT = _table(
    ("0", "0.00000001"),
    ("0.0001", "0.0000001"),
    ("0.001", "0.000001"),
    ("0.01", "0.00001"),
    ("0.1", "0.0001"),
    ("1", "0.001"),
    ("10", "0.01"),
)


class Character(msgspec.Struct, frozen=True, kw_only=True):
    """How an instrument behaves."""

    group: str
    """Whose sessions and market factor it shares."""
    volatility: float
    """Standard deviation of a day's return."""
    rate: float
    """Events per second in an ordinary moment."""
    spread: float
    """Mean spread in ticks."""
    depth: float
    """Mean size of a level."""
    trade: float
    """Mean size of a trade."""
    beta: float = 0.7
    """Share of its movement that is the market's (correlation with the factor)."""
    gap: float = 0.0
    """Mean number of empty ticks between levels."""
    digits: int = 0
    """Digits of sizes."""
    follows: InstrumentId | None = None
    """The same coin quoted in another currency."""


class Listing(msgspec.Struct, frozen=True):
    instrument: Instrument
    character: Character


def _krx(code: str, name: str, name_ko: str, close: int, character: Character, kind: Kind = Kind.STOCK) -> Listing:
    instrument = Instrument(
        id=instrument_id("XKRX", code),
        name=name,
        name_ko=name_ko,
        kind=kind,
        currency=KRW,
        ticks=KRX_ETF if kind is Kind.ETF else KRX_STOCK,
        price_limit=Decimal("0.3"),
        previous_close=Decimal(close),
    )
    return Listing(instrument, character)


def _us(market: str, code: str, name: str, name_ko: str, close: str, character: Character, kind: Kind) -> Listing:
    instrument = Instrument(
        id=instrument_id(market, code),
        name=name,
        name_ko=name_ko,
        kind=kind,
        currency=USD,
        ticks=US_STOCK,
        can_short=True,
        previous_close=Decimal(close),
    )
    return Listing(instrument, character)


def _upbit(code: str, name: str, name_ko: str, close: str, character: Character) -> Listing:
    currency = Currency(code.partition("-")[0])
    instrument = Instrument(
        id=instrument_id("UPBIT", code),
        name=name,
        name_ko=name_ko,
        kind=Kind.CRYPTO,
        currency=currency,
        ticks=UPBIT_KRW if currency == KRW else UPBIT_USDT,
        lot=Decimal("0.00000001"),
        min_value=Decimal(5000) if currency == KRW else Decimal("0.5"),
        previous_close=Decimal(close),
    )
    return Listing(instrument, character)


def _of(group: str, volatility: float, rate: float, spread: float, depth: float, trade: float) -> Character:
    return Character(group=group, volatility=volatility, rate=rate, spread=spread, depth=depth, trade=trade)


def _coin(volatility: float, rate: float, spread: float, depth: float, trade: float, gap: float) -> Character:
    return Character(
        group="CRYPTO",
        volatility=volatility,
        rate=rate,
        spread=spread,
        depth=depth,
        trade=trade,
        gap=gap,
        beta=0.8,
        digits=4,
    )


def _twin(of: str, character: Character) -> Character:
    return msgspec.structs.replace(character, follows=instrument_id("UPBIT", of))


LISTINGS: tuple[Listing, ...] = (
    _krx("005930", "Samsung Electronics", "삼성전자", 71_000, _of("KRX", 0.018, 2.6, 1.02, 25_000, 120)),
    _krx("000660", "SK hynix", "SK하이닉스", 253_500, _of("KRX", 0.028, 2.0, 1.05, 3_000, 25)),
    _krx("035420", "NAVER", "NAVER", 207_500, _of("KRX", 0.022, 0.9, 1.1, 1_200, 12)),
    _krx("035720", "Kakao", "카카오", 41_250, _of("KRX", 0.025, 1.1, 1.1, 9_000, 60)),
    _krx("005380", "Hyundai Motor", "현대차", 205_000, _of("KRX", 0.020, 0.8, 1.15, 900, 10)),
    _krx("000270", "Kia", "기아", 98_900, _of("KRX", 0.020, 0.7, 1.2, 2_500, 20)),
    _krx("105560", "KB Financial", "KB금융", 107_700, _of("KRX", 0.020, 0.6, 1.3, 1_500, 15)),
    _krx("069500", "KODEX 200", "KODEX 200", 38_000, _of("KRX", 0.012, 1.0, 1.4, 8_000, 100), Kind.ETF),
    _us("XNAS", "AAPL", "Apple", "애플", "227.31", _of("US", 0.015, 2.0, 1.3, 350, 60), Kind.STOCK),
    _us("XNAS", "NVDA", "NVIDIA", "엔비디아", "186.50", _of("US", 0.028, 2.6, 1.2, 800, 90), Kind.STOCK),
    _us("XNAS", "TSLA", "Tesla", "테슬라", "412.20", _of("US", 0.035, 2.0, 4.0, 120, 40), Kind.STOCK),
    _us("ARCX", "SPY", "SPDR S&P 500 ETF", "SPDR S&P 500", "662.40", _of("US", 0.009, 2.0, 1.2, 1_500, 120), Kind.ETF),
    _us("XNAS", "SMH", "VanEck Semiconductor ETF", "반도체 ETF", "345.60", _of("US", 0.022, 0.7, 4, 200, 50), Kind.ETF),
    _us(
        "ARCX", "SPMO", "Invesco S&P 500 Momentum", "S&P 모멘텀", "121.35", _of("US", 0.011, 0.4, 3, 400, 60), Kind.ETF
    ),
    _us("ARCX", "IAU", "iShares Gold Trust", "금 ETF", "77.10", _of("US", 0.010, 0.5, 1.1, 3_000, 200), Kind.ETF),
    _upbit("KRW-BTC", "Bitcoin", "비트코인", "132500000", _coin(0.022, 2.8, 8, 0.08, 0.01, 2.0)),
    _upbit("KRW-ETH", "Ethereum", "이더리움", "5120000", _coin(0.032, 1.8, 1.6, 2.5, 0.25, 0.2)),
    _upbit("KRW-XRP", "XRP", "엑스알피(리플)", "3250", _coin(0.040, 1.8, 1.05, 30_000, 900, 0.0)),
    _upbit("USDT-BTC", "Bitcoin", "비트코인", "94778.00", _twin("KRW-BTC", _coin(0.022, 0.8, 900, 0.05, 0.008, 300))),
    _upbit("USDT-ETH", "Ethereum", "이더리움", "3662.30", _twin("KRW-ETH", _coin(0.032, 0.6, 60, 1.5, 0.2, 20))),
)

MARKETS: dict[str, tuple[str, ...]] = {"KRX": ("XKRX",), "US": ("XNAS", "ARCX"), "CRYPTO": ("UPBIT",)}
"""Groups of markets that open and close together."""
DAY_SECONDS: dict[str, float] = {"KRX": 23_400.0, "US": 23_400.0, "CRYPTO": 86_400.0}
"""Trading seconds of a day, for volatility."""
