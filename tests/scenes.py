"""Small real scenes for tests: an engine that knows two instruments, one funded account, an open market and gate."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from core.domain.account import Account, Balance, Mode
from core.domain.events import (
    AccountListed,
    FeedChanged,
    GateChanged,
    InstrumentListed,
    OrderAccepted,
    OrderFilled,
    OrderSending,
    PhaseChanged,
    RateChanged,
)
from core.domain.ids import AccountId, ClientOrderId, FillId, InstrumentId, VenueRef, derived_client_order_id
from core.domain.instrument import Currency, Instrument, Kind, TickTable, fixed_tick
from core.domain.limits import RiskLimits
from core.domain.market import NS, Phase, Quote
from core.domain.order import Fill, OrderRequest, OrderType, Side
from core.trading.engine import Engine

ACCOUNT = AccountId("paper:main")
SAMSUNG = InstrumentId("XKRX:005930")
APPLE = InstrumentId("XNAS:AAPL")
KRW, USD = Currency("KRW"), Currency("USD")
START = 1_763_600_000 * NS

_ids = count()


def krx_ticks() -> TickTable:
    return TickTable(
        tuple((Decimal(a), Decimal(b)) for a, b in ((0, 1), (2000, 5), (5000, 10), (20000, 50), (50000, 100)))
    )


INSTRUMENTS = (
    Instrument(
        id=SAMSUNG,
        name="Samsung Electronics",
        name_ko="삼성전자",
        kind=Kind.STOCK,
        currency=KRW,
        ticks=krx_ticks(),
        price_limit=Decimal("0.3"),
        previous_close=Decimal(70_500),
    ),
    Instrument(id=APPLE, name="Apple", kind=Kind.STOCK, currency=USD, ticks=fixed_tick("0.01"), can_short=True),
)


def new_id() -> ClientOrderId:
    return derived_client_order_id("test", str(next(_ids)))


def request(
    side: str = "buy",
    quantity: str = "10",
    price: str | None = "71000",
    instrument: InstrumentId = SAMSUNG,
    **more: Any,
) -> OrderRequest:
    if price is not None:
        more.setdefault("type", OrderType.LIMIT)
        more["limit_price"] = Decimal(price)
    else:
        more.setdefault("type", OrderType.MARKET)
    return OrderRequest(
        client_order_id=more.pop("id", None) or new_id(),
        account=ACCOUNT,
        instrument=instrument,
        side=Side(side),
        quantity=Decimal(quantity),
        **more,
    )


def quote(bid: float, ask: float, now: int = START, instrument: InstrumentId = SAMSUNG, size: float = 500) -> Quote:
    return Quote(instrument, bid, size, ask, size, now, now)


def engine(limits: RiskLimits | None = None, cash: str = "100000000", **more: Any) -> Engine:
    """KRW and USD cash, quotes 71,000/71,100 and 227.30/227.32, 1,400 KRW a dollar, everything open."""
    made = Engine(KRW, limits or RiskLimits(), **more)
    balances = tuple(
        Balance(currency=c, total=Decimal(v), available=Decimal(v)) for c, v in ((KRW, cash), (USD, "100000"))
    )
    account = Account(id=ACCOUNT, mode=Mode.PAPER, base_currency=KRW, balances=balances)
    for event in (
        *(InstrumentListed(ts=START, instrument=i) for i in INSTRUMENTS),
        AccountListed(ts=START, account=account),
        RateChanged(ts=START, currency=USD, base=KRW, rate=Decimal(1400)),
        PhaseChanged(ts=START, market="XKRX", phase=Phase.OPEN),
        PhaseChanged(ts=START, market="XNAS", phase=Phase.OPEN),
        FeedChanged(ts=START, broker="paper", is_connected=True),
        GateChanged(ts=START, account=ACCOUNT, is_open=True),
        quote(71_000, 71_100),
        quote(227.30, 227.32, instrument=APPLE),
    ):
        made.step(event, START)
    return made


def fill(
    side: str,
    quantity: str,
    price: str,
    *,
    order: ClientOrderId | None = None,
    id: str | None = None,
    instrument: InstrumentId = SAMSUNG,
    fee: str = "0",
    tax: str = "0",
    source: str = "keyboard",
    ts: int = START,
) -> Fill:
    return Fill(
        fill_id=FillId(id or f"f{next(_ids)}"),
        client_order_id=order,
        ref=VenueRef("v1"),
        account=ACCOUNT,
        instrument=instrument,
        side=Side(side),
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        tax=Decimal(tax),
        currency=KRW if instrument == SAMSUNG else USD,
        source=source,
        ts=ts,
    )


def send(made: Engine, id: ClientOrderId, now: int = START) -> None:
    """Take a STAGED order to OPEN, as outbox and venue would."""
    made.step(OrderSending(ts=now, client_order_id=id), now)
    made.step(OrderAccepted(ts=now, client_order_id=id, ref=VenueRef(f"v-{id[-4:]}")), now)


def hold(made: Engine, side: str, quantity: str, price: str, **more: Any) -> None:
    """Give the account a position by a fill of nobody's order."""
    made.step(OrderFilled(ts=START, fill=fill(side, quantity, price, **more)), START)
