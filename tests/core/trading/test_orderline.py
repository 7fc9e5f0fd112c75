"""The order line: what each spelling means, what is refused and what is offered instead, and that nothing breaks it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.account import Mode
from core.domain.commands import Cancel, CancelAll, Close, Panic, Replace
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, derived_client_order_id, instrument_id
from core.domain.instrument import Currency, Instrument, Kind, TickTable, fixed_tick
from core.domain.order import OrderType, Side, TimeInForce
from core.trading.orderline import (
    CancelOrder,
    CloseOrder,
    Line,
    LineContext,
    LineError,
    ModifyOrder,
    NewOrder,
    OffTick,
    PanicOrder,
    Touch,
    parse,
)
from core.trading.search import SymbolIndex

D = Decimal
KRX = TickTable(
    tuple((D(a), D(b)) for a, b in ((0, 1), (2000, 5), (5000, 10), (20_000, 50), (50_000, 100), (200_000, 500)))
)
MAIN, OTHER = AccountId("paper:main"), AccountId("ib2:x1")


def listed(market: str, code: str, name: str, name_ko: str, currency: str, ticks: TickTable, **more: Any) -> Instrument:
    return Instrument(
        id=instrument_id(market, code),
        name=name,
        name_ko=name_ko,
        kind=Kind.STOCK,
        currency=Currency(currency),
        ticks=ticks,
        **more,
    )


SAMSUNG = listed("XKRX", "005930", "Samsung Electronics", "삼성전자", "KRW", KRX)
PREFERRED = listed("XKRX", "005935", "Samsung Electronics Pref", "삼성전자우", "KRW", KRX)
HYNIX = listed("XKRX", "000660", "SK hynix", "SK하이닉스", "KRW", KRX)
APPLE = listed("XNAS", "AAPL", "Apple", "애플", "USD", fixed_tick("0.01"), can_short=True)
BITCOIN = listed("UPBIT", "KRW-BTC", "Bitcoin", "비트코인", "KRW", fixed_tick("1000"), lot=D("0.00000001"))
TENCENT = listed("XHKG", "700", "Tencent", "텐센트", "HKD", fixed_tick("0.2"), lot=D(100))
NUMBERED = listed("XKRX", "100000", "Numbered", "", "KRW", KRX)
DAYFORCE = listed("XNYS", "DAY", "Dayforce", "", "USD", fixed_tick("0.01"), can_short=True)
ALLSTATE = listed("XNYS", "ALL", "Allstate", "", "USD", fixed_tick("0.01"), can_short=True)
CONVERTED = listed("XKRX", "00104K", "CJ 4 Pref", "CJ4우", "KRW", KRX)
HANSEO = listed("XKRX", "123450", "Hanseo Chemical", "한서철강", "KRW", KRX)
GITCOIN = listed("UPBIT", "KRW-GTC", "Gitcoin", "깃코인", "KRW", fixed_tick("1"), lot=D("0.00000001"))
WITH_WORDS = SymbolIndex([SAMSUNG, GITCOIN, DAYFORCE, ALLSTATE, CONVERTED, HANSEO])
INDEX = SymbolIndex([SAMSUNG, PREFERRED, HYNIX, APPLE, BITCOIN, TENCENT, NUMBERED])


class Working(msgspec.Struct):
    id: ClientOrderId
    account: AccountId
    instrument: InstrumentId
    side: Side
    stop_price: Decimal | None = None
    reduce_only: bool = False
    parent: ClientOrderId | None = None
    filled: Decimal = Decimal(0)


BUYING = Working(derived_client_order_id("one"), MAIN, SAMSUNG.id, Side.BUY)
SELLING = Working(derived_client_order_id("two"), MAIN, APPLE.id, Side.SELL)
QUOTES = {
    SAMSUNG.id: Touch(bid=70_900.0, ask=71_000.0, last=71_000.0),
    APPLE.id: Touch(bid=200.01, ask=200.04, last=200.02),
    BITCOIN.id: Touch(bid=95_000_000.0, ask=95_001_000.0, last=95_000_000.0),
    NUMBERED.id: Touch(bid=None, ask=0.0, last=5000.0),
    TENCENT.id: Touch(bid=400.0, ask=400.2, last=400.0),
}
HELD = {(MAIN, SAMSUNG.id): D(100), (MAIN, APPLE.id): D(-5), (OTHER, APPLE.id): D(7)}


def known(**changes: Any) -> LineContext:
    plain: dict[str, Any] = {
        "find": INDEX.resolve,
        "accounts": (MAIN, OTHER),
        "quote": QUOTES.get,
        "position": lambda account, instrument: HELD.get((account, instrument), D(0)),
        "buying_power": lambda account, currency: D(10_000_000) if currency == "KRW" else None,
        "mode": Mode.PAPER,
        "selected": SAMSUNG,
        "orders": lambda: (BUYING, SELLING),
    }
    return LineContext(**(plain | changes))


def order(text: str, **changes: Any) -> NewOrder:
    line = parse(text, known(**changes))
    assert isinstance(line, NewOrder), line
    return line


def wrong(text: str, **changes: Any) -> LineError:
    with pytest.raises(LineError) as caught:
        parse(text, known(**changes))
    return caught.value


def offered(text: str, error: LineError) -> list[str]:
    """The lines that the suggestions make of `text`."""
    return [text[: error.position] + s + text[error.position + error.length :] for s in error.suggestions]


# --- orders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "b 10 005930 @71000",
        "B 005930 10 @71,000",
        "buy @71000 10 005930",
        "매수 10주 삼성전자 @71000",
        "매수 삼성전자 10 @71000",
        "ㅠ 10 ㅅㅅㅈㅈ @71000",
        "ㅠㅕㅛ 10 . @71000",
        "b 10 @71000",
        "b 10 . @a",
        "b 10 005930 @l",
        "b 10 samsung electronics @71000",
        "b 10 XKRX:005930 @71000",
        "b 10 paper:005930 @71000",
        "b 10 main:. @71000",
        "b 10 paper:main:XKRX:005930 @71000",
        "\tb  10\t005930 @71000  ",
        "ｂ １０ ００５９３０ ＠７１０００",
        "b 10 005930 @71000 day acct=paper",
        "b 10 005930 @ㅁ",
    ],
)
def test_one_order_in_many_spellings(text: str) -> None:
    line = order(text)
    assert (line.side, line.quantity, line.instrument, line.account) == (Side.BUY, D(10), SAMSUNG, MAIN)
    assert (line.type, line.limit_price, line.time_in_force) == (OrderType.LIMIT, D(71_000), TimeInForce.DAY)
    request = line.request(BUYING.id, "cli")
    assert (request.quantity, request.limit_price, request.source) == (D(10), D(71_000), "cli")


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("b 10 005930", "70900"),
        ("s 10 005930", "71000"),
        ("매도 10 005930", "71000"),
        ("b 10 005930 @b", "70900"),
        ("b 10 005930 @a+2", "71200"),
        ("b 10 005930 @bid-1t", "70800"),
        ("s 10 005930 @현재가", "71000"),
        ("b 10 005930 @l-0.3%", "70700"),
        ("s 10 005930 @l+0.3%", "71300"),
        ("b 10 005930 @mid", "70900"),
        ("s 10 005930 @mid", "71000"),
        ("b 10 aapl @mid", "200.02"),
        ("s 10 aapl @mid", "200.03"),
        ("b 10 @50000", "50000"),
        ("b 10 @49950", "49950"),
    ],
)
def test_prices(text: str, price: str) -> None:
    """No price is the own touch; what is worked out goes to tick on the passive side."""
    line = order(text)
    assert (line.type, line.limit_price) == (OrderType.LIMIT, D(price))


def test_market_must_be_written() -> None:
    for text in ("b 10 005930 @mkt", "b 10 005930 @시장가", "b 10 005930 @ㅡㅏㅅ"):
        assert order(text).type is OrderType.MARKET
        assert order(text).limit_price is None
    assert order("b 10 005930 @moc").type is OrderType.MOC
    assert order("b 10 005930").type is OrderType.LIMIT


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("b 10k 005930", "10000"),
        ("b 1만주 005930", "10000"),
        ("b 1,000 005930", "1000"),
        ("b 100,000 005930", "100000"),
        ("b ₩5m 005930", "70"),
        ("b ￦5m 005930", "70"),
        ("b 500만원 005930", "70"),
        ("b 5,000,000원 삼성전자 @50000", "100"),
        ("b 1억원 005930 @50000", "2000"),
        ("b 25% 005930 @50000", "50"),
        ("b all 005930 @50000", "199"),
        ("b 전량 005930 @50000", "199"),
        ("b 100% btc @b", "0.10505263"),
        ("b ₩5m 005930 @mkt", "70"),
        ("b $5000 aapl", "24"),
        ("s 25% 005930", "25"),
        ("s all 005930", "100"),
        ("s all aapl acct=ib2", "7"),
        ("b 0.05 KRW-BTC", "0.05"),
        ("b .05 btc", "0.05"),
        ("b 1000만원 btc @b", "0.10526315"),
        ("b ₩5m 005930 stop=72000 @mkt", "69"),
    ],
)
def test_quantities(text: str, quantity: str) -> None:
    assert order(text).quantity == D(quantity)


@given(cash=st.integers(1, 10**9), price=st.integers(1, 190_000))
def test_cash_never_buys_more_than_it_pays(cash: int, price: int) -> None:
    price -= price % int(KRX.step(D(price)))
    if price <= 0:
        return
    text = f"b {cash}원 005930 @{price}"
    if cash < price:
        assert "less than one lot" in wrong(text).text
        return
    quantity = order(text).quantity
    assert quantity * price <= cash < (quantity + 1) * price


def test_options() -> None:
    line = order("s 10 aapl @200.05 gtc ro po #swing-1 acct=ib2 !")
    assert (line.time_in_force, line.reduce_only, line.post_only) == (TimeInForce.GTC, True, True)
    assert (line.note, line.account, line.is_immediate) == ("swing-1", OTHER, True)
    assert order("b 1 005930 ioc").time_in_force is TimeInForce.IOC
    assert order("b 1 005930 fok").time_in_force is TimeInForce.FOK
    assert not order("b 1 005930").is_immediate


def test_a_share_of_what_is_held_only_closes_where_one_may_be_short() -> None:
    """Sent twice it would turn the position; where one cannot be short, what is held is the bound as it is."""
    assert order("s all aapl acct=ib2").reduce_only
    assert order("s 50% aapl acct=ib2").reduce_only
    assert not order("s 7 aapl acct=ib2").reduce_only
    assert not order("s all 005930").reduce_only


def test_stops_and_trails() -> None:
    line = order("s all 005930 stop=69500 @mkt")
    assert (line.type, line.stop_price, line.limit_price, line.quantity) == (OrderType.STOP, D(69_500), None, D(100))
    line = order("s 10 005930 stop=69500 @69000")
    assert (line.type, line.stop_price, line.limit_price) == (OrderType.STOP_LIMIT, D(69_500), D(69_000))
    for text, trail in (("tr=1%", "700"), ("tr=5t", "500"), ("tr=250", "250"), ("tr=0.01%", "100")):
        line = order(f"s 10 005930 {text}")
        assert (line.type, line.trail, line.limit_price) == (OrderType.TRAILING, D(trail), None)
        assert line.request(BUYING.id).trail == D(trail)


def test_a_stop_that_does_not_say_what_it_sends_offers_both() -> None:
    text = "s 10 005930 stop=69500"
    lines = offered(text, wrong(text))
    assert [order(line).type for line in lines] == [OrderType.STOP, OrderType.STOP_LIMIT]


def test_what_was_worked_out_is_told() -> None:
    assert order("b 500만원 005930").remarks == ("limit at the bid, 70900", "500만원 = 70 at 70900")
    assert order("b 10 005930 @71000").remarks == ()
    assert order("b all 005930 @50000").remarks == ("0.2% is kept for costs", "all = 199 at 50000")


# --- close, reverse, cancel, modify, panic ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", CloseOrder(account=MAIN, instrument=SAMSUNG)),
        ("청산 삼성전자", CloseOrder(account=MAIN, instrument=SAMSUNG)),
        ("x all 005930", CloseOrder(account=MAIN, instrument=SAMSUNG)),
        ("ㅌ 25% 005930", CloseOrder(account=MAIN, instrument=SAMSUNG, fraction=D("0.25"))),
        ("x 005930 @mkt", CloseOrder(account=MAIN, instrument=SAMSUNG, at_market=True)),
        ("x aapl acct=ib2 !", CloseOrder(account=OTHER, instrument=APPLE, is_immediate=True)),
        ("c all", CancelOrder()),
        ("취소 전부", CancelOrder()),
        ("c all acct=paper", CancelOrder(account=MAIN)),
        ("c 005930", CancelOrder(instrument=SAMSUNG)),
        ("c .", CancelOrder(instrument=SAMSUNG)),
        (f"c #{BUYING.id}", CancelOrder(client_order_id=BUYING.id)),
        (f"ㅊ #{SELLING.id[-4:].upper()}", CancelOrder(client_order_id=SELLING.id)),
        (
            f"m #{BUYING.id[:8]} 20 @70800",
            ModifyOrder(client_order_id=BUYING.id, instrument=SAMSUNG, quantity=D(20), limit_price=D(70_800)),
        ),
        (f"정정 #{BUYING.id} 20", ModifyOrder(client_order_id=BUYING.id, instrument=SAMSUNG, quantity=D(20))),
        (
            f"m #{SELLING.id} stop=199.5",
            ModifyOrder(client_order_id=SELLING.id, instrument=APPLE, stop_price=D("199.5")),
        ),
        ("!", PanicOrder()),
        ("panic flatten", PanicOrder(flatten=True)),
        ("! f acct=paper", PanicOrder(flatten=True, account=MAIN)),
        ("비상", PanicOrder()),
    ],
)
def test_what_other_verbs_mean(text: str, expected: Line) -> None:
    assert parse(text, known()) == expected


def test_other_lines_make_commands() -> None:
    def command(text: str) -> Any:
        line = parse(text, known())
        assert isinstance(line, CancelOrder | ModifyOrder | PanicOrder)
        return line.command("cli")

    assert command("c all") == CancelAll(by="cli")
    assert command("c 005930") == CancelAll(instrument=SAMSUNG.id, by="cli")
    assert command(f"c #{BUYING.id}") == Cancel(client_order_id=BUYING.id, by="cli")
    assert command("! f") == Panic(flatten=True, by="cli")
    modified = command(f"m #{BUYING.id} 5 @a")
    assert modified == Replace(client_order_id=BUYING.id, quantity=D(5), limit_price=D(71_000), by="cli")
    closed = parse("x 50%", known())
    assert isinstance(closed, CloseOrder)
    expected = Close(client_order_id=BUYING.id, account=MAIN, instrument=SAMSUNG.id, fraction=D("0.5"))
    assert closed.command(BUYING.id) == expected


def test_closing_with_terms_is_a_reduce_only_order_that_takes() -> None:
    line = order("x 40 005930")
    assert (line.side, line.quantity, line.limit_price, line.reduce_only) == (Side.SELL, D(40), D(70_900), True)
    line = order("x aapl 3")
    assert (line.side, line.quantity, line.limit_price, line.reduce_only) == (Side.BUY, D(3), D("200.04"), True)
    line = order("x 50% 005930 @72000 gtc")
    assert (line.quantity, line.limit_price, line.time_in_force) == (D(50), D(72_000), TimeInForce.GTC)
    assert "at most 100" in wrong("x 101 005930").text
    assert "no position" in wrong("x 000660").text


def test_reverse_turns_the_whole_position() -> None:
    line = order("rev aapl")
    assert (line.side, line.quantity, line.limit_price, line.reduce_only) == (Side.BUY, D(10), D("200.04"), False)
    assert "sold short" in wrong("rev 005930").text
    assert "no quantity" in wrong("rev 5 aapl").text


# --- refusals --------------------------------------------------------------------------------------------------------


def test_off_tick_shows_both_neighbours_and_never_rounds() -> None:
    for text, best in (("b 10 005930 @71050", "71000"), ("s 10 005930 @71050", "71100")):
        error = wrong(text)
        assert isinstance(error, OffTick)
        assert (error.lower, error.upper) == (D(71_000), D(71_100))
        assert order(offered(text, error)[0]).limit_price == D(best)
        assert len(offered(text, error)) == 2
    text = "s 10 005930 stop=69,550 @mkt"
    error = wrong(text)
    assert isinstance(error, OffTick)
    assert order(offered(text, error)[0]).stop_price == D(69_600)
    assert isinstance(wrong(f"m #{BUYING.id} @70850"), OffTick)
    assert isinstance(wrong("b 10 005930 @0.5"), OffTick)


def test_six_digits_are_a_code_and_two_codes_are_a_question() -> None:
    text = "b 100000 005930 @71000"
    error = wrong(text)
    lines = [order(line) for line in offered(text, error)]
    assert [(line.quantity, line.instrument) for line in lines] == [(D(100_000), SAMSUNG), (D(5930), NUMBERED)]
    assert "how many" in wrong("b 005930").text


def test_two_readings_are_shown_and_neither_is_taken() -> None:
    """700 is Tencent's code and could be a quantity of the selected Samsung."""
    error = wrong("x 700")
    assert "XHKG:700" in error.text and "XKRX:005930" in error.text
    line = order("b 100 700")
    assert (line.quantity, line.instrument) == (D(100), TENCENT)
    assert order("b 700").instrument == SAMSUNG, "a buy needs a quantity, so there is one reading"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("b 10 DAY", DAYFORCE),
        ("s 10 day @mkt", DAYFORCE),
        ("x DAY", DAYFORCE),
        ("b 10 GTC", GITCOIN),
        ("b ALL", ALLSTATE),
        ("s all", ALLSTATE),
        ("b 00104K", CONVERTED),
        ("b 10 ㅎㅅㅊ", HANSEO),
    ],
)
def test_a_word_of_the_grammar_that_names_an_instrument_is_never_taken_for_the_selected_one(
    text: str, meant: Instrument
) -> None:
    context = {"find": WITH_WORDS.resolve, "quote": lambda _: Touch(bid=100.0, ask=101.0, last=100.0)}
    error = wrong(text, **context)
    assert f"is also {meant.id}" in error.text and meant.id in error.suggestions
    selected = parse(offered(text, error)[-1], known(**context))
    assert getattr(selected, "instrument", None) == SAMSUNG, "a dot means the selected one"


def test_words_of_the_grammar_stay_words_beside_a_symbol() -> None:
    context = {"find": WITH_WORDS.resolve}
    assert order("b 10 005930 DAY", **context).instrument == SAMSUNG
    assert order("s all 005930", **context).quantity == 100
    assert order("b 10 ㅎㅅㅊ .", **context).time_in_force is TimeInForce.GTC
    named = order("b 10 XNYS:DAY @70", **context)
    assert (named.instrument, named.quantity) == (DAYFORCE, 10)
    assert order("b 00104K 10 @5000", **context).quantity == 10


def test_a_name_that_fits_several_offers_their_codes() -> None:
    text = "b 10 samsung @71000"
    error = wrong(text)
    assert error.suggestions == ("005930", "005935")
    assert order(offered(text, error)[0]).instrument == SAMSUNG


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing is written"),
        ("zz 10 005930", "not a verb"),
        ("b", "how many"),
        ("b 10 nosuch", "no instrument fits 'nosuch'"),
        ("b xyz 005930", "'xyz' is neither"),
        ("b 10 00593", "no instrument"),
        ("b 10 20 005930", "no instrument"),
        ("b 0 005930", "above zero"),
        ("b -5 005930", "neither a quantity"),
        ("b 101% 005930", "at most 100%"),
        ("b 1.5 005930", "whole number of lots"),
        ("b $5000 005930", "USD, but 005930 costs KRW"),
        ("b ₩100 005930", "less than one lot, which costs 70900 KRW"),
        ("b 5% aapl", "buying power of paper:main is unknown"),
        ("b ₩5m 000660 @mkt", "no price now"),
        ("b 10 000660", "no bid price now"),
        ("b 10 100000", "no bid price now"),
        ("s 50% 000660", "no 000660 in paper:main to sell"),
        ("s 50% aapl", "no AAPL in paper:main to sell"),
        ("b r0.5% 005930", "needs the stop loss"),
        ("b 10 005930 chase=0t", "how many ticks"),
        ("b 10 005930 chase=1%", "how many ticks"),
        ("b 10 005930 chase=100t", "how many ticks"),
        ("b 10 005930 @71000 chase=3t", "@71000 does not: write @b"),
        ("b 10 005930 @mkt chase=3t", "@mkt does not: write @b"),
        ("b 10 005930 @l-0.3% chase=3t", "does not: write @b"),
        ("b 10 005930 ioc chase=3t", "cannot stand with ioc"),
        ("b 10 005930 opg chase=3t", "cannot stand with opg"),
        ("b 10 005930 stop=72000 @mkt chase=3t", "leave stop=72000 out"),
        ("b 10 005930 chase=3t twap=10m", "together"),
        ("b 10 005930 twap=10", "over how long"),
        ("b 10 005930 twap=1s", "over how long"),
        ("b 10 005930 twap=13h", "over how long"),
        ("b 1 005930 twap=10m", "too little to slice: 2 at least"),
        ("b 10 005930 gtc twap=10m", "cannot stand with gtc"),
        ("b 10 005930 @moc twap=10m", "cannot stand with @moc"),
        ("b 10 005930 twap=10m sl=-2%", "has no legs"),
        ("b 10 005930 @l-0.3% twap=10m", "does not: write @b"),
        ("p 005930 sl=-2% chase=3t", "means nothing to p"),
        ("p 005930 sl=-2% twap=10m", "means nothing to p"),
        (f"m #{BUYING.id} @71000 chase=3t", "only quantity"),
        ("x 005930 @71000 chase=2t", "does not: write @b"),
        ("b 10 005930 vwap", "slices by volume: twap=10m"),
        ("b 10 005930 oco", "needs sl= or tp="),
        ("b 10 005930 stop=72000 @mkt opg", "goes with a limit or a market"),
        ("b 10 005930 @moc opg", "leave opg out"),
        ("b 10 005930 @moo gtc", "leave gtc out"),
        ("b 10 005930 @loc 71000 gtc", "leave gtc out"),
        ("b 10 005930 opg po", "only takes"),
        ("p 005930 sl=-2% opg", "gtc or day"),
        ("p 005930", "protect with what"),
        ("b 10 005930 @loc", "needs its limit right behind it"),
        ("b 10 @loo 005930", "six digits are always a code"),
        ("b 10 005930 @loc @mkt", "needs its limit right behind it"),
        ("b 10 005930 @loc 71050", "take 71000 or 71100"),
        ("b 10 005930 @", "not a price"),
        ("b 10 005930 @NaN", "not a price"),
        ("b 10 005930 @-5", "not a price"),
        ("b 10 005930 @0", "above zero"),
        ("b 10 005930 @1e5", "not a price"),
        ("b 10 005930 @l-100%", "too far"),
        ("b 10 005930 @71000 @72000", "price is written twice"),
        ("b 10 005930 day gtc", "time in force is written twice"),
        ("b 10 005930 acct=paper acct=ib2", "account is written twice"),
        ("b 10 ib2:aapl acct=paper", "two accounts"),
        ("b 10 005930 acct=kis", "not an account: paper:main, ib2:x1"),
        ("b 10 005930 stpo=3", "options are sl="),
        ("b 10 005930 stop=x", "not a stop price"),
        ("b 10 005930 stop=69500 tr=1%", "leave one out"),
        ("b 10 005930 tr=200%", "not a distance"),
        ("b 10 005930 tr=1% @71000", "trailing"),
        ("b 10 005930 po @mkt", "needs a limit"),
        ("b 10 005930 po ioc", "leave one out"),
        ("b 10 005930 #", "not a tag"),
        ("c", "cancel what"),
        ("c #zzzz", "no live order"),
        ("c #h", "at least 3 characters"),
        ("c 005930 gtc", "means nothing to a cancel"),
        ("m 10 @71000", "which order"),
        (f"m #{BUYING.id}", "what shall change"),
        (f"m #{BUYING.id} 50%", "one new quantity"),
        (f"m #{BUYING.id} @mkt", "keeps its type"),
        (f"m #{BUYING.id} 5 gtc", "can be changed"),
        ("! now", "means nothing to panic"),
        ("b 10 005930\x00", "invisible"),
        ("b 10 005930\u200b", "invisible"),
        ("b " + "1" * 10_000, "too long"),
    ],
)
def test_refusals_say_why_and_point_at_the_place(text: str, said: str) -> None:
    error = wrong(text)
    assert said in error.text
    assert 0 <= error.position <= len(text)
    assert error.position + error.length <= len(text)
    assert len(error.text) < 400


def test_suggestions_stand_in_for_the_place_at_fault() -> None:
    for text in ("bu 10 005930 @71000", "b 10 005930 @71000 vwap", "b 10.5 005930 @71000", "b 10 samsung @71000"):
        error = wrong(text)
        assert error.suggestions
        assert order(offered(text, error)[0]).limit_price == D(71_000)


def test_send_at_once_is_for_paper() -> None:
    assert "paper only" in wrong("b 10 005930 !", mode=Mode.LIVE).text
    assert "paper only" in wrong("x !", mode=Mode.LIVE).text


def test_nothing_selected_and_no_account_are_told() -> None:
    assert "none is selected" in wrong("b 10", selected=None).text
    assert "none is selected" in wrong("b 10 .", selected=None).text
    assert "no account" in wrong("b 10 005930", accounts=()).text


# --- hostile text ----------------------------------------------------------------------------------------------------

HOSTILE = """
b s x rev m c p ! buy 매수 ㅠ 10 100000 005930 aapl 700 . all 25% r1% ₩5m 500만원 $5000 0.00000001 999999999999999
1e30 NaN Infinity -1 @71000 @b @a+999 @l-99.9% @mid @mkt @moc @0.000000000001 @999999999999999 stop=72000 stop=1e9
tr=1% tr=999t tr=0.000000000001 day gtc ioc ro po acct=ib2 acct= sl=1 #tag #hab # = == @ : ib2:aapl ::: 삼성 ㅅㅅ
sl=69500 sl=-2% tp=+3% tp=10t sl=+9% oco=74000 pair oco opg ext chase=3t
chase=99 chase=x twap=10m twap=2s twap=12h twap=99999h @loc @loo @moo vwap
samsung electronics 𝟙𝟘 ١٠ ² ½ 999999999999999억원 .000000000001% 🙂 \u202e
"""
WORDS = st.sampled_from(HOSTILE.split())


@given(text=st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=7).map(" ".join), st.text(min_size=200)))
@example(text="b 999999999999999억원 btc @1000")
@example(text="b 999999999999999 005930 @999999999999999")
@example(text="b 0.00000001 btc @1000")
@example(text="NaN Infinity 1e30")
@example(text="b 1e30 005930")
@example(text="\ud800")
@example(text="c #" + "h" * 200)
def test_no_text_raises_anything_but_line_error(text: str) -> None:
    try:
        line = parse(text, known())
    except LineError as error:
        assert str(error)
        assert 0 <= error.position <= len(text)
        return
    if isinstance(line, NewOrder):
        request = line.request(BUYING.id)
        assert request.quantity % line.instrument.lot == 0
        for price in (request.limit_price, request.stop_price, request.stop_loss, request.take_profit):
            assert price is None or line.instrument.ticks.is_valid(price)
    elif isinstance(line, CloseOrder):
        line.command(BUYING.id)
    else:
        line.command()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0, 1e300, 5e-324])
def test_a_broken_quote_is_an_error_of_the_line(bad: float) -> None:
    context = known(quote=lambda _: Touch(bid=bad, ask=bad, last=bad))
    for text in ("b 10 005930", "b ₩5m 005930 @mkt", "s 10 005930 @l+1%", "s 1 005930 tr=1%", "x 5 005930"):
        with pytest.raises(LineError):
            parse(text, context)


def test_what_can_be_no_order_is_an_error_of_the_line() -> None:
    error = wrong("b 999999999999999억원 005930 @mkt", quote=lambda _: Touch(bid=1e-9, ask=2e-9, last=1e-9))
    assert "cannot be used" in error.text
