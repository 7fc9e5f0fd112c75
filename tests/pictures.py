"""The pictures of the documentation, made by the program itself: `make pictures`, or
`python -m tests.pictures [FOLDER] [SCREEN ...]`. The console runs on the embedded market with a manual clock, a few
orders are sent, and each screen is written as SVG and as plain text. Same seed, same start: the same picture.

A new screen is one line in SHOTS."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from core.clock import ManualClock, SystemClock
from core.config import Console, Settings
from core.domain.commands import Submit
from core.domain.ids import AccountId, InstrumentId
from core.domain.market import NS
from core.domain.order import OrderRequest, OrderType, Side, TimeInForce
from storage.journal import Journal
from tui.app import HogaApp
from tui.compose import Program, demo_settings, paper_broker

START = 1_795_150_800 * NS
SHOTS: dict[str, tuple[str, ...]] = {
    "trade": ("1",),
    "ticket": ("1", "b"),
    "positions": ("2",),
    "orders": ("3",),
    "ladder": ("4", "j", "j", "j", "b"),
    "chart": ("5",),
    "strategies": ("6",),
    "log": ("8",),
    "system": ("9",),
    "recon": ("g", "e"),
    "palette": ("1", "ctrl+p"),
    "alert": ("1", "A", "up", "up"),
    "details": ("3", "i"),
    "help": ("1", "?"),
    "panic": ("1", "!"),
    "command": ("1", *":b 10 005930 @71000"),
    "review": ("1", "b", "enter"),
}
"""Picture -> the keys that lead there: what is typed, or Textual's name of a key that writes nothing."""
LIVE_ONLY = frozenset({"review"})
"""Pictures of what PAPER never asks; there their last key would send an order."""
SIZES = ((80, 24), (120, 40), (200, 60))
ORDERS = (
    ("XKRX:005930", "buy", "120", None, None),
    ("XKRX:005930", "sell", "120", None, "69500"),
    ("XKRX:069500", "buy", "300", None, None),
    ("XNAS:AAPL", "buy", "50", None, None),
    ("UPBIT:KRW-BTC", "buy", "0.05", None, None),
    ("XKRX:000660", "buy", "10", "252500", None),
    ("XNAS:NVDA", "buy", "20", "184.10", None),
)


class Dress(msgspec.Struct, frozen=True):
    """How a console looks: its colours, language, and whether it looks live."""

    theme: str = "dark"
    colours: str = "us"
    language: str = "en"
    rehearsal: bool = False

    @property
    def name(self) -> str:
        return f"{self.theme}-{self.colours}-{self.language}" + ("-live" if self.rehearsal else "")


USUAL = tuple(
    Dress(theme=theme, colours=colours, language=language)
    for theme in ("dark", "light")
    for colours, language in (("us", "en"), ("kr", "ko"))
)
REHEARSED = (Dress(rehearsal=True), Dress(colours="kr", language="ko", rehearsal=True))
"""In these the trade screen is drawn, and what LIVE asks."""
TRADE_TOO = (Dress(colours="cvd"), Dress(colours="mono"), Dress(theme="ansi"))
"""In these only the trade screen is drawn, at 120x40."""


def wanted(names: list[str]) -> Iterator[tuple[Dress, tuple[int, int], list[str]]]:
    """Which screens to draw in which dress at which size."""
    for dress in USUAL:
        for size in SIZES:
            yield dress, size, [name for name in names if name not in LIVE_ONLY]
    for dress in REHEARSED:
        for size in SIZES:
            yield dress, size, [name for name in names if name in ("trade", *LIVE_ONLY)]
    for dress in TRADE_TOO:
        yield dress, (120, 40), [name for name in names if name == "trade"]


async def pass_time(program: Program, clock: ManualClock, seconds: float, step: float = 0.1) -> None:
    """Market time goes by; every task gets its turns, and the journal the time it needs."""
    turn = SystemClock()
    for _ in range(round(seconds / step)):
        clock.advance(step)
        for _ in range(4):
            await turn.sleep(0)
        await program.runner.idle()


async def trade(program: Program, clock: ManualClock) -> None:
    for code, side, quantity, limit, stop in ORDERS:
        kind = OrderType.LIMIT if limit else OrderType.STOP if stop else OrderType.MARKET
        request = OrderRequest(
            client_order_id=program.desk.new_order_id(),
            account=AccountId("paper:main"),
            instrument=InstrumentId(code),
            side=Side(side),
            quantity=Decimal(quantity),
            type=kind,
            limit_price=Decimal(limit) if limit else None,
            stop_price=Decimal(stop) if stop else None,
            time_in_force=TimeInForce.GTC,
        )
        receipt = await program.desk.send(Submit(request=request))
        if not receipt.is_ok:
            print(f"{code}: {receipt.text}", file=sys.stderr)
        await pass_time(program, clock, 3)
    await pass_time(program, clock, 90)


class Hands:
    """Keys at human pace, on a clock of their own."""

    def __init__(self, app: HogaApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot, self.at = app, pilot, 1000.0

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.at += 0.5
            event = events.Key(_character_to_key(key), key) if len(key) == 1 else events.Key(key, None)
            event.time = self.at
            self.app.post_message(event)
            await self.pilot.pause(0.01)


async def draw(folder: Path, dress: Dress, size: tuple[int, int], names: list[str]) -> None:
    clock = ManualClock(START)
    look = Console(language=dress.language, theme=dress.theme, colours=dress.colours, rehearsal=dress.rehearsal)  # type: ignore[arg-type]
    settings = demo_settings(Settings(console=look))
    with tempfile.TemporaryDirectory() as data:
        journal = Journal.open(Path(data) / "journal.db", boot_id="picture")
        broker = paper_broker(settings, clock)
        program = Program(settings, journal, broker, clock=clock, random_bytes=Random(2).randbytes)
        await program.prepare()
        program.add_strategies(settings.strategies)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(program.run())
            await pass_time(program, clock, 30)
            await trade(program, clock)
            app = HogaApp(program.desk, settings)
            async with app.run_test(size=size) as pilot:
                hands = Hands(app, pilot)
                for _ in range(12):  # minutes, for the shapes of the quotes
                    await pass_time(program, clock, 60, step=1)
                    await pilot.pause(0.01)
                for name in names:
                    await hands.press(*SHOTS[name])
                    await pass_time(program, clock, 2, step=0.5)
                    await pilot.pause(0.3)
                    path = folder / f"{name}-{size[0]}x{size[1]}-{dress.name}"
                    path.with_suffix(".svg").write_text(app.face.drawn(is_masked=False), encoding="utf-8")
                    rows = (strip.text.rstrip() for strip in app.screen._compositor.render_strips())
                    path.with_suffix(".txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
                    await hands.press("escape", "escape", "escape")
            program.stop()
            await running


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")
    names = sys.argv[2:] or list(SHOTS)
    unknown = [name for name in names if name not in SHOTS]
    if unknown:
        sys.exit(f"no such picture: {', '.join(unknown)}; there are {', '.join(SHOTS)}")
    folder.mkdir(parents=True, exist_ok=True)
    for dress, size, screens in wanted(names):
        if not screens:
            continue
        asyncio.run(draw(folder, dress, size, screens))


if __name__ == "__main__":
    main()
