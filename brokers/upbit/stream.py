"""Upbit's two WebSocket lines: what is asked of them, how they are kept, and which frames are life. One message
replaces the whole subscription, so each names all; there is no acknowledgement but data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import uuid4

import msgspec

from brokers.socket import Manner, Socket
from brokers.upbit import auth, frames, wire
from brokers.upbit.budget import Block
from brokers.upbit.parse import MARKET
from brokers.upbit.settings import NAME, UpbitSettings
from core.domain.errors import NotConnected
from core.domain.ids import InstrumentId
from core.domain.market import Quote
from core.domain.text import clean
from core.log import get_logger
from core.ports import Clock
from core.runtime.throttle import Throttle

DEPTHS = (1, 5, 15, 30)
GIVEN_UP = 3
"""A market that answered none of so many questions has nothing to say (it was never traded, or is no longer listed)."""
MESSAGES_A_SECOND, MESSAGES_A_MINUTE = 2, 80
"""The venue allows 5 and 100 on one line, and counts them as they arrive: two seconds' worth may arrive in one."""
log = get_logger("brokers.upbit")


def topic(kind: str, code: str) -> str:
    """`orderbook.15 KRW-BTC`, `trade KRW-BTC`, `candle.1m KRW-BTC`: the keys of the market line."""
    return f"{kind} {code}"


def request(topics: Iterable[str], stream_format: str) -> str:
    """The message that makes the subscription these topics and nothing else."""
    codes: dict[str, list[str]] = {}
    for kind, _, code in sorted(item.partition(" ") for item in topics):
        name, dot, depth = kind.partition(".")
        if name == "orderbook":
            codes.setdefault(name, []).append(f"{code}{dot}{depth}")
        else:
            codes.setdefault(kind, []).append(code)
    parts: list[dict[str, object]] = [{"ticket": str(uuid4())}]
    parts += [{"type": name, "codes": wanted} for name, wanted in codes.items()]
    return msgspec.json.encode([*parts, {"format": stream_format}]).decode()


PING = "PING"
PRIVATE = msgspec.json.encode(
    [{"ticket": "hoga"}, {"type": "myOrder"}, {"type": "myAsset"}, {"format": "DEFAULT"}]
).decode()


class Market:
    """One market on the line: what every frame of it needs, by one look-up."""

    __slots__ = ("best", "instrument", "is_deep", "is_wanted")

    def __init__(self, code: str) -> None:
        self.instrument = InstrumentId(f"{MARKET}:{code}")
        self.is_wanted = self.is_deep = False
        self.best: Quote | None = None


class MarketLine:
    """Quotes, books, prints and candles. The canary is always among them: a market of which something comes every
    second, so that silence is the line's."""

    def __init__(self, settings: UpbitSettings, clock: Clock, block: Block) -> None:
        self._format = settings.stream_format
        self._canary = topic("orderbook.1", settings.canary)
        self._asked: Counter[str] = Counter()
        self._wish: frozenset[str] = frozenset()
        """What was wanted last, whoever still waits to ask."""
        self._clock = clock
        self._limits = Throttle(clock, MESSAGES_A_SECOND), Throttle(clock, MESSAGES_A_MINUTE, 60)
        self.socket = Socket(
            NAME,
            f"{settings.socket_url}/websocket/v1",
            clock,
            asking=self._asking,
            headers=lambda: _headers(block, None),
            turned_away=block.turned_away,
            is_life=frames.is_data,
            manner=Manner(
                silence_seconds=settings.silence_seconds, ack_seconds=settings.ack_seconds, ping_seconds=30.0
            ),
        )

    async def want(self, topics: Iterable[str]) -> None:
        """The whole set; waits for its turn, because the venue counts messages."""
        self._wish = frozenset((*topics, self._canary))
        if self._wish == self.socket.wanted:
            return
        self._asked.clear()
        while (seconds := self._full_seconds()) > 0:
            await self._clock.sleep(seconds)
        await self.socket.want(self._wish)

    def _full_seconds(self) -> float:
        return max(limit.wait_seconds(urgent=True) for limit in self._limits)

    def _asking(self, new: frozenset[str], gone: frozenset[str], whole: frozenset[str]) -> list[str]:
        if new != whole and self._full_seconds() > 0:  # of a new line nothing was used
            return []  # what was not asked for now is asked for again, as what was not heard
        self._asked.update(new)
        tired = [item for item in new if self._asked[item] > GIVEN_UP]
        if tired:
            log.info("upbit.nothing_comes", topics=tired[:5], count=len(tired))
            self.socket.acknowledge(tired)
            if not (new - set(tired) or gone):
                return []
        for limit in self._limits:
            limit.use()
        return [request(whole, self._format)]

    def came(self, message: wire.Message) -> None:
        """Data of a topic is its acknowledgement. A deep book is one that has more than the best level."""
        match message:
            case wire.OrderBook():
                depths = DEPTHS if len(message.orderbook_units) > 1 else DEPTHS[:1]
                self.socket.acknowledge(topic(f"orderbook.{depth}", message.code) for depth in depths)
            case wire.Trade():
                self.socket.acknowledge((topic("trade", message.code),))
            case wire.TickerState():
                self.socket.acknowledge((topic("ticker", message.code),))
            case wire.Candle():
                self.socket.acknowledge((topic(message.type, message.code),))


async def _headers(block: Block, keys: auth.Keys | None) -> Mapping[str, str]:
    if block.seconds > 0:
        raise NotConnected(NAME, f"upbit shut us out for {block.seconds:.0f} s more")
    return {} if keys is None else auth.bearer(keys)


def private_line(settings: UpbitSettings, clock: Clock, block: Block, keys: auth.Keys) -> Socket:
    """Our own orders and balances. Nothing comes while nothing happens, so the line is probed: PING is answered."""
    return Socket(
        NAME,
        f"{settings.socket_url}/websocket/v1/private",
        clock,
        asking=lambda new, gone, whole: [PRIVATE, PING],
        headers=lambda: _headers(block, keys),
        turned_away=block.turned_away,
        manner=Manner(
            silence_seconds=settings.silence_seconds,
            probe=PING,
            probe_seconds=settings.silence_seconds / 3,
            ack_seconds=None,
            ping_seconds=30.0,
        ),
    )


def is_up(data: bytes | str) -> bool:
    """The answer to PING: what was sent before it was heard."""
    start = data[:9] if isinstance(data, str) else data[:9].decode("latin-1")
    return start == '{"status"'


def error_text(failure: wire.Failure) -> str:
    return f"{clean(str(failure.error.name), 40)}: {clean(failure.error.message, 120)}"
