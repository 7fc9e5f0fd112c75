"""One instrument of the embedded market: everybody else's orders in it. A hidden value wanders, quotes follow it on the
tick grid, trades come in clusters and eat the book. Draws only from the generator it is given."""

from __future__ import annotations

from math import exp, log, sqrt
from random import Random

from brokers.paper.catalogue import DAY_SECONDS, Character
from brokers.paper.ladder import Ladder
from core.domain.instrument import Instrument
from core.domain.order import Side

LEVELS = 10
MEMORY_SECONDS = 4.0
"""How long a trade excites others."""
BRANCHING = 0.45
"""Trades that one trade brings along, on average."""
TRADE_SHARE = 0.35
"""Share of events that are trades."""
PULL_SECONDS = 6 * 3600.0
"""How slowly the value returns to its anchor, so that a demo of a week stays on the chart."""

Print = tuple[Side, float, float]
"""(taker's side, price, size)."""


class Crowd:
    """Book and hidden value of one instrument. `bids` and `asks` are [price, size] lists, best first, never empty."""

    def __init__(self, instrument: Instrument, character: Character, rng: Random) -> None:
        self.instrument = instrument
        self.character = character
        self._rng = rng
        self._ladder = Ladder(instrument.ticks)
        close = instrument.previous_close
        self.anchor = float(close) if close is not None else 1.0
        self.value = self.anchor * exp(rng.gauss(0.0, character.volatility * 0.15))
        self.slow = self.value
        """Value of the last minutes: what a jump is measured against."""
        self.excitement = 0.0
        self._excites = BRANCHING / (MEMORY_SECONDS * character.rate * TRADE_SHARE)
        # Bounces, pushes and news add to what the value wanders by itself.
        self._sigma = 0.8 * character.volatility / sqrt(DAY_SECONDS.get(character.group, 86_400.0))
        self._seen = 0.0
        self.seconds = 0.0
        """When it last moved, in seconds of the market."""
        self.bids: list[list[float]] = []
        self.asks: list[list[float]] = []
        self.last = self._ladder.floor(self.value)
        self.volume = 0.0
        self.center()

    # --- the hidden value -----------------------------------------------------------------------------------------

    def wander(self, seconds: float, factor: float, mood: float, leader: Crowd | None) -> None:
        """Move the value to the market's time `seconds`. `factor` is the market factor's level (in standard deviations
        of one second, summed), `mood` scales volatility, `leader` is what it follows."""
        elapsed = seconds - self.seconds
        if elapsed <= 0:
            return
        self.seconds = seconds
        moved = factor - self._seen
        self._seen = factor
        self.excitement *= exp(-elapsed / MEMORY_SECONDS)
        beta = self.character.beta
        if leader is not None:
            target = self.anchor * leader.value / leader.anchor
            self.value += (target - self.value) * (1.0 - exp(-elapsed / 2.0))
        own = self._rng.gauss(0.0, 1.0) * sqrt(elapsed * (1.0 - beta * beta)) * mood
        step = self._sigma * (beta * moved + own) * (0.1 if leader is not None else 1.0)
        step -= log(self.value / self.anchor) * min(elapsed / PULL_SECONDS, 1.0)
        self._set(self.value * exp(step))
        self.slow += (self.value - self.slow) * (1.0 - exp(-elapsed / 120.0))

    def jump(self, change: float, excitement: float) -> None:
        """News: the value moves at once by the fraction `change`."""
        self._set(self.value * exp(change))
        self.excitement = min(self.excitement + excitement, 8.0)

    def minute_sigma(self) -> float:
        return self._sigma * sqrt(60.0)

    def anchor_here(self, close: float) -> None:
        """A new session: `close` is what the value returns to and what limits are measured from."""
        self.anchor = self.slow = close
        self._set(self.value)

    def intensity(self, busy: float) -> float:
        """Events per second now. `busy` scales what comes by itself, not what one trade brings along."""
        return self.character.rate * (busy * (1.0 - BRANCHING) + self.excitement)

    def _set(self, value: float) -> None:
        limit = self.instrument.price_limit
        if limit is not None:
            room = float(limit) * 0.97
            value = min(max(value, self.anchor * (1.0 - room)), self.anchor * (1.0 + room))
        self.value = min(max(value, self.anchor * 0.2), self.anchor * 5.0)

    # --- the book -------------------------------------------------------------------------------------------------

    def center(self) -> None:
        """Quote around the value with a fresh spread."""
        ticks = self._ticks()
        step = self._ladder.step(self.value)
        bid = self._ladder.floor(self.value - (ticks - 1) / 2 * step)
        self._best(bid, self._ladder.move(bid, ticks))

    def requote(self) -> None:
        """Follow the value when it left the spread, narrow a wide spread now and then, change some sizes."""
        rng, ladder = self._rng, self._ladder
        bid, ask = self.bids[0][0], self.asks[0][0]
        slack = 0.3 * ladder.step(bid)
        if self.value > ask + slack or self.value < bid - slack:
            self.center()
        elif rng.random() < 0.5 and ladder.distance(bid, ask) > (ticks := self._ticks()):
            if self.value - bid > ask - self.value:
                self._best(ladder.move(ask, -ticks), ask)
            else:
                self._best(bid, ladder.move(bid, ticks))
        for side in (self.bids, self.asks):
            place = min(int(rng.expovariate(0.7)), len(side) - 1)
            level = side[place]
            level[1] = self._round(level[1] ** 0.6 * self._size(place) ** 0.4)

    def trade(self) -> list[Print]:
        """Somebody takes from the book: one print a level, and the value gives way a little."""
        rng = self._rng
        bid, ask = self.bids[0], self.asks[0]
        lean = 0.9 * (bid[1] - ask[1]) / (bid[1] + ask[1])
        lean += 2.0 * (self.value - (bid[0] + ask[0]) / 2) / (ask[0] - bid[0] + self._ladder.step(bid[0]))
        side = Side.BUY if rng.random() < 1.0 / (1.0 + exp(-max(min(lean, 20.0), -20.0))) else Side.SELL
        size = self.character.trade * exp(rng.gauss(-0.4, 0.9))
        if rng.random() < 0.03:
            size *= 8.0
        self.excitement = min(self.excitement + self._excites, 8.0)
        return self.take(side, self._round(size), LEVELS // 3)

    def take(self, side: Side, size: float, deepest: int = LEVELS) -> list[Print]:
        """Remove `size` from the side a taker of `side` hits, at most `deepest` levels."""
        prints: list[Print] = []
        levels = self.asks if side is Side.BUY else self.bids
        before = levels[0][0]
        while size > 0 and levels and len(prints) < deepest:
            level = levels[0]
            done = min(size, level[1])
            prints.append((side, level[0], done))
            self.last = level[0]
            self.volume += done
            size = round(size - done, 8)
            level[1] = round(level[1] - done, 8)
            if level[1] <= 0:
                levels.pop(0)
                self._refill(side.other)
        share = sum(size for _, _, size in prints) / self.character.depth
        push = min(share, 3.0) * 0.3 * self._ladder.step(before) / before
        self._set(self.value * exp(push if side is Side.BUY else -push))
        return prints

    def remove(self, side: Side, price: float, size: float) -> bool:
        """Our own taking order took `size` at `price`: the display must not offer it again. False when it is gone."""
        levels = self.asks if side is Side.BUY else self.bids
        for place, level in enumerate(levels):
            if level[0] == price:
                level[1] = round(level[1] - size, 8)
                if level[1] <= 0:
                    levels.pop(place)
                    self._refill(side.other)
                push = min(size / self.character.depth, 3.0) * 0.3 * self._ladder.step(price) / price
                self._set(self.value * exp(push if side is Side.BUY else -push))
                return True
        return False

    def uncross(self) -> tuple[float, float]:
        """The single price of a call auction and its size; quotes center on it."""
        self.center()
        price = self.bids[0][0] if self._rng.random() < 0.5 else self.asks[0][0]
        size = self._round(self.character.trade * 30 * exp(self._rng.gauss(0.0, 0.5)))
        self.last = price
        self.volume += size
        return price, size

    def _ticks(self) -> int:
        mean = self.character.spread - 1.0
        return 1 + (int(self._rng.expovariate(1.0 / mean) + 0.5) if mean > 0 else 0)

    def _best(self, bid: float, ask: float) -> None:
        """Make these the touch: better levels go, new ones fill in."""
        for levels, price, sign in ((self.bids, bid, -1), (self.asks, ask, 1)):
            while levels and (levels[0][0] - price) * sign < 0:
                levels.pop(0)
            fresh: list[list[float]] = []
            level = price
            while len(fresh) < LEVELS and (not levels or (levels[0][0] - level) * sign > 0):
                fresh.append([level, self._size(len(fresh))])
                following = self._ladder.move(level, sign * self._stride())
                if following == level or not self._is_allowed(following):
                    break
                level = following
            levels[:0] = fresh
            del levels[LEVELS:]
        self._refill(Side.BUY)
        self._refill(Side.SELL)

    def _refill(self, side: Side) -> None:
        levels, sign = (self.bids, -1) if side is Side.BUY else (self.asks, 1)
        if not levels:
            other = self.asks[0][0] if side is Side.BUY else self.bids[0][0]
            levels.append([self._ladder.move(other, sign * (1 + self._ticks())), self._size(0)])
        while len(levels) < LEVELS:
            price = self._ladder.move(levels[-1][0], sign * self._stride())
            if price == levels[-1][0] or not self._is_allowed(price):
                break
            levels.append([price, self._size(len(levels))])

    def _is_allowed(self, price: float) -> bool:
        """Inside the day's price limits?"""
        limit = self.instrument.price_limit
        return limit is None or abs(price / self.anchor - 1.0) <= float(limit)

    def _stride(self) -> int:
        gap = self.character.gap
        return 1 + (int(self._rng.expovariate(1.0 / gap)) if gap > 0 else 0)

    def _size(self, place: int) -> float:
        profile = 0.6 + 0.15 * min(place, 4)
        return self._round(self.character.depth * profile * exp(self._rng.gauss(-0.18, 0.6)))

    def _round(self, size: float) -> float:
        digits = self.character.digits
        return max(round(size, digits) if digits else float(round(size)), 10.0**-digits)
