"""The plug of Upbit: two accounts (a key each) at the simulated venue, and a market near 71,000 won."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from brokers.upbit.account import fill_id
from brokers.upbit.auth import Keys
from brokers.upbit.broker import UpbitBroker
from brokers.upbit.parse import parse_instrument
from brokers.upbit.settings import UpbitKeys, UpbitSettings
from brokers.upbit.wire import Market
from core.clock import SystemClock
from core.domain.ids import account_id
from core.domain.order import OrderRequest
from core.secret import Secret
from tests import scenes
from tests.simulators import faults
from tests.simulators.faults import Fault, Script
from tests.simulators.plug import Deed, Plug, Traffic
from tests.simulators.upbit.listed import markets
from tests.simulators.upbit.venue import UpbitVenue

CODE = "KRW-SOL"
MAIN, SECOND = "main", "second"
KEYS = {
    MAIN: ("sim-access-main-0000000000000000000000001", "sim-Secret-main-4f9d27c1b0a64e0c8d5f6b7a1"),
    SECOND: ("sim-access-second-00000000000000000000002", "sim-Secret-second-93be1d27c04f4d0e8a6c5b2"),
}
CASH = {"KRW": "10000000000"}


class UpbitPlug:
    name = "upbit"
    account = account_id("upbit", MAIN)
    other = account_id("upbit", SECOND)
    instrument = parse_instrument(Market(market=CODE, korean_name="솔라나", english_name="Solana"))
    has_wire = True
    faults_known = (
        faults.ON_ORDERS | (faults.ON_LISTS - {Fault.STALE_LIST}) | faults.ON_FRAMES | {faults.Fault.SLOW_READER}
    )
    silence_seconds = 1.0

    def __init__(self, folder: Path) -> None:
        self.faults = Script()
        self.secrets = tuple(part for pair in KEYS.values() for part in pair)
        self._state_file = folder / "upbit-state.json"
        self.venue = UpbitVenue(
            markets(),
            {MAIN: CASH, SECOND: CASH},
            {access: (secret, account) for account, (access, secret) in KEYS.items()},
            faults=self.faults,
            ledger=folder / "ledger.jsonl",
            limit_factor=20,
        )

    async def start(self) -> None:
        await self.venue.start()

    async def stop(self) -> None:
        await self.venue.stop()

    def settings(self, **more: Any) -> UpbitSettings:
        given = UpbitSettings(
            endpoint=self.venue.server.url,
            accounts={name: UpbitKeys() for name in KEYS},
            silence_seconds=self.silence_seconds,
            ack_seconds=0.3,
            answer_seconds=0.8,
            hold_seconds=0.4,
            orders_per_second=100,
            calls_per_second=300,
            quotes_per_second=100,
            state_file=str(self._state_file),
        )
        return msgspec.structs.replace(given, **more)

    def broker(self, *, secret: str = "", **more: Any) -> UpbitBroker:
        keys = {name: Keys(access=Secret(access), secret=Secret(secret or own)) for name, (access, own) in KEYS.items()}
        return UpbitBroker(self.settings(**more), SystemClock(), keys)

    def with_wrong_key(self) -> UpbitBroker:
        return self.broker(secret="sim-Secret-nobody-0000000000000000000000")

    def request(self, side: str, quantity: str, price: str | None, **more: Any) -> OrderRequest:
        made = scenes.request(side, quantity, price, instrument=self.instrument.id, **more)
        return msgspec.structs.replace(made, account=self.account)

    async def quote(self, bid: float, ask: float, size: float = 1000) -> None:
        self.venue.quote(CODE, bid, ask, size)

    async def act(self, what: str, ref: str = "") -> None:
        venue = self.venue
        match what:
            case "cancel":
                venue.exchange.end(venue.exchange.orders[ref], "cancel")
            case "order":
                body = {"market": CODE, "side": "bid", "ord_type": "limit", "price": "60000", "volume": "1"}
                venue.exchange.enter(venue.exchange.place(MAIN, body))
            case "drop":
                for stream in list(venue.server.streams):
                    stream.abort()
            case "freeze" | "thaw":
                venue.streams.is_frozen = what == "freeze"
            case "down":
                await venue.server.stop()
            case "up":
                await venue.server.start()
            case _:
                raise ValueError(what)

    def truth(self) -> list[Deed]:
        """With the executions under the names that the adapter gives them: an order and its execution."""
        return [
            msgspec.structs.replace(deed, fill_id=fill_id(deed.ref, deed.fill_id)) if deed.fill_id else deed
            for deed in self.venue.deeds
        ]

    def traffic(self) -> list[Traffic]:
        return list(self.venue.server.traffic)


def make(folder: Path) -> Plug:
    return UpbitPlug(folder)
