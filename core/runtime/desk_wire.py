"""The words of the desk socket and how they are framed: what a face asks, what an engine answers, and the reader and
writer of length-prefixed JSON. No sockets are opened here and no desk is known (see desk_socket.py).

A frame is a 4-byte big-endian head and a body of JSON. The head's top bit says "the message goes on in the next
frame"; the other 31 bits are the body's length, at most 1 MiB, and just that where the message goes on. A face's
message is a single frame; an engine's may be continued up to 16 MiB, so a long listing needs no second protocol and no
single frame is ever large.
"""

from __future__ import annotations

import asyncio
import struct
from functools import cache
from typing import TypeVar

import msgspec

from core.domain.account import TradingState
from core.domain.commands import Command, Panic, SetTradingState
from core.domain.errors import HogaError
from core.domain.ids import InstrumentId
from core.domain.market import Interval
from core.domain.order import OrderRequest
from core.ports import Query
from core.trading.view import Interest

T = TypeVar("T")

FRAME_CAP = 1 << 20
MESSAGE_CAP = 16 << 20
CREDIT = 8
"""Pictures of one stream that may be under way."""
_CONTINUED = 1 << 31
_HEAD = struct.Struct(">I")


class BadFrame(HogaError):
    """The other end sent something that is no message of ours: close the line, nothing of it was obeyed."""


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True, forbid_unknown_fields=True):
    """Shared form. `id` is chosen by the face and comes back on every answer."""

    id: int = 0


# --- a face asks -----------------------------------------------------------------------------------------------------


class Hello(_Message, frozen=True, kw_only=True):
    """First word of a face. `read_only`: it will send no command, and the engine shall see to it."""

    protocol: int
    hoga: str
    read_only: bool = False


class Watch(_Message, frozen=True, kw_only=True):
    """Start a stream of Changes; `credit` of them may be under way before the next More."""

    interest: Interest
    credit: int


class More(_Message, frozen=True, kw_only=True):
    """`credit` further Changes of stream `id` may be sent."""

    credit: int


class Unwatch(_Message, frozen=True, kw_only=True):
    pass


class Send(_Message, frozen=True, kw_only=True):
    """`until`: how long whoever sends it waits for the answer, by the engine's clock. Later it is not obeyed, unless it
    only stops: by then a person was told to look whether it was done, and may have asked for it anew."""

    command: Command
    until: int


class AskPreview(_Message, frozen=True, kw_only=True):
    request: OrderRequest


class AskSearch(_Message, frozen=True, kw_only=True):
    text: str


class AskBars(_Message, frozen=True, kw_only=True):
    instrument: InstrumentId
    interval: Interval
    since: int
    until: int


class AskHistory(_Message, frozen=True, kw_only=True):
    query: Query


class AskStory(_Message, frozen=True, kw_only=True):
    key: str


class Ping(_Message, frozen=True, kw_only=True):
    """Are you there? A console that stays asks again and again; that it does is what tells the engine that somebody
    may be looking."""


Question = Ping | Send | AskPreview | AskSearch | AskBars | AskHistory | AskStory
Ask = Hello | Watch | More | Unwatch | Question

# --- an engine answers -----------------------------------------------------------------------------------------------


class Welcome(_Message, frozen=True, kw_only=True):
    """First word of an engine. `now` is the desk's clock; `mode` is paper, live or replay."""

    protocol: int
    hoga: str
    mode: str
    now: int


class Refused(_Message, frozen=True, kw_only=True):
    """Why the engine closes the line."""

    text: str


class Answer(_Message, frozen=True, kw_only=True):
    """The one answer to a question."""

    now: int
    body: msgspec.Raw


class Changes(_Message, frozen=True, kw_only=True):
    """One picture of stream `id`."""

    now: int
    body: msgspec.Raw


class Failed(_Message, frozen=True, kw_only=True):
    """The question or stream `id` ended with an error. `kind` is the class of core/domain/errors.py."""

    kind: str
    text: str


class Ended(_Message, frozen=True, kw_only=True):
    """Stream `id` came to its end."""


Tell = Welcome | Refused | Answer | Changes | Failed | Ended

_encoder = msgspec.json.Encoder()
encode = _encoder.encode


def only_stops(command: Command) -> bool:
    """It may lie in the line of an engine that hangs: obeyed late is better than not at all."""
    match command:
        case Panic():
            return not command.flatten
        case SetTradingState():
            return command.state is TradingState.HALTED
    return False


def frames(message: Ask | Tell) -> list[bytes]:
    """The message cut into frames. Raises HogaError when it is beyond MESSAGE_CAP."""
    body = encode(message)
    if len(body) > MESSAGE_CAP:
        raise HogaError(f"an answer of {len(body) >> 20} MiB is too long for the desk socket; ask for less of it")
    pieces = [body[start : start + FRAME_CAP] for start in range(0, len(body), FRAME_CAP)]
    return [
        _HEAD.pack(len(piece) | (_CONTINUED if number < len(pieces) - 1 else 0)) + piece
        for number, piece in enumerate(pieces)
    ]


async def read_message(reader: asyncio.StreamReader, cap: int = FRAME_CAP) -> bytes | None:
    """The next message's body, or None at a clean end of the stream. `cap` bounds the whole message.

    The head is judged before a byte of the body is read, so a hostile length costs no memory. Raises BadFrame.
    """
    body = b""
    while True:
        try:
            head = await reader.readexactly(_HEAD.size)
        except asyncio.IncompleteReadError as error:
            if error.partial or body:
                raise BadFrame("the line ended inside a frame") from None
            return None
        word = _HEAD.unpack(head)[0]
        length = word & ~_CONTINUED
        is_short = bool(word & _CONTINUED) and length < FRAME_CAP  # a byte a frame would be copied without end
        if not 0 < length <= FRAME_CAP or len(body) + length > cap or is_short:
            raise BadFrame(f"a frame of {length} bytes is not one of ours (at most {FRAME_CAP}, {cap} a message)")
        try:
            body += await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            raise BadFrame("the line ended inside a frame") from None
        if not word & _CONTINUED:
            return body


def decode_ask(body: bytes) -> Ask:
    """Raises BadFrame for anything that is not exactly one Ask."""
    return _decode(_asks(), body)


def decode_tell(body: bytes) -> Tell:
    """Raises BadFrame for anything that is not exactly one Tell."""
    return _decode(_tells(), body)


@cache
def _asks() -> msgspec.json.Decoder[Ask]:
    """Built for the first who asks: most engines are never asked."""
    return msgspec.json.Decoder(Ask)


@cache
def _tells() -> msgspec.json.Decoder[Tell]:
    return msgspec.json.Decoder(Tell)


def _decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadFrame(f"not a message of the desk socket: {str(error)[:200]}") from None
