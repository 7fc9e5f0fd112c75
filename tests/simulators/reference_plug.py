"""The plugs of the reference venue: one dialect with client ids, one without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from core.clock import SystemClock
from core.domain.market import NS
from core.domain.order import OrderRequest, OrderType, Side, TimeInForce
from tests import scenes
from tests.contract.reference_broker import ReferenceBroker, ReferenceSettings
from tests.scenes import INSTRUMENTS, SAMSUNG
from tests.simulators import faults, reference
from tests.simulators.faults import Script
from tests.simulators.plug import Deed, Plug, Traffic


class ReferencePlug:
    account = reference.MAIN
    other = reference.SECOND
    instrument = INSTRUMENTS[0]
    has_wire = True
    faults_known = faults.ON_ORDERS | faults.ON_LISTS | faults.ON_FRAMES | {faults.Fault.SLOW_READER}
    silence_seconds = 1.0

    def __init__(self, folder: Path, *, has_client_ids: bool) -> None:
        self.name = "reference" if has_client_ids else "reference-no-ids"
        self.faults = Script()
        self.venue = reference.ReferenceVenue(
            has_client_ids=has_client_ids, faults=self.faults, ledger=folder / "ledger.jsonl"
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.venue.secret, *self.venue.tokens)

    async def start(self) -> None:
        await self.venue.start()

    async def stop(self) -> None:
        await self.venue.stop()

    def broker(self, **more: Any) -> ReferenceBroker:
        settings = ReferenceSettings(
            url=self.venue.server.url,
            key=self.venue.key,
            secret=self.venue.secret,
            has_client_ids=self.venue.has_client_ids,
            answer_seconds=0.8,
            silence_seconds=self.silence_seconds,
        )
        return ReferenceBroker(msgspec.structs.replace(settings, **more), SystemClock())

    def with_wrong_key(self) -> ReferenceBroker:
        return self.broker(secret="not-the-Secret-0000000000")

    def request(self, side: str, quantity: str, price: str | None, **more: Any) -> OrderRequest:
        return msgspec.structs.replace(scenes.request(side, quantity, price, **more), account=self.account)

    async def quote(self, bid: float, ask: float, size: float = 1000) -> None:
        self.venue.quote(SAMSUNG, bid, ask, size)

    async def act(self, what: str, ref: str = "") -> None:
        venue = self.venue
        match what:
            case "cancel":
                venue.cancel(ref)
            case "order":
                venue.order(
                    reference.Wanted(
                        account=self.account,
                        code=SAMSUNG,
                        side=Side.BUY,
                        type=OrderType.LIMIT,
                        time_in_force=TimeInForce.GTC,
                        quantity=scenes.Decimal(1),
                        limit_price=scenes.Decimal(60_000),
                    )
                )
            case "drop":
                for stream in list(venue.server.streams):
                    stream.abort()
            case "freeze" | "thaw":
                venue.is_frozen = what == "freeze"
            case "down":
                await venue.server.stop()
            case "up":
                await venue.server.start()
            case "revoke":
                venue.tokens.clear()
            case "expire":
                venue.tokens = dict.fromkeys(venue.tokens, venue.clock.monotonic() - NS)
            case _:
                raise ValueError(what)

    def truth(self) -> list[Deed]:
        return list(self.venue.deeds)

    def traffic(self) -> list[Traffic]:
        return list(self.venue.server.traffic)


def with_ids(folder: Path) -> Plug:
    return ReferencePlug(folder, has_client_ids=True)


def without_ids(folder: Path) -> Plug:
    return ReferencePlug(folder, has_client_ids=False)


PLUGS = {"reference": with_ids, "reference-no-ids": without_ids}
