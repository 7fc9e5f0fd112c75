"""Plain columns on standard output, for people and for cut and awk: no colour, no frames, one row a line, every text
cleaned, widths counted in cells so that Hangul lines up. JSON for programs is written here too.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from tui.format import fit, width

RIGHT = ">"


def show(head: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print a table. A heading that begins with `>` is a column of figures, set to the right. Nothing is cut."""
    if not rows:
        print(empty, file=sys.stderr)
        return
    names = [name.removeprefix(RIGHT) for name in head]
    widths = [max(width(line[column]) for line in [names, *rows]) for column in range(len(names))]
    for line in [names, *rows]:
        cells = [
            fit(text, cells, "right" if name.startswith(RIGHT) else "left")
            for text, cells, name in zip(line, widths, head, strict=True)
        ]
        print("  ".join(cells).rstrip())


def emit(document: Any) -> None:
    """Print one JSON document: Decimals as strings, times as integer nanoseconds UTC."""
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    sys.stdout.flush()
