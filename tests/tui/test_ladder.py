"""The ladder under a person's hands: what is staged is what the cursor showed, orders at a row are that row's, and the
rows stand still or follow. Behind it the real engine and paper venue, or a desk whose figures are written down."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec
import pytest

from core.clock import ManualClock
from core.config import Console, Settings
from core.domain.commands import Cancel
from core.domain.instrument import Kind, fixed_tick
from core.domain.market import Freshness, OrderBook, Phase
from core.domain.order import OrderStatus, OrderType, Side
from core.trading.view import BookRow, MarkKind, Slice
from tests.scenes import SAMSUNG
from tests.tui import scripted
from tests.tui.moving_book import measure
from tests.tui.scripted import BITCOIN, NOW, Hands, ScriptedDesk, check_rows, console
from tests.tui.trading import Trader, resting_order, trader
from tui.forms.ticket import Ticket
from tui.panes.book import BookPane

LADDER_SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")


def pane(hands: Hands) -> BookPane:
    return hands.app.surface.book


def cursor_line(hands: Hands) -> str:
    """The ladder's row with the cursor, as it reads."""
    (line,) = [text for y in range(pane(hands).size.height) if "›" in (text := pane(hands).line_text(y))]
    return line


def shown_price(hands: Hands) -> Decimal:
    return Decimal(cursor_line(hands).partition("›")[2].split()[0].replace(",", ""))


def ticket(hands: Hands) -> Ticket:
    form = hands.app.top_form
    assert isinstance(form, Ticket)
    return form


def row(bid: float = 71_000.0, levels: int = 10, **more: object) -> BookRow:
    made = msgspec.structs.replace(
        scripted.book(),
        bids=tuple((bid - 100 * n, 500.0 + n) for n in range(levels)),
        asks=tuple((bid + 100 + 100 * n, 300.0 + n) for n in range(levels)),
        own=(),
    )
    return msgspec.structs.replace(made, **more)


async def show_book(hands: Trader, bid: float = 71_000.0) -> None:
    await hands.stage.market(
        OrderBook.of(
            SAMSUNG,
            tuple((bid - 100 * n, 500.0 + n) for n in range(10)),
            tuple((bid + 100 + 100 * n, 300.0 + n) for n in range(10)),
            hands.stage.clock.now(),
            hands.stage.clock.now(),
        )
    )


# ---- staging


@LADDER_SIZES
async def test_what_is_staged_is_what_the_cursor_showed(size: tuple[int, int]) -> None:
    async with console(size=size) as hands:
        await hands.press("4", "j", "j", "j")
        assert shown_price(hands) == Decimal(70_800)
        await hands.press("b")
        form = ticket(hands)
        assert (form.side, form.price.text, form.quantity.text) == (Side.BUY, "70800", "10")
        await hands.press("escape", *"kkkkkkk", "2", "s")
        assert shown_price(hands) == Decimal(71_500)
        assert (ticket(hands).side, ticket(hands).price.text, ticket(hands).quantity.text) == (
            Side.SELL,
            "71500",
            "50",
        )
        check_rows(hands.lines, *size)


async def test_a_price_beyond_the_book_is_staged_too() -> None:
    async with console() as hands:
        await hands.press("4", "G", *"j" * 6, "b")
        assert shown_price(hands) == Decimal(69_900)
        assert ticket(hands).price.text == "69900"


async def test_a_market_that_moves_before_the_key_moves_no_price() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("4", "j", "j")
        shown = shown_price(hands)
        desk.push(Slice.BOOK, [row(64_300.0)])
        await hands.press("b")
        assert ticket(hands).price.text == str(shown)
        await hands.until(lambda: "64,350" in hands.text)  # the market's middle, wherever the rows stand
        assert ticket(hands).price.text == str(shown)
        assert shown_price(hands) == shown


async def test_without_a_cursor_the_touch_is_staged_and_the_size_is_the_one_shown() -> None:
    async with console() as hands:
        await hands.press("4", "3", "b")
        assert (ticket(hands).price.text, ticket(hands).quantity.text) == ("71000", "100")
        assert "3:100" in hands.lines[2]
        await hands.press("escape", "S")
        assert (ticket(hands).side, ticket(hands).price.text, ticket(hands).quantity.text) == (
            Side.SELL,
            "71000",
            "100",
        )


async def test_a_sent_order_stands_at_the_cursors_price() -> None:
    async with trader() as hands:
        await hands.press("4")
        await show_book(hands)
        await hands.settled(lambda: "70,500" in hands.text)
        await hands.press("j", "j", "j", "2", "b", "enter")
        await hands.settled(lambda: any(order.status is OrderStatus.OPEN for order in hands.orders))
        (order,) = hands.orders
        assert (order.request.side, order.request.limit_price) == (Side.BUY, Decimal(70_800))
        assert order.request.quantity == Decimal(50)
        await hands.settled(lambda: "B50" in cursor_line(hands))
        await hands.settled(lambda: "~502" in cursor_line(hands))  # what the book showed there when it joined


# ---- the cursor is a price


async def test_the_cursor_keeps_its_price_over_a_thousand_ticks() -> None:
    async with console() as hands:
        await hands.press("4", "j", "j")
        price, chance, bid = shown_price(hands), Random(7), 71_000.0
        app = hands.app
        for _ in range(1_000):
            bid += 100 * chance.choice((-3, -1, 0, 1, 3))
            bid = min(max(bid, 60_000.0), 90_000.0)
            app.picture.rows[Slice.BOOK] = {SAMSUNG: row(bid)}
            app.surface.show(app.picture, NOW, {Slice.BOOK: {SAMSUNG}})
            assert pane(hands).cursor_shown == price
            assert shown_price(hands) == price
        await hands.press("b")
        assert ticket(hands).price.text == str(price)


async def test_another_symbol_has_another_cursor() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("4", "j", "j")
        desk.rows[Slice.BOOK] = (scripted.book(BITCOIN),)
        hands.app.select(BITCOIN)
        assert hands.app.keys.rooms["ladder"].price is None  # what is on the screen is not what is selected
        await hands.until(lambda: pane(hands).row is not None and pane(hands).row.instrument == BITCOIN)
        assert pane(hands).cursor_price is None


async def test_escape_and_space_put_the_cursor_down() -> None:
    async with console(size=(80, 24)) as hands:
        await hands.press("4", "j", "escape")
        assert pane(hands).cursor_price is None
        await hands.press("j", "space")
        assert pane(hands).cursor_price == Decimal(71_000)
        await hands.press(*"j" * 30, "space")
        assert pane(hands).cursor_price is None  # it would be out of sight


# ---- sizes


async def test_sizes_are_shown_chosen_and_configured() -> None:
    settings = Settings(console=Console(sizes=(Decimal(1), Decimal(7), Decimal("2.5"))))
    async with console(settings=settings) as hands:
        await hands.press("4")
        assert "1:1  2:7  3:2.5" in hands.lines[2]
        await hands.press("2", "b")
        assert ticket(hands).quantity.text == "7"
        await hands.press("escape", "8")
        assert hands.app.surface.screen_name == "log"  # there is no size 8


async def test_sizes_of_a_coin_are_multiples_of_its_smallest_order() -> None:
    async with console() as hands:
        known = hands.app.picture.instruments
        known[SAMSUNG] = msgspec.structs.replace(
            known[SAMSUNG], kind=Kind.CRYPTO, lot=Decimal("0.00000001"), min_value=Decimal(5_000)
        )
        await hands.press("4")
        hands.app.show_all()
        assert pane(hands).presets[0] == Decimal("1.0")
        assert "1:1  2:5  3:10  4:50" in hands.lines[2]


def test_sizes_must_be_numbers_above_zero() -> None:
    for wrong in ((Decimal(0),), (Decimal("NaN"),), tuple(map(Decimal, range(1, 12)))):
        with pytest.raises(ValueError, match="sizes"):
            Console(sizes=wrong)


# ---- own orders at the row


async def test_cancel_at_the_row_takes_that_rows_orders_and_no_others() -> None:
    async with trader() as hands:
        for price in ("70800", "70800", "70700"):
            await resting_order(hands, price)
            await hands.stage.second(6)  # not the duplicate that a rule refuses
            await hands.stage.quote(71_000, 71_100)
        await hands.press("4")
        await show_book(hands)
        await hands.settled(lambda: "B20" in hands.text)
        await hands.press("j", "j", "c")
        await hands.settled(lambda: "no order of yours at 70,900" in hands.text)
        await hands.press("j", "c")
        assert not hands.stage.state.orders[hands.orders[0].id].status.is_end  # Enter confirms
        await hands.press("enter")
        await hands.settled(lambda: sum(o.status is OrderStatus.CANCELED for o in hands.orders) == 2)
        assert [o.limit_price for o in hands.orders if not o.status.is_end] == [Decimal(70_700)]


async def test_nudging_stages_and_the_cursor_goes_along_once_it_is_done() -> None:
    async with trader() as hands:
        await resting_order(hands)
        await hands.press("4")
        await show_book(hands)
        await hands.settled(lambda: "B10" in hands.text)
        await hands.press("j", "j", "j", "K")
        assert ticket(hands).price.text == "70900"
        assert hands.orders[0].limit_price == Decimal(70_800)
        await hands.press("enter")
        await hands.settled(lambda: hands.orders[0].limit_price == Decimal(70_900))
        await hands.settled(lambda: pane(hands).cursor_price == Decimal(70_900))
        await hands.press("J", "J", "enter")
        await hands.settled(lambda: hands.orders[0].limit_price == Decimal(70_700))
        await hands.settled(lambda: pane(hands).cursor_price == Decimal(70_700))


async def test_a_stop_is_staged_at_the_cursor() -> None:
    async with console() as hands:
        await hands.press("4", *"j" * 9, "P")
        form = ticket(hands)
        assert (form.type, form.side, form.stop.text, form.quantity.text) == (
            OrderType.STOP,
            Side.SELL,
            "70200",
            "120",
        )


async def test_cancel_without_a_cursor_is_the_ordinary_one() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("4", "c", "enter")
        await hands.until(lambda: desk.sent)
        assert isinstance(desk.sent[0], Cancel)


@LADDER_SIZES
async def test_own_orders_stand_at_their_rows(size: tuple[int, int]) -> None:
    own = (
        scripted.own(1, Side.BUY, 70_800, 10, ahead=14_900.0),
        scripted.own(2, Side.BUY, 70_800, 5, ahead=20_000.0),
        scripted.own(3, Side.SELL, 71_400, 60, ahead=0.0),
        scripted.own(4, Side.SELL, 70_500, 120, kind=MarkKind.STOP),
        scripted.own(5, Side.SELL, 71_600, 60, kind=MarkKind.TAKE_PROFIT, lives="local"),
    )
    desk = ScriptedDesk()
    desk.rows[Slice.BOOK] = (row(own=own),)
    async with console(desk, size=size) as hands:
        await hands.press("4")
        lines = [pane(hands).line_text(y) for y in range(pane(hands).size.height)]
        for price, chip in (("70,800", "B15"), ("71,400", "S60"), ("70,500", "SL120"), ("71,600", "TP60")):
            (line,) = [line for line in lines if chip in line]
            assert price in line
        (line,) = [line for line in lines if "B15" in line]
        assert "~15k" in line
        if size[0] > 80:
            assert "paper" in next(line for line in lines if "SL120" in line)
            assert "local" in next(line for line in lines if "TP60" in line)


async def test_masked_quantities_of_ours_are_hidden_and_the_markets_are_not() -> None:
    async with console() as hands:
        hands.app.look.is_masked = True
        await hands.press("4")
        hands.app.show_all()
        assert "B10" not in hands.text
        assert "+120" not in hands.text.partition("Market")[2]
        assert "31,207" in hands.text


# ---- lock and follow


def top_price(hands: Hands) -> Decimal:
    return pane(hands).window.prices[0]


async def test_rows_follow_only_when_no_finger_is_on_them() -> None:
    desk, clock = ScriptedDesk(), ManualClock(NOW)
    async with console(desk, clock=clock) as hands:
        await hands.press("4")
        clock.advance(2)
        before = top_price(hands)
        desk.push(Slice.BOOK, [row(71_300.0)])  # still within the middle third
        await hands.until(lambda: pane(hands).row == row(71_300.0))
        assert top_price(hands) == before
        desk.push(Slice.BOOK, [row(72_200.0)])
        await hands.until(lambda: top_price(hands) > before)
        before = top_price(hands)
        await hands.press("3")  # a key of the ladder: nothing moves for a second
        desk.push(Slice.BOOK, [row(70_000.0)])
        await hands.until(lambda: pane(hands).row == row(70_000.0))
        assert top_price(hands) == before
        clock.advance(1.1)
        hands.app._second()
        assert top_price(hands) < before


async def test_locked_rows_stand_still_while_the_market_passes_through() -> None:
    desk, clock = ScriptedDesk(), ManualClock(NOW)
    async with console(desk, clock=clock) as hands:
        await hands.press("4", "L")
        assert "locked" in hands.lines[2]
        clock.advance(5)

        def places() -> dict[Decimal, int]:
            """Price -> the line it reads on."""
            found = {}
            for price in pane(hands).window.prices:
                named = [y for y in range(1, 33) if f" {price:,} " in pane(hands).line_text(y)]
                found[price] = named[0]
            return found

        before = places()
        assert len(set(before.values())) == len(before) == len(pane(hands).window.prices)
        for bid in (71_500.0, 70_100.0, 75_000.0):
            desk.push(Slice.BOOK, [row(bid)])
            await hands.until(lambda bid=bid: pane(hands).row == row(bid))
            assert places() == before
        await hands.press("L")
        assert "follow" in hands.lines[2]
        assert Decimal(75_000) in pane(hands).window.prices


# ---- books that are no market


STATES = {
    "stale": {"freshness": Freshness.STALE, "received": NOW - 42_000_000_000},
    "delayed": {"freshness": Freshness.DELAYED},
    "cached": {"freshness": Freshness.CACHED},
    "halted": {"phase": Phase.HALTED},
    "closed": {"phase": Phase.CLOSED},
}
WORDS = {"stale": "42s!", "delayed": "DELAY", "cached": "cache", "halted": "HALT", "closed": "CLOSE"}
LIVE_PENS = {"ask-bar", "bid-bar", "ask-best", "bid-best", "ask-zone", "bid-zone", "ask-end", "bid-end", "up", "down"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("screen", ["1", "4"])
async def test_a_book_nobody_can_trade_on_never_looks_live(state: str, screen: str) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.BOOK] = (row(prints=(), **STATES[state]),)
    async with console(desk) as hands:
        await hands.press(screen)
        cells = [cell for cells, _ in pane(hands)._lines.values() for cell in cells]
        assert not {cell.pen for cell in cells if cell.text.strip()} & LIVE_PENS
        text = "\n".join(pane(hands).line_text(y) for y in range(pane(hands).size.height))
        assert WORDS[state] in text + hands.lines[2]
        assert ("╱" in text) is (state == "halted")


@pytest.mark.parametrize("phase, word", [(Phase.VI, " VI "), (Phase.AUCTION, " AUC ")])
async def test_an_interruption_is_told_in_the_book_itself(phase: Phase, word: str) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.BOOK] = (row(phase=phase),)
    async with console(desk) as hands:
        await hands.press("4")
        cells = [cell for cells, _ in pane(hands)._lines.values() for cell in cells]
        assert [cell.pen for cell in cells if cell.text == word] == ["halted"]


ODD: dict[str, dict[str, object]] = {
    "no asks": {"asks": ()},
    "no bids": {"bids": ()},
    "empty": {"asks": (), "bids": ()},
    "nothing": {"asks": (), "bids": (), "last": None, "previous_close": None},
    "one level": {"asks": ((71_100.0, 5.0),), "bids": ((71_000.0, 5.0),)},
    "crossed": {"asks": ((70_900.0, 5.0), (71_000.0, 6.0)), "bids": ((71_200.0, 5.0), (71_100.0, 7.0))},
    "locked": {"asks": ((71_000.0, 5.0),), "bids": ((71_000.0, 7.0),)},
    "dust": {"asks": ((2e-8, 1e-8),), "bids": ((1e-8, 1e9),), "last": 1e-8, "previous_close": 3e-8, "decimals": 8},
    "huge": {"asks": ((1e9 + 1000, 1e14),), "bids": ((1e9, 0.5),), "last": 1e9, "previous_close": 5e8},
    "far apart": {"asks": ((1e9, 1.0),), "bids": ((1e-8, 1.0),), "last": 71_000.0},
    "off tick": {"asks": ((71_150.0, 5.0),), "bids": ((70_950.0, 5.0),), "last": 71_033.3},
    "fifteen digits": {
        "asks": ((0.000000000000125, 12.0),),
        "bids": ((0.000000000000123, 99.0),),
        "last": 0.000000000000124,
        "previous_close": None,
        "decimals": 15,
    },
}


@pytest.mark.parametrize("odd", ODD)
@LADDER_SIZES
async def test_odd_books_are_drawn_whole_and_taken_by_every_key(odd: str, size: tuple[int, int]) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.BOOK] = (row(**ODD[odd]),)
    async with console(desk, size=size) as hands:
        if odd in ("dust", "fifteen digits"):
            known = hands.app.picture.instruments
            step = "0.00000001" if odd == "dust" else "0.000000000000001"
            known[SAMSUNG] = msgspec.structs.replace(known[SAMSUNG], ticks=fixed_tick(step))
        for screen in ("1", "4"):
            await hands.press("g", "t") if screen == "1" else await hands.press("g", "b")
            hands.app.focus_on("book") if "book" in hands.app.surface.visible else None
            hands.app.show_all()
            for key in ("j", "k", "space", "G", "home", "L", "ctrl+d", "L", "c", "K", "escape", "escape"):
                await hands.press(key)
            check_rows(hands.lines, *size)
            assert "#" not in "\n".join(pane(hands).line_text(y) for y in range(pane(hands).size.height))


async def test_a_crossed_book_says_so_and_shows_both_sides_of_a_price() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.BOOK] = (row(**ODD["locked"]),)
    async with console(desk) as hands:
        await hands.press("4")
        lines = [pane(hands).line_text(y) for y in range(pane(hands).size.height)]
        assert any("crossed" in line for line in lines)
        (line,) = [line for line in lines[1:-1] if "71,000" in line and "crossed" not in line]
        before, after = line.split("71,000")
        assert " 5 " in before and " 7 " in after


# ---- tape and market


async def test_the_tape_marks_large_prints_and_says_when_prints_are_merged() -> None:
    prints = tuple((NOW - n, 71_000.0, 100.0 if n == 3 else 5.0, scripted.Aggressor.BUY) for n in range(9))
    desk = ScriptedDesk()
    desk.rows[Slice.BOOK] = (row(prints=prints, is_conflated=True),)
    async with console(desk) as hands:
        await hands.press("4")
        tape = hands.app.surface.tape
        lines = [[cell for cell in cells if cell.text.strip()] for cells, _ in tape._lines.values()]
        strong = [y for y, cells in enumerate(lines) if any(cell.pen == "strong" for cell in cells)]
        assert strong == [3]
        assert "conflated" in hands.text
        desk.push(Slice.BOOK, [row(prints=prints)])
        await hands.until(lambda: "conflated" not in hands.text)


async def test_a_day_seen_in_part_is_marked_and_one_seen_whole_is_not() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("4")
        assert "70,880" in hands.text and "~70,880" not in hands.text
        assert "91,900" in hands.text and "77,800" in hands.text
        partial = msgspec.structs.replace(scripted.book().day, is_partial=True)
        desk.push(Slice.BOOK, [msgspec.structs.replace(scripted.book(), day=partial)])
        await hands.until(lambda: "~70,880" in hands.text)
        assert "~8,214,300" in hands.text
        assert "~91,900" not in hands.text  # limits are not estimated


# ---- what it costs


async def test_a_book_update_is_a_few_hundred_bytes() -> None:
    ours, _ = await measure(60)
    plain, _ = await measure(60, is_plain=True)
    assert 0 < ours < 600
    assert ours < plain / 2


async def test_a_book_that_reads_the_same_writes_nothing() -> None:
    async with console() as hands:
        await hands.press("4", "j")
        frames: list[int] = []
        hands.app.post_display_hook = lambda: frames.append(1)  # type: ignore[method-assign]
        hands.app.picture.rows[Slice.BOOK] = {SAMSUNG: scripted.book()}
        hands.app.surface.show(hands.app.picture, NOW, {Slice.BOOK: {SAMSUNG}})
        await hands.pilot.pause(0.1)
        assert not frames
