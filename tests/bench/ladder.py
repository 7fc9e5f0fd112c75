"""The ladder on a moving market at 120x40: what one book update costs, in bytes to the terminal and in CPU, beside the
same console drawn Textual's own way; and what the pane alone takes to put its rows."""

from __future__ import annotations

import asyncio

from tests.bench.rows import Row, compared
from tests.tui.moving_book import measure, put_rows

UPDATES = 300


def rows() -> list[Row]:
    ours, plain = asyncio.run(measure(UPDATES)), asyncio.run(measure(UPDATES, is_plain=True))
    alone = asyncio.run(put_rows(UPDATES))
    return [
        Row(name="ladder: bytes per book update, Textual's own way", value=plain[0], unit="bytes"),
        Row(
            name="ladder: bytes per book update",
            value=ours[0],
            unit="bytes",
            reference="Textual's own way",
            ratio=ours[0] / plain[0],
            target="< 600 bytes",
            met=ours[0] < 600,
        ),
        compared("ladder: CPU per book update, whole console", ours[1], "ms", "Textual's own way", plain[1]),
        Row(name="ladder: CPU to put the rows of one update", value=alone, unit="ms", target="< 2 ms", met=alone < 2),
    ]
