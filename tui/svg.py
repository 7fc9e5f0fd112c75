"""The screen as a drawing: strips of cells become one SVG, with lines, bars and blocks as shapes, so that they meet
whatever font a reader has. It reads what is drawn; it draws nothing on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from tui.format import width as cells_in
from tui.widgets.curve import BRAILLE

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, EDGE = 10, 20, 16, 8
_FONTS = "'JetBrains Mono','D2Coding','Noto Sans Mono CJK KR',Menlo,Consolas,'DejaVu Sans Mono',monospace"
_THIN, _THICK = 1.2, 3.2
_ARMS = {"│": "ud", "─": "lr", "┌": "dr", "┐": "dl", "└": "ur", "┘": "ul", "├": "udr", "┤": "udl", "┬": "dlr"}
_ARMS |= {"┴": "ulr", "┼": "udlr", "┃": "UD", "┠": "UDr", "┨": "UDl", "━": "LR"}
_ARMS |= {"╷": "d", "╵": "u", "╻": "D", "╹": "U", "╽": "uD", "╿": "Ud", "║": "UD", "╟": "UDr", "╢": "UDl"}
"""Line glyphs: the sides they run to, capitals thick."""
_DIM = [(0, 0, 0), (194, 50, 60), (23, 128, 63), (168, 90, 0), (37, 99, 201), (168, 26, 151), (0, 114, 106)]
_BRIGHT = [(57, 67, 79), (255, 107, 111), (69, 201, 124), (227, 179, 65), (106, 165, 255), (221, 84, 201)]
_ANSI = TerminalTheme(
    (14, 17, 22), (205, 213, 223), [*_DIM, (138, 149, 163)], [*_BRIGHT, (95, 201, 193), (243, 246, 250)]
)
"""What a terminal's own sixteen colours may look like."""


class _Run(NamedTuple):
    x: int
    cells: int
    text: str
    style: Style


Box = tuple[float, float, float, float]
"""x, y, width, height in pixels."""


def drawn(rows: Iterable[Sequence[Segment]], width: int, height: int, *, ink: str, ground: str) -> str:
    """`rows` of `width` cells as an SVG document; `ink` and `ground` are the colours of cells that have none."""
    classes: dict[tuple[str, bool], str] = {}
    grounds: dict[str, list[Box]] = {}
    shapes: dict[str, list[Box]] = {}
    texts: list[str] = []
    for y, row in enumerate(rows):
        for run in _runs(row):
            text, fill = _colours(run.style, ink, ground)
            if fill != ground:
                box = (run.x * CELL_WIDTH, y * CELL_HEIGHT, run.cells * CELL_WIDTH, CELL_HEIGHT)
                grounds.setdefault(fill, []).append(box)
            texts += _glyphs(run, y, text, classes, shapes.setdefault(text, []))
    style = "".join(
        f".{name}{{fill:{colour}{';font-weight:bold' if is_bold else ''}}}"
        for (colour, is_bold), name in classes.items()
    )
    w, h = width * CELL_WIDTH + 2 * EDGE, height * CELL_HEIGHT + 2 * EDGE
    paths = [_path(colour, boxes) for layer in (grounds, shapes) for colour, boxes in layer.items() if boxes]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-{EDGE} -{EDGE} {w} {h}" width="{w}" height="{h}">'
        f"<style>text{{font-family:{_FONTS};font-size:{FONT_SIZE}px;white-space:pre}}{style}</style>"
        f'<path fill="{ground}" d="M-{EDGE} -{EDGE}h{w}v{h}h-{w}z"/>\n' + "\n".join((*paths, *texts)) + "\n</svg>\n"
    )


def _path(colour: str, boxes: list[Box]) -> str:
    """Boxes of one colour, neighbours joined: along rows, then down columns."""
    across: list[Box] = []
    for x, y, w, h in boxes:
        if across and across[-1][1] == y and across[-1][3] == h and across[-1][0] + across[-1][2] == x:
            across[-1] = (across[-1][0], y, across[-1][2] + w, h)
        else:
            across.append((x, y, w, h))
    joined: list[Box] = []
    for x, y, w, h in sorted(across, key=lambda box: (box[0], box[2], box[1])):
        if joined and joined[-1][0] == x and joined[-1][2] == w and joined[-1][1] + joined[-1][3] == y:
            joined[-1] = (x, joined[-1][1], w, joined[-1][3] + h)
        else:
            joined.append((x, y, w, h))
    steps = "".join(f"M{x:g} {y:g}h{w:g}v{h:g}h-{w:g}z" for x, y, w, h in joined)
    return f'<path fill="{colour}" d="{steps}"/>'


def _runs(row: Sequence[Segment]) -> list[_Run]:
    """Neighbours of one look as one run."""
    runs: list[_Run] = []
    x = 0
    for segment in row:
        style, cells = segment.style or Style.null(), cells_in(segment.text)
        if runs and runs[-1].style == style:
            last = runs[-1]
            runs[-1] = _Run(last.x, last.cells + cells, last.text + segment.text, style)
        else:
            runs.append(_Run(x, cells, segment.text, style))
        x += cells
    return runs


def _colours(style: Style, ink: str, ground: str) -> tuple[str, str]:
    def name(colour: object, default: str) -> str:
        if colour is None or colour.is_default:  # type: ignore[attr-defined]
            return default
        return str(colour.get_truecolor(_ANSI).hex)  # type: ignore[attr-defined]

    text, fill = name(style.color, ink), name(style.bgcolor, ground)
    return (fill, text) if style.reverse else (text, fill)


def _glyphs(run: _Run, y: int, colour: str, classes: dict[tuple[str, bool], str], boxes: list[Box]) -> list[str]:
    """The text of a run in pieces between blanks; its lines and blocks go to `boxes`."""
    parts, piece, start, x = [], "", run.x, run.x
    for character in run.text + "  ":
        shape = _shape(character)
        ends = shape is not None or (character == " " and (not piece or piece[-1] == " "))
        if ends and piece.strip():
            key = (colour, bool(run.style.bold))
            name = classes.setdefault(key, f"c{len(classes)}")
            text = piece.rstrip()
            line = ' text-decoration="underline"' if run.style.underline else ""
            parts.append(
                f'<text class="{name}" x="{start * CELL_WIDTH}" y="{y * CELL_HEIGHT + 15}" '
                f'textLength="{cells_in(text) * CELL_WIDTH}"{line}>{escape(text, quote=False)}</text>'
            )
        if ends:
            piece = ""
            for left, top, wide, high in shape or ():
                boxes.append((x * CELL_WIDTH + left, y * CELL_HEIGHT + top, wide, high))
        else:
            if not piece:
                start = x
            piece += character
        x += cells_in(character)
    return parts


def _shape(character: str) -> list[Box] | None:
    """Boxes of a line or block glyph within its cell; None for letters."""
    w, h = float(CELL_WIDTH), float(CELL_HEIGHT)
    code = ord(character)
    if 0x2581 <= code <= 0x2588:  # lower eighths
        high = h * (code - 0x2580) / 8
        return [(0, h - high, w, high)]
    if 0x2589 <= code <= 0x258F:  # left eighths
        return [(0, 0, w * (0x2590 - code) / 8, h)]
    if 0x2801 <= code <= 0x28FF:  # braille: the dots of its bits
        return [
            (w * (0.15 + 0.5 * column), h * (0.08 + 0.25 * line), 2.0, 2.0)
            for column, bits in enumerate(BRAILLE)
            for line, bit in enumerate(bits)
            if (code - 0x2800) & bit
        ]
    arms = _ARMS.get(character)
    if arms is None:
        return None
    found: list[Box] = []
    for arm in arms:
        line = _THICK if arm.isupper() else _THIN
        side = arm.lower()
        if side in "ud":
            found.append((w / 2 - line / 2, 0.0 if side == "u" else h / 2, line, h / 2))
        else:
            found.append((0.0 if side == "l" else w / 2, h / 2 - line / 2, w / 2, line))
    return found
