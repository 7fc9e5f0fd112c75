"""Lines of a tape file, plain or gzip of any number of members, a piece at a time: memory does not grow with the file.
What the lines mean is not known here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from core.domain.errors import TapeError
from storage.files import reason

GZIP_MAGIC = b"\x1f\x8b"
PIECE = 256 * 1024
PACKED = 16 * 1024
"""Packed bytes are fed in small portions: what is garbled takes only its own portion with it."""
MAX_LINE = 1024 * 1024
"""A longer line is damage or an attack on memory."""


class Unreadable(ValueError):
    """The bytes end or break here; the reader of the layout adds file and line."""


def lines(path: Path) -> Iterator[bytes]:
    """Lines without their ends. Raises Unreadable after the last whole line when the rest is cut or garbled, TapeError
    when the file cannot be opened at all."""
    rest = b""
    try:
        for piece in pieces(path):
            whole = rest + piece
            if len(whole) > MAX_LINE and b"\n" not in whole:
                raise Unreadable("the line is longer than a megabyte")
            *complete, rest = whole.split(b"\n")
            yield from complete
    except Unreadable as error:
        broken: Unreadable | None = error
    else:
        broken = None
    if broken is not None:
        raise broken
    if rest:
        yield rest


def pieces(path: Path) -> Iterator[bytes]:
    """The file's contents, unpacked."""
    try:
        with path.open("rb") as stream:
            head = stream.read(2)
            stream.seek(0)
            if head != GZIP_MAGIC:
                while piece := stream.read(PIECE):
                    yield piece
                return
            unpacker = zlib.decompressobj(wbits=31)
            while packed := stream.read(PACKED):
                while packed:
                    piece = unpacker.decompress(packed, PIECE)
                    if piece:
                        yield piece
                    packed = unpacker.unconsumed_tail
                    if unpacker.eof:
                        packed = unpacker.unused_data or stream.read(PACKED)
                        packed = packed.lstrip(b"\0")  # some tools pad
                        unpacker = zlib.decompressobj(wbits=31)
                        if not packed:
                            return
            raise Unreadable("the gzip data is cut off")
    except zlib.error:
        raise Unreadable("the gzip data is garbled") from None
    except OSError as error:
        raise TapeError(f"the tape {path} cannot be read: {reason(error)}. Nothing more was played") from None
