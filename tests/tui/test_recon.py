"""The reconcile screen: differences side by side and what a person decides about them; the limits, nearest first."""

from __future__ import annotations

import msgspec
import pytest

from core.domain.commands import Acknowledge, Panic, Settle
from core.domain.ids import VenueRef
from core.trading.risk.usage import LimitRow
from core.trading.view import Slice
from tests.tui import scripted
from tests.tui.scripted import Hands, ScriptedDesk, check_rows, console
from tests.tui.test_log_system import system
from tests.tui.test_screens import compare
from tui.forms.settle import SettleForm
from tui.panes.risk import share_of

SIZES = [(80, 24), (120, 40), (200, 60)]
LIMITS = (
    LimitRow(name="max_order_value", account="", limit="100000000"),
    LimitRow(name="max_open_orders", account="paper:main", limit="200", used="4"),
    LimitRow(name="daily_loss", account="paper:main", limit="5000000", used="4312450"),
    LimitRow(name="max_gross_value", account="paper:main", limit="1000000000", used="?"),
    LimitRow(name="max_unknown_orders", account="paper:main", limit="3", used="3", waiting="5"),
    LimitRow(name="loss_cooldown_seconds", account="paper:main", limit="off", used="no loss yet"),
)


def made() -> ScriptedDesk:
    desk = ScriptedDesk()
    desk.rows[Slice.SYSTEM] = (system(limits=LIMITS),)
    return desk


async def at(hands: Hands, kind: str) -> None:
    """The reconcile screen with the cursor on the first row of this kind."""
    await hands.press("g", "e")
    pane = hands.app.surface.recon
    await hands.until(lambda: pane.chosen is not None)
    for _ in range(20):
        if pane.chosen is not None and pane.chosen.kind == kind:
            return
        await hands.press("j")
    pytest.fail(f"no row of {kind}")


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_recon_screen(size: tuple[int, int], language: str) -> None:
    async with console(made(), size=size, language=language) as hands:
        await at(hands, "candidate")
        await hands.until(lambda: hands.app.picture.system is not None and "4,312,450" in hands.text)
        check_rows(hands.lines, *size)
        compare(f"recon-{size[0]}x{size[1]}-{language}", hands.lines)


async def test_the_line_leads_there_and_the_tab_says_where() -> None:
    async with console(made(), size=(120, 40)) as hands:
        for word, pane in (("recon", "recon"), ("risk", "risk")):
            await hands.type(f":{word}")
            await hands.press("enter")
            assert (hands.app.surface.screen_name, hands.app.focus_name) == ("recon", pane)
        assert "Reconcile" in hands.lines[1]


@pytest.mark.parametrize("is_ours", [True, False])
async def test_two_keys_and_the_symbol_settle_an_unknown_order(is_ours: bool) -> None:
    desk = made()
    async with console(desk, size=(120, 40)) as hands:
        await at(hands, "candidate" if is_ours else "unknown")
        await hands.press("o" if is_ours else "D")
        form = hands.app.top_form
        assert isinstance(form, SettleForm)
        assert ("0000117057 SELL 10" if is_ours else "cccc SELL 10") in hands.text
        await hands.press("enter")
        await hands.type("000661")
        await hands.press("enter")
        assert not desk.sent and hands.app.top_form is form, "nothing for a wrong symbol"
        await hands.type("000660")
        await hands.press("enter")
        await hands.until(lambda: desk.sent)
        ref = VenueRef("0000117057") if is_ours else None
        assert desk.sent == [Settle(client_order_id=scripted.LOST["client_order_id"], ref=ref)]
        await hands.until(lambda: not hands.app.forms)


async def test_a_key_on_a_row_it_is_not_for_says_so_and_asks_nothing() -> None:
    desk = made()
    async with console(desk, size=(120, 40)) as hands:
        await at(hands, "reading")
        for key in ("o", "D", "E"):
            await hands.press(key)
            assert not hands.app.forms and "move to one" in hands.text
        assert not desk.sent


async def test_what_our_fills_do_not_explain_is_acknowledged_after_enter() -> None:
    desk = made()
    async with console(desk, size=(120, 40)) as hands:
        await at(hands, "frozen")
        await hands.press("E")
        assert not desk.sent
        await hands.press("enter")
        await hands.until(lambda: desk.sent)
        assert desk.sent == [Acknowledge(account=scripted.MAIN, instrument=scripted.SAMSUNG)]


async def test_it_is_asked_of_the_desk_only_while_it_is_shown() -> None:
    async with console(made(), size=(120, 40)) as hands:
        assert not hands.app.picture.recon()
        await at(hands, "odd")
        await hands.press("1")
        assert hands.app.watching._groups == set()


async def test_a_masked_screen_shows_no_account_and_no_amount() -> None:
    async with console(made(), size=(200, 60)) as hands:
        await at(hands, "candidate")
        await hands.until(lambda: "4,312,450" in hands.text)
        await hands.type(":mask")
        await hands.press("enter")
        await hands.until(lambda: "4,312,450" not in hands.text)
        assert "0000117057" not in hands.text


def test_the_nearest_limit_is_found_whatever_the_figures() -> None:
    shares = [share_of(limit) for limit in LIMITS]
    assert [None if s is None else round(float(s), 2) for s in shares] == [None, 0.02, 0.86, None, 1.0, None]
    odd = msgspec.structs.replace(LIMITS[1], limit="0")
    assert share_of(odd) is None


async def test_flatten_names_the_unknown_orders_it_closes_past() -> None:
    desk = made()
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("!")
        assert "past UNKNOWN" not in hands.text
        await hands.press("f")
        lost = scripted.LOST["client_order_id"]
        assert f"past UNKNOWN {lost[-4:]}" in hands.text
        await hands.press("enter", gap=0.5)
        await hands.until(lambda: desk.sent)
        assert desk.sent == [Panic(flatten=True, over=(lost,))]
