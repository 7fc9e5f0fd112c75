"""Run by the interpreter of the peers' environment (`make peers`), never imported: times nautilus_trader's quote ticks
through its BacktestEngine to one strategy, and its MessageBus to one subscriber. Prints one JSON object."""

from __future__ import annotations

import json
import os
import statistics
import time

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType
from nautilus_trader.model.identifiers import TraderId, Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

TICKS = 50_000
START = 1_763_600_000_000_000_000  # in 1970 its engine crashes


class Listener(Strategy):
    seen = 0

    def on_start(self) -> None:
        self.subscribe_quote_ticks(INSTRUMENT.id)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        self.seen += 1


INSTRUMENT = TestInstrumentProvider.btcusdt_binance()


def ticks() -> list[QuoteTick]:
    made = []
    price = 60_000.0
    for n in range(TICKS):
        price += (-0.1, 0.0, 0.1)[n % 3]
        made.append(
            QuoteTick(
                INSTRUMENT.id,
                INSTRUMENT.make_price(price),
                INSTRUMENT.make_price(price + 0.1),
                INSTRUMENT.make_qty(1),
                INSTRUMENT.make_qty(2),
                START + n * 1000,
                START + n * 1000,
            )
        )
    return made


def backtest_us(made: list[QuoteTick]) -> float:
    engine = BacktestEngine(config=BacktestEngineConfig(logging=LoggingConfig(log_level="ERROR")))
    engine.add_venue(
        venue=Venue("BINANCE"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=None,
        starting_balances=[Money(1_000_000, USDT), Money(10, BTC)],
    )
    engine.add_instrument(INSTRUMENT)
    engine.add_data(made)
    strategy = Listener()
    engine.add_strategy(strategy)
    start = time.process_time_ns()
    engine.run()
    seconds = (time.process_time_ns() - start) / 1e9
    assert strategy.seen == TICKS, strategy.seen
    return seconds / TICKS * 1e6


def bus_us() -> float:
    bus = MessageBus(trader_id=TraderId("T-001"), clock=TestClock())
    seen = []
    bus.subscribe("quotes", seen.append)
    start = time.process_time_ns()
    for n in range(TICKS):
        bus.publish("quotes", n)
    seconds = (time.process_time_ns() - start) / 1e9
    assert len(seen) == TICKS
    return seconds / TICKS * 1e6


def main() -> None:
    made = ticks()
    result = {
        "quote_us": backtest_us(made),
        "bus_us": statistics.median(bus_us() for _ in range(5)),
    }
    print(json.dumps(result), flush=True)
    os._exit(0)  # its destructors may crash on the way out


if __name__ == "__main__":
    main()
