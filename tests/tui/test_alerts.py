"""Alerts, details, notes and the log by keyboard, on a whole program."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import SetAlert, Submit, WriteNote
from tests import scenes
from tests.scenes import SAMSUNG
from tests.tui.scripted import check_rows
from tests.tui.test_lists import room


async def test_an_alert_set_by_hand_fires_and_stays_until_it_is_read() -> None:
    async with room() as (made, hands):
        await hands.press("A", "up", "up", "tab")
        await hands.type("breakout")
        await hands.press("enter")
        await hands.until(lambda: made.state.kept.alerts)
        alert = made.state.kept.alerts["a1"]
        last = Decimal(str(hands.app.picture.quote(SAMSUNG).last))  # type: ignore[union-attr]
        assert alert.above and alert.price > last and alert.note == "breakout"
        assert hands.app.top_form is None
        await made.trade(float(alert.price), 5)
        await hands.until(lambda: "ALERT a1" in hands.text)
        await made.do(Submit(request=scenes.request("buy", "1", None)))
        await hands.until(lambda: "FILL" in hands.text)
        await hands.press("escape", "escape", "escape")
        assert "ALERT a1" not in hands.lines[-3]
        assert hands.app.unread >= 1
        assert f"8 Log {hands.app.unread}" in hands.lines[1]
        await hands.press("8")
        assert hands.app.unread == 0


async def test_digits_and_the_side_are_chosen_by_hand() -> None:
    async with room() as (made, hands):
        await hands.press("A")
        await hands.type("65000")
        assert "falls to" in hands.text
        await hands.press("enter")
        await hands.until(lambda: made.state.kept.alerts)
        alert = made.state.kept.alerts["a1"]
        assert (alert.above, alert.price) == (False, Decimal(65_000))


async def test_a_refused_alert_leaves_the_form_open() -> None:
    async with room() as (made, hands):
        await made.trade(71_000, 1)
        await hands.press("A")
        await hands.type("60000")
        await hands.press("right", "enter")
        await hands.until(lambda: "is above that already" in hands.text)
        assert hands.app.top_form is not None and not made.state.kept.alerts


async def test_the_list_goes_there_and_clears() -> None:
    async with room() as (made, hands):
        await made.do(SetAlert(instrument=SAMSUNG, above=True, price=Decimal(73_000), note="one"))
        await hands.until(lambda: hands.app.picture.alerts())
        await hands.press("j", "g", "a")
        assert "73,000" in hands.text and "one" in hands.text
        await hands.press("enter")
        assert hands.app.instrument == SAMSUNG
        await hands.press("g", "a", "d")
        assert "d again clears it" in hands.text
        await hands.press("d")
        await hands.until(lambda: not made.state.kept.alerts)
        await hands.until(lambda: "No alerts. Press A" in hands.text)


async def test_the_command_line_sets_and_clears() -> None:
    async with room() as (made, hands):
        for line in ("alert 005930 >73,000 look here", "alert <65000"):
            await hands.press(":")
            await hands.type(line)
            await hands.press("enter")
        await hands.until(lambda: len(made.state.kept.alerts) == 2)
        assert [(a.above, a.price, a.note) for a in made.state.kept.alerts.values()] == [
            (True, Decimal(73_000), "look here"),
            (False, Decimal(65_000), ""),
        ]
        await hands.press(":")
        await hands.type("alert rm a2")
        await hands.press("enter")
        await hands.until(lambda: list(made.state.kept.alerts) == ["a1"])
        await hands.press(":")
        await hands.type("alert nonsense")
        await hands.press("enter")
        assert "CODE >PRICE NOTE" in hands.text


async def test_the_details_of_an_order_tell_its_story_and_take_a_note() -> None:
    async with room(size=(120, 40)) as (made, hands):
        await made.do(Submit(request=scenes.request("buy", "10", None)))
        await hands.until(lambda: hands.app.surface.orders.keys)
        hands.app.focus_on("orders")
        await hands.press("i")
        await hands.until(lambda: "What happened" in hands.text)
        for word in ("SENDING", "SENT", "FILL", "to the answer", "Fills"):
            assert word in hands.text, word
        check_rows(hands.lines, 120, 40)
        await hands.press("n")
        await hands.type("waited for the dip")
        await hands.press("enter")
        await hands.until(lambda: "waited for the dip" in made.state.kept.notes.values())
        await hands.until(lambda: "the note is kept" in hands.text)
        await hands.press("escape")
        assert hands.app.top_form is None


async def test_a_note_on_the_fill_under_the_cursor() -> None:
    async with room(size=(120, 40)) as (made, hands):
        await made.do(Submit(request=scenes.request("buy", "10", None)))
        await hands.until(lambda: hands.app.surface.positions.keys)
        hands.app.focus_on("positions")
        await hands.press("i")
        await hands.until(lambda: "Fills" in hands.text)
        await hands.press("end", "n")
        await hands.type("good")
        await hands.press("enter")
        await hands.until(lambda: made.state.kept.notes)
        subject = next(iter(made.state.kept.notes))
        assert subject == f"fill:{made.state.fills[0].fill_id}"


async def test_the_details_of_an_instrument() -> None:
    async with room(size=(80, 24), language="ko") as (made, hands):
        await made.do(WriteNote(subject=f"instrument:{SAMSUNG}", text="실적 발표 전"))
        await hands.press("i")
        await hands.until(lambda: "실적 발표 전" in hands.text)
        assert "삼성전자 상세" in hands.text and "상하한가" in hands.text
        check_rows(hands.lines, 80, 24)


async def test_the_log_is_narrowed_sought_and_goes_on_into_the_past() -> None:
    async with room(size=(120, 40)) as (made, hands):
        for n in range(700):
            await made.do(WriteNote(subject=f"instrument:{SAMSUNG}", text=f"line {n}"))
        await made.do(SetAlert(instrument=SAMSUNG, above=True, price=Decimal(72_000)))
        await made.trade(72_000, 1)
        await hands.press("8")
        await hands.until(lambda: "ALERT" in hands.text)
        pane = hands.app.surface.log
        assert len(hands.app.picture.log()) == 500
        await hands.press("L", "L")
        assert [row for row in pane.keys] == [hands.app.picture.log()[0].key]
        await hands.until(lambda: "ALERT and above" in hands.text and "499 hidden" in hands.text)
        await hands.press("L", "L", "L", "f")
        await hands.type("line 69")
        await hands.until(lambda: all("line 69" in line or "│" not in line[1:] for line in hands.lines[3:13]))
        await hands.press("escape")
        await hands.press("/")
        await hands.type("line 500")
        await hands.press("enter")
        assert "line 500" in next(r.text for r in hands.app.picture.log() if r.key == pane.cursor)
        while (oldest := hands.app.picture.log()[-1].sequence) > 1:
            await hands.press("G")
            await hands.until(lambda oldest=oldest: hands.app.picture.log()[-1].sequence < oldest)  # type: ignore[misc]
        numbers = [row.sequence for row in hands.app.picture.log()]
        assert numbers == list(range(numbers[0], 0, -1))


async def test_a_new_line_is_followed_unless_somebody_scrolled() -> None:
    async with room(size=(120, 40)) as (made, hands):
        for n in range(5):
            await made.do(WriteNote(subject=f"instrument:{SAMSUNG}", text=f"line {n}"))
        await hands.press("8")
        await hands.until(lambda: "line 4" in hands.text)
        pane = hands.app.surface.log
        await made.do(WriteNote(subject=f"instrument:{SAMSUNG}", text="newest"))
        await hands.until(lambda: "newest" in hands.text)
        assert pane.cursor_row == 0
        await hands.press("j", "j")
        stands = pane.cursor
        await made.do(WriteNote(subject=f"instrument:{SAMSUNG}", text="later"))
        await hands.until(lambda: "later" in hands.text)
        assert pane.cursor == stands


async def test_the_system_screen_asks_only_while_it_is_shown() -> None:
    from core.trading.view import Slice

    async with room(size=(120, 40)) as (made, hands):

        def asked() -> bool:
            return any(Slice.SYSTEM in face.interest.slices for face in made.desk.picture.faces)

        assert not asked()
        await hands.press("9")
        await hands.until(lambda: "wire to answer" in hands.text)
        assert asked() and "This console" in hands.text
        check_rows(hands.lines, 120, 40)
        await hands.press("1")
        await hands.until(lambda: not asked())
