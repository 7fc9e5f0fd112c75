"""`hoga decode NAME FILE`: recorded frames and bodies of a venue through the parser that reads the live ones, one event
a line. Whatever the file is, it is read in pieces of bounded size and ends with a count.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from brokers import registry
from brokers.registry import Decoded
from core.domain.errors import BadMessage, ConfigError, StorageError
from core.domain.text import UNSAFE
from tui.cli.exits import Exit, guarded, say
from tui.cli.reading import Json

LONGEST = 8 << 20
"""A longer line, or document over several lines, is none."""
TOLD = 20
"""Rejects that are told one by one, and reasons that are counted one by one."""

_ENCODE = msgspec.json.Encoder(decimal_format="string").encode


def add_to(app: typer.Typer) -> None:
    app.command()(guarded(decode))


def decode(
    broker: Annotated[str, typer.Argument(metavar="NAME", help="Whose recording it is: upbit.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON, or one JSON text a line; - is standard input.")],
    as_json: Json = False,
) -> int:
    """Read a recording of a venue's messages.

    Frames of its stream, in any of their formats, and bodies of its answers, one event a line; with --json one JSON
    object a line. What cannot be read is counted and told, the rest goes on. Exit code 1 when there was any.

    Examples: hoga decode upbit frames.ndjson  |  hoga decode upbit frames.ndjson --json
    """
    entry = registry.load(broker)
    if entry.decoder is None:
        raise ConfigError(f"{broker} has no recordings to read")
    decoder = entry.decoder()
    read: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    write = sys.stdout.write
    with _opened(file) as stream:
        for number, text in _texts(stream):
            for item in [BadMessage(broker, text)] if isinstance(text, str) else decoder.decode(text):
                if isinstance(item, Decoded):
                    read[item.kind] += 1
                    if as_json:
                        write(_json({"line": number, "kind": item.kind, "event": item.event}))
                    else:
                        write(decoder.line(item) + "\n")
                    continue
                _count(rejected, str(item))
                if as_json:
                    write(_json({"line": number, "rejected": str(item)}))
                elif rejected.total() <= TOLD:
                    say(f"line {number}: {item}")
    return _sum_up(read, rejected)


def _json(document: Any) -> str:
    """One line. What a terminal would obey is written as an escape."""
    return UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1], _ENCODE(document).decode()) + "\n"


def _count(rejected: Counter[str], reason: str) -> None:
    """By the reason without the place where it was found: a hostile file has as many places as bytes."""
    reason = re.sub(r"\(byte \d+\)|\d+|'[^']*'|\{.*\}", "…", reason)
    rejected[reason if reason in rejected or len(rejected) < TOLD else "other reasons"] += 1


def _sum_up(read: Counter[str], rejected: Counter[str]) -> int:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in read.most_common())
    say(f"{read.total():,} read{f': {kinds}' if kinds else ''}; {rejected.total():,} rejected")
    for reason, count in rejected.most_common():
        say(f"  {count:,}  {reason}")
    if not read and not rejected:
        say("hoga: there is nothing in it")
    return Exit.OK if read and not rejected else Exit.FAILED


def _opened(file: str) -> BinaryIO:
    if file == "-":
        return sys.stdin.buffer
    path = Path(file).expanduser()
    try:
        if not path.is_file():
            raise StorageError(f"{file} is no file that could be read. Nothing was read")
        return path.open("rb")
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from None


def _texts(stream: BinaryIO) -> Iterator[tuple[int, bytes | str]]:
    """(line number, one JSON text), or why a line is none. A file that begins with a line that is not whole is one
    document over several lines, if it is one at all."""
    lines = _lines(stream)
    first = next(((number, line) for number, line in lines if isinstance(line, str) or line.strip()), None)
    if first is None:
        return
    number, line = first
    if isinstance(line, bytes) and not _is_whole(line):
        kept, size = [first], len(line)
        for item in lines:
            kept.append(item)
            size += len(item[1])
            if size > LONGEST or isinstance(item[1], str):
                break
        else:
            whole = b"".join(part for _, part in kept if isinstance(part, bytes))
            if _is_whole(whole):
                yield number, whole
                return
        yield from _not_blank(kept)
    else:
        yield first
    yield from _not_blank(lines)


def _not_blank(
    lines: Iterator[tuple[int, bytes | str]] | list[tuple[int, bytes | str]],
) -> Iterator[tuple[int, bytes | str]]:
    return (item for item in lines if isinstance(item[1], str) or item[1].strip())


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | str]]:
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        if len(line) <= LONGEST:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST)
        yield number, f"a line of more than {LONGEST >> 20} MiB"


def _is_whole(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return True
