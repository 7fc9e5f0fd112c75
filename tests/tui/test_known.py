"""What the console knows of instruments: a lost answer is asked for again, on a screen that stands still too."""

from __future__ import annotations

from core.domain.errors import NotConnected
from core.domain.instrument import Instrument
from tests.tui.scripted import INSTRUMENTS, ScriptedDesk, console


class Forgetful(ScriptedDesk):
    """Loses the first answers about instruments, and tells nothing else that would draw the screen anew."""

    lost = 0

    async def search(self, text: str) -> list[Instrument]:
        if self.lost < 2:
            self.lost += 1
            raise NotConnected("paper", "the answer is lost")
        return await super().search(text)


async def test_instruments_that_were_not_answered_are_asked_for_again_on_a_still_screen() -> None:
    desk = Forgetful()
    async with console(desk) as hands:  # opens only when all that is quoted is known
        assert desk.lost == 2 and hands.app.instruments.keys() >= {i.id for i in INSTRUMENTS[:1]}
        assert "could not be read" in hands.text
