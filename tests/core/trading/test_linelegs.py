"""Legs on the order line: where sl=, tp= and tr= stand, what p makes of a position, and sizes by what a stop loses."""

from __future__ import annotations

import os
import unicodedata
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from core.domain.algo import Chase, Twap
from core.domain.market import NS
from core.domain.order import OrderType, Side, TimeInForce
from core.trading.hangul import keys
from core.trading.orderline import (
    CancelOrder,
    CloseOrder,
    Line,
    LineError,
    ModifyOrder,
    NewOrder,
    OffTick,
    PanicOrder,
    parse,
)
from tests.core.trading.test_orderline import (
    APPLE,
    BUYING,
    HELD,
    HOSTILE,
    MAIN,
    SAMSUNG,
    SELLING,
    Working,
    known,
    offered,
    order,
    wrong,
)

D = Decimal
PAGE = Path(__file__).resolve().parents[3] / "docs" / "order-line.md"


@pytest.mark.parametrize(
    ("text", "stop_loss", "take_profit"),
    [
        ("b 10 005930 @71000 sl=69500 tp=74000", "69500", "74000"),
        ("b 10 005930 @71000 sl=-2% tp=+3%", "69600", "73200"),  # 69,580 and 73,130: never worse than asked
        ("b 10 005930 @71000 sl=2% tp=3%", "69600", "73200"),
        ("b 10 005930 @71000 sl=-5t tp=+10t", "70500", "72000"),
        ("b 10 005930 @71000 손절=69500 익절=74000", "69500", "74000"),
        ("b 10 005930 @71000 ㄴㅣ=69500", "69500", None),
        ("b 10 005930 @71000 oco=74000 sl=69500 oco", "69500", "74000"),
        ("b 10 005930 @71000 sl=69500 pair", "69500", "72500"),
        ("b 10 005930 @71000 tp=+2% pair", "69500", "72500"),
        ("b 10 005930 sl=-1t", "70800", None),
        ("b 10 005930 @mkt sl=-1%", "70300", None),  # from the ask, 71,000
        ("b 10 005930 stop=72000 @mkt sl=-1%", "71300", None),
        ("b 10 005930 @71000 sl=0.001%", "70900", None),
        ("s 10 aapl @200.00 sl=+2% tp=-3%", "204.00", "194.00"),
        ("s 10 aapl @200.00 sl=204 tp=190 acct=paper", "204", "190"),
        ("s 100 005930 stop=69500 @mkt ro tp=74000", None, "74000"),
        ("rev aapl sl=-1%", "198.04", None),
    ],
)
def test_where_legs_stand(text: str, stop_loss: str | None, take_profit: str | None) -> None:
    line = order(text)
    wanted = tuple(None if price is None else D(price) for price in (stop_loss, take_profit))
    assert (line.stop_loss, line.take_profit) == wanted
    request = line.request(BUYING.id)
    assert (request.stop_loss, request.take_profit) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("b 10 005930 @71000 sl=71000", "must lie below 71000"),
        ("b 10 005930 @71000 tp=70000", "must lie above 71000"),
        ("s 10 aapl @200.00 sl=199", "must lie above 200"),
        ("b 10 005930 @71000 sl=+2%", "lies below its entry: sl=-2%"),
        ("s 10 aapl @200.00 sl=-2%", "lies above its entry: sl=+2%"),
        ("b 10 005930 @71000 sl=-69500", "a price has no sign"),
        ("b 10 005930 @71000 sl=x", "no price and no distance"),
        ("b 10 005930 @71000 sl=", "no price and no distance"),
        ("b 10 005930 @71000 sl=-2% sl=-3%", "written twice"),
        ("b 10 005930 @71000 pair", "needs sl= or tp="),
        ("b 10 005930 @71000 sl=-2% oco", "oco means both"),
        ("s 10 005930 @71000 sl=72000", "only closes"),
        ("s 5 aapl acct=ib2 sl=+2%", "only closes"),
        ("s 5 aapl acct=ib2 tp=-3%", "only closes"),
        ("b 5 aapl tp=250", "only closes"),
        ("p 005930 tr=1", "less than one tick of 100: tr=1% or tr=1t"),
        ("s 10 005930 추적=99", "추적=99% or 추적=99t"),
        ("x sl=-2%", "x closes and has no legs"),
        ("b 10 005930 tr=1% sl=-2%", "no price to count from"),
        ("b 10 005930 @71000 ro sl=-2%", "ro only closes"),
        ("b r1% 005930 @71000 sl=-2%", "is unknown: write a quantity"),
        ("p 000660 sl=-2%", "nothing to protect"),
        ("p 005930 sl=-2% tr=1%", "leave one out"),
        ("p 005930 stop=69500", "means nothing to p"),
        ("p 005930 sl=-2% ioc", "gtc or day"),
        ("p 101 005930 sl=-2%", "at most 100"),
        ("p 005930 tp=+2% @70000", "limit behind its sl="),
        ("p 005930 sl=71500", "must lie below"),
    ],
)
def test_what_is_wrong_with_legs(text: str, said: str) -> None:
    error = wrong(text)
    assert said in error.text
    assert error.position + error.length <= len(text)


def test_a_leg_off_tick_offers_both_neighbours() -> None:
    text = "b 10 005930 @71000 sl=69,550"
    error = wrong(text)
    assert isinstance(error, OffTick)
    assert [order(line).stop_loss for line in offered(text, error)] == [D(69_600), D(69_500)]


def test_a_wrong_sign_offers_the_right_one() -> None:
    text = "b 10 005930 @71000 sl=+2%"
    assert order(offered(text, wrong(text))[0]).stop_loss == D(69_600)


def test_size_by_what_the_stop_loses() -> None:
    equity = lambda account, currency: D(100_000_000) if currency == "KRW" else None  # noqa: E731
    line = order("b r0.5% 005930 @71000 sl=69500", equity=equity)
    assert line.quantity == 333  # 500,000 / 1,500
    assert (line.quantity * 1500 <= 500_000) and ((line.quantity + 1) * 1500 > 500_000)
    assert line.remarks[-1] == "r0.5% = 333, losing 499500"
    assert "one lot would lose" in wrong("b r0.001% 005930 @71000 sl=69500", equity=equity).text
    assert order(
        offered("b r1% 005930 @71000", wrong("b r1% 005930 @71000", equity=equity))[0], equity=equity
    ).stop_loss


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("p 005930 sl=-2% tp=+3%", (OrderType.STOP, "100", None, "69600", None, "73200")),
        ("p sl=69500", (OrderType.STOP, "100", None, "69500", None, None)),
        ("보호 삼성전자 손절=69500", (OrderType.STOP, "100", None, "69500", None, None)),
        ("p 50% sl=69500", (OrderType.STOP, "50", None, "69500", None, None)),
        ("p 30 005930 sl=69500 @69000", (OrderType.STOP_LIMIT, "30", "69000", "69500", None, None)),
        ("p tr=1%", (OrderType.TRAILING, "100", None, None, "700", None)),
        ("p tr=500 tp=74000", (OrderType.TRAILING, "100", None, None, "500", "74000")),
        ("p tp=74000", (OrderType.LIMIT, "100", "74000", None, None, None)),
        ("p sl=-2% pair", (OrderType.STOP, "100", None, "69600", None, "72400")),
    ],
)
def test_p_protects_what_is_held(text: str, terms: tuple[Any, ...]) -> None:
    line = order(text)
    wanted = (terms[0], *(None if term is None else D(term) for term in terms[1:]))
    assert (line.type, line.quantity, line.limit_price, line.stop_price, line.trail, line.take_profit) == wanted
    assert (line.side, line.reduce_only, line.time_in_force) == (Side.SELL, True, TimeInForce.GTC)
    line.request(BUYING.id)


def test_p_protects_a_short_above() -> None:
    line = order("p aapl sl=+2% tp=-3%")
    assert (line.side, line.quantity, line.stop_price, line.take_profit) == (Side.BUY, D(5), D("204.02"), D("194.01"))


def test_p_moves_the_stop_that_stands() -> None:
    stop = Working(BUYING.id, MAIN, SAMSUNG.id, Side.SELL, stop_price=D(69_000), reduce_only=True)
    line = parse("p sl=69500", known(orders=lambda: (stop,)))
    assert isinstance(line, ModifyOrder)
    assert (line.client_order_id, line.stop_price) == (stop.id, D(69_500))
    for text in ("p sl=69500 tp=74000", "p tr=1%", "p 10 sl=69500"):
        assert "a stop stands already" in wrong(text, orders=lambda: (stop,)).text
    assert order("p tp=74000", orders=lambda: (stop,)).type is OrderType.LIMIT


def test_a_stop_that_waits_for_its_entry_is_not_the_positions() -> None:
    stop = Working(SELLING.id, MAIN, SAMSUNG.id, Side.SELL, stop_price=D(69_000), reduce_only=True, parent=BUYING.id)
    line = order("p sl=69500", orders=lambda: (BUYING, stop))
    assert (line.type, line.quantity, line.stop_price) == (OrderType.STOP, D(100), D(69_500))
    filled = msgspec.structs.replace(BUYING, filled=D(1))
    assert isinstance(parse("p sl=69500", known(orders=lambda: (filled, stop))), ModifyOrder)


# --- the page of the grammar -----------------------------------------------------------------------------------------


def said(line: Line) -> str:
    """One line of the page: the figures a reader checks."""
    match line:
        case NewOrder():
            parts = [line.side.upper(), f"{line.quantity.normalize():f}", line.instrument.code, line.type.value]
            for name, price in (
                ("", line.limit_price),
                ("stop ", line.stop_price),
                ("trail ", line.trail),
                ("sl ", line.stop_loss),
                ("tp ", line.take_profit),
            ):
                parts += [f"{name}{price.normalize():f}"] if price is not None else []
            parts += [line.time_in_force.value] if line.time_in_force is not TimeInForce.DAY else []
            parts += ["reduce-only"] if line.reduce_only else []
            parts += ["post-only"] if line.post_only else []
            parts += [line.account] if line.account != MAIN else []
            parts += algo_words(line.algo)
            return " ".join(parts)
        case CloseOrder():
            return f"close {line.fraction * 100:.0f}% of {line.instrument.code}" + (
                " at market" if line.at_market else ""
            )
        case ModifyOrder():
            terms = {"": line.quantity, "@": line.limit_price, "stop ": line.stop_price}
            return "modify " + " ".join(f"{name}{v.normalize():f}" for name, v in terms.items() if v is not None)
        case CancelOrder():
            what = "one order" if line.client_order_id else line.instrument.code if line.instrument else "all"
            return f"cancel {what}"
        case PanicOrder():
            return "panic, flatten" if line.flatten else "panic"


def algo_words(algo: Chase | Twap | None) -> list[str]:
    if algo is None:
        return []
    peg = [] if algo.peg is None else [f"{algo.peg.anchor}{algo.peg.ticks:+d}" if algo.peg.ticks else algo.peg.anchor]
    if isinstance(algo, Chase):
        return [f"chase {algo.most}t", *peg]
    return [f"twap {algo.slices} slices in {algo.duration // NS} s", *peg]


def examples() -> list[tuple[str, str]]:
    found = []
    inside = False
    for text in PAGE.read_text(encoding="utf-8").splitlines():
        if text.startswith("```"):
            inside = text == "```order"
            continue
        if inside and text.strip():
            line, _, meaning = text.partition("  ")
            found.append((line, meaning.strip()))
    return found


@pytest.mark.parametrize(("text", "meaning"), examples())
def test_every_example_of_the_page_means_what_it_says(text: str, meaning: str) -> None:
    equity = lambda account, currency: D(100_000_000) if currency == "KRW" else None  # noqa: E731
    orders = (
        msgspec.structs.replace(BUYING, id="h7k2qqqqqqqqqqqqqqqqqqqqqq"),
        msgspec.structs.replace(SELLING, id="hzzzzqqqqqqqqqqqqqqqqqqqq9"),
    )
    context = known(equity=equity, orders=lambda: orders)
    if meaning.startswith("refused: "):
        with pytest.raises(LineError) as caught:
            parse(text, context)
        assert meaning.removeprefix("refused: ") in caught.value.text
    else:
        assert said(parse(text, context)) == meaning


def test_the_page_has_examples() -> None:
    assert len(examples()) > 50
    assert HELD[(MAIN, SAMSUNG.id)] == 100 and HELD[(MAIN, APPLE.id)] == -5, "as the page says"


# --- any text at all -------------------------------------------------------------------------------------------------

ALPHABET = "bsxmcp!@#=%.,:+-0123456789tklar 매수도삼성전자ㅠㄴㅌ₩$원만억KMsltp\u200b\ud800🙂½"
LINES = int(os.environ.get("HOGA_LINES", "6000"))
"""More with HOGA_LINES=100000."""


def random_line(chance: Random, words: list[str]) -> str:
    if chance.random() < 0.25:
        return "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(50)))
    line = [
        chance.choice(("b", "s", "x", "p", "rev", "m", "c", "매수", "ㅔ"))
        if chance.random() < 0.8
        else chance.choice(words)
    ]
    line += [chance.choice(words) for _ in range(chance.randrange(8))]
    if chance.random() < 0.2:  # one key beside the right one
        at = chance.randrange(len(line))
        cut = chance.randrange(len(line[at]) + 1)
        line[at] = line[at][:cut] + chance.choice(ALPHABET) + line[at][cut:]
    return " ".join(line)


AT_MARKET = {"mkt", "market", "시장가", "moo", "시가", "장개시시장가"}


def test_random_lines_are_read_or_refused_and_market_is_never_guessed() -> None:
    chance, words, read = Random(11), HOSTILE.split(), 0
    context = known(equity=lambda account, currency: D(100_000_000))
    for _ in range(LINES):
        text = random_line(chance, words)
        try:
            line = parse(text, context)
        except LineError as error:
            assert 0 <= error.position <= len(text), text
            continue
        read += 1
        at_market = isinstance(line, CloseOrder) and line.at_market
        if at_market or (isinstance(line, NewOrder) and line.type is OrderType.MARKET):
            narrow = unicodedata.normalize("NFKC", text)
            assert any(
                word.startswith("@") and {word[1:].casefold(), keys(word[1:]).casefold()} & AT_MARKET
                for word in narrow.split()
            ), text
        if isinstance(line, NewOrder):
            line.request(BUYING.id)
    assert read > LINES / 100, "some of them must be good"
