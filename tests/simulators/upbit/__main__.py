"""The simulated Upbit by hand: all its markets move, and a console may be pointed at it."""

from __future__ import annotations

import argparse
import asyncio
import random
from decimal import Decimal
from pathlib import Path

from tests.simulators.upbit.exchange import step_of
from tests.simulators.upbit.listed import markets
from tests.simulators.upbit.plug import KEYS, MAIN
from tests.simulators.upbit.venue import UpbitVenue

FUNDS = {"KRW": "100000000", "BTC": "0.5", "USDT": "20000", "ETH": "3"}


def move(venue: UpbitVenue, chance: random.Random) -> None:
    """A market walks a step, and now and then somebody trades."""
    market = chance.choice(list(venue.exchange.markets.values()))
    bid = market.bids[0][0] if market.bids else market.last
    step = step_of(market.code, bid)
    bid = max(bid + step * chance.choice((-1, 0, 0, 1)), step)
    size = float(chance.randint(1, 500)) / 10
    venue.exchange.quote(market.code, bid, bid + step_of(market.code, bid), Decimal(repr(size)))
    venue.streams.tell("orderbook", market)
    if chance.random() < 0.5:
        side = chance.choice(("BID", "ASK"))
        price = market.asks[0][0] if side == "BID" else market.bids[0][0]
        volume = Decimal(chance.randint(1, 5000)) / 1000
        market.last, market.traded_at, market.taker = price, venue.clock.now(), side
        market.volume += volume
        venue.streams.printed(market, price, volume, side)


async def serve(port: int, *, is_moving: bool, ledger: Path | None, seed: int) -> None:
    keys = {access: (secret, account) for account, (access, secret) in KEYS.items() if account == MAIN}
    venue = UpbitVenue(markets(), {MAIN: FUNDS}, keys, ledger=ledger, beat_seconds=1.0)
    await venue.start(port)
    access, secret = KEYS[MAIN]
    print(f"{venue.server.url} speaks Upbit; access key {access}, secret key {secret}; Ctrl+C ends it", flush=True)
    chance = random.Random(seed)
    try:
        while True:
            await venue.clock.sleep(0.02)
            if is_moving:
                move(venue, chance)
    finally:
        await venue.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="Upbit on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--still", action="store_true", help="quotes do not move")
    parser.add_argument("--ledger", type=Path, help="append what truly happened to this file")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    run = serve(given.port, is_moving=not given.still, ledger=given.ledger, seed=given.seed)
    try:
        asyncio.run(run)
    except KeyboardInterrupt:
        print("ended")


if __name__ == "__main__":
    main()
