"""The reference venue in a process of its own, with bad weather. Its ledger is on disk before anybody is told, and no
kill of a console touches it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec

from core.domain.order import OrderType, TimeInForce
from tests.scenes import APPLE, SAMSUNG
from tests.simulators.faults import Fault, Script, Step
from tests.simulators.reference import COIN, ReferenceVenue, Wanted

RATES = {
    "order": {
        **{Fault.ACCEPT_THEN_DROP: 0.06, Fault.ACCEPT_THEN_TIMEOUT: 0.04, Fault.ACCEPT_THEN_500: 0.06},
        **{Fault.SLOW_ACCEPT: 0.04, Fault.DROP_BEFORE_ACCEPT: 0.06, Fault.HTTP_500: 0.03, Fault.HTML_503: 0.03},
        **{Fault.GARBAGE: 0.03, Fault.TRUNCATED_FRAME: 0.03, Fault.REDIRECT_307: 0.01, Fault.REDIRECT_308: 0.01},
        **{Fault.HTTP_429: 0.01, Fault.TOKEN_EXPIRED: 0.01, Fault.DELAY: 0.04},
    },
    "cancel": {Fault.DROP_BEFORE_ACCEPT: 0.05, Fault.ACCEPT_THEN_DROP: 0.05, Fault.HTTP_500: 0.05},
    "replace": {Fault.ACCEPT_THEN_DROP: 0.1, Fault.ACCEPT_THEN_500: 0.1, Fault.DROP_BEFORE_ACCEPT: 0.05},
    "list": {Fault.PAGE_CUT: 0.002, Fault.GARBAGE: 0.002, Fault.STALE_LIST: 0.002, Fault.ACCEPT_THEN_DROP: 0.004},
    "private": {Fault.DUPLICATE_EVENT: 0.1, Fault.REORDER: 0.05, Fault.GARBAGE: 0.02, Fault.CLOSE: 0.005},
}
LATEST = 0.03
"""Nothing is later than this, so that many lives fit into a minute."""
TWINS = 0.12


class Weather(Script):
    """Knows when the last order that is taken late will have been taken."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, RATES)
        self.until = 0.0

    def next(self, place: str) -> Step | None:
        step = super().next(place)
        if step is None:
            return None
        step = msgspec.structs.replace(step, seconds=min(step.seconds, LATEST))
        if step.fault is Fault.SLOW_ACCEPT:
            self.until = max(self.until, asyncio.get_running_loop().time() + step.seconds)
        return step


class VenueProcess:
    def __init__(self, folder: Path, *, has_ids: bool, seed: int, twins: bool) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if not self.pid:
            try:
                self.control.close()
                asyncio.run(_serve(folder, theirs, has_ids=has_ids, seed=seed, twins=twins))
            finally:
                os._exit(0)
        theirs.close()
        self.url = self.control.recv(200).decode()

    def calm(self) -> None:
        """Nothing goes wrong any more, and the market stands still."""
        ask(self.control, "calm", "calm")

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.control.close()


def ask(control: socket.socket, word: str, tag: str) -> None:
    """Wait until the venue has done it; an answer to somebody who died meanwhile is passed over."""
    control.setblocking(True)  # a life that died may have left it otherwise: they share it
    control.send(f"{word} {tag}".encode())
    while control.recv(200).decode() != tag:
        pass


async def _serve(folder: Path, control: socket.socket, *, has_ids: bool, seed: int, twins: bool) -> None:
    weather = Weather(seed)
    venue = ReferenceVenue(
        has_client_ids=has_ids,
        faults=weather,
        ledger=folder / "ledger.jsonl",
        page_rows=500,
        beat_seconds=0.5,
        order_limit=1_000_000,
        keeps_past=False,
    )
    await venue.start()
    loop = asyncio.get_running_loop()
    control.setblocking(False)
    control.send(venue.server.url.encode())
    moving = asyncio.ensure_future(_move(venue, Random(seed), twins))
    while data := await loop.sock_recv(control, 200):
        word, _, tag = data.decode().partition(" ")
        if word == "calm":
            weather.clear()
            moving.cancel()
        # Timers fire in their order: what was to be taken late was taken by then.
        await venue.clock.sleep(max(weather.until - loop.time(), 0) + 0.002)
        control.send(tag.encode())


async def _move(venue: ReferenceVenue, random: Random, twins: bool) -> None:
    """A market that moves through resting orders, and, with `twins`, somebody else who trades the same accounts."""
    known = 0
    while True:
        await venue.clock.sleep(random.choice((0.004, 0.01, 0.02)))
        size = float(random.choice((1, 3, 20, 500)))
        draw = random.random()
        if draw < 0.7:
            bid = 70_000.0 + 100 * random.randrange(20)
            venue.quote(SAMSUNG, bid, bid + 100, size)
        elif draw < 0.85:
            bid = 50_000.0 + random.randrange(-40, 40)
            venue.quote(COIN.id, bid, bid + 10, size)
        else:
            bid = round(227.3 + random.randrange(-20, 20) / 100, 2)
            venue.quote(APPLE, bid, round(bid + 0.02, 2), size)
        if twins and len(venue._known) > known and random.random() < TWINS:
            request = venue._matching._orders[next(reversed(venue._known.values())).inside].request
            venue.order(
                Wanted(
                    account=request.account,
                    code=request.instrument,
                    side=request.side,
                    type=OrderType.LIMIT,
                    time_in_force=TimeInForce.DAY,
                    quantity=request.quantity,
                    limit_price=request.limit_price or Decimal(60_000),
                )
            )
        known = len(venue._known)
