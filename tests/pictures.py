"""The pictures of the documentation, made by the program itself: `python -m tests.pictures [FOLDER]`. The console runs
on the embedded market with a manual clock, a few orders are sent by its own order line, and each screen is written as
SVG and as plain text. Same seed, same start: the same picture."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from random import Random

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
PICTURES = (("en", 80, 24), ("en", 120, 40), ("en", 200, 60), ("ko", 120, 40))
ORDERS = (
    ("XKRX:005930", "buy", "120", None, None),
    ("XKRX:005930", "sell", "120", None, "69500"),
    ("XKRX:069500", "buy", "300", None, None),
    ("XNAS:AAPL", "buy", "50", None, None),
    ("UPBIT:KRW-BTC", "buy", "0.05", None, None),
    ("XKRX:000660", "buy", "10", "252500", None),
    ("XNAS:NVDA", "buy", "20", "184.10", None),
)


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


async def draw(folder: Path, language: str, size: tuple[int, int]) -> None:
    clock = ManualClock(START)
    settings = demo_settings(Settings(console=Console(language=language)))  # type: ignore[arg-type]
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
                for _ in range(10):
                    await pass_time(program, clock, 0.5)
                    await pilot.pause(0.05)
                if size[0] > 80:
                    await pilot.press("b")
                    await pilot.pause(0.3)
                    await pass_time(program, clock, 0.3)
                    await pilot.pause(0.3)
                name = f"trade-{size[0]}x{size[1]}" + (f"-{language}" if language != "en" else "")
                (folder / f"{name}.svg").write_text(app.export_screenshot(title="hoga"))
            program.stop()
            await running


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    for language, width, height in PICTURES:
        asyncio.run(draw(folder, language, (width, height)))


if __name__ == "__main__":
    main()
