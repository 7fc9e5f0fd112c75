"""Everything that can be seen: the panes, the frame, the bars, and which of them stand where. It shows the picture; it
knows nothing of the desk and sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from textual.widget import Widget

from core.ports import Clock
from core.trading.view import Slice
from tui.actions import PANES
from tui.forms.jump import Jump
from tui.forms.live import LiveLine
from tui.forms.over import over_of
from tui.forms.page import Page
from tui.forms.params import ParamsForm
from tui.forms.strips import Confirm, LineForm, PanicMenu, StrategyMenu
from tui.forms.ticket import Ticket
from tui.look import Look, looks_live
from tui.messages import Form
from tui.panes.bars import CommandBar, MessageBar, message_rows
from tui.panes.book import BookPane
from tui.panes.chart import ChartPane
from tui.panes.hints import Hint, HintBar
from tui.panes.log import LogPane
from tui.panes.market import MarketPane
from tui.panes.orders import OrdersPane
from tui.panes.over import OverPane
from tui.panes.page import PagePane
from tui.panes.pnl import PnlPane
from tui.panes.positions import PositionsPane
from tui.panes.quotes import QuotesPane
from tui.panes.recon import ReconPane
from tui.panes.risk import RiskPane
from tui.panes.signals import SignalsPane
from tui.panes.status import StatusPane, TinyPane
from tui.panes.strategies import StrategiesPane
from tui.panes.strip import StripPane
from tui.panes.system import SystemPane
from tui.panes.tape import TapePane
from tui.panes.ticket import TicketPane
from tui.panes.why import WhyPane
from tui.picture import Picture
from tui.screens.drawer import with_drawer
from tui.screens.layout import Layout, Rect, arrange
from tui.widgets.frame import Frame, Title
from tui.widgets.grid import Cell, Grid, Lines
from tui.widgets.sheet import place
from tui.words import Speech

Box = tuple[int, int, int, int]
"""x, y, width, height in cells."""


class Pane(Protocol):
    """What a pane offers: `slices` it draws from, what stands in its rule, and a cursor."""

    slices: tuple[Slice, ...]
    title: str

    @property
    def subject(self) -> str: ...
    @property
    def facts(self) -> tuple[Cell, ...]: ...
    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None: ...
    def flush(self) -> int: ...
    def move_cursor(self, by: int) -> None: ...
    def cursor_to(self, place: int) -> None: ...
    def page(self, pages: float) -> None: ...


@runtime_checkable
class Relabelled(Protocol):
    """A pane that keeps something made of words, and makes it anew in another language."""

    def relabel(self) -> None: ...


class Message:
    """The line above the command line."""

    def __init__(self, level: str, text: str, count: int = 0) -> None:
        self.level, self.text, self.count = level, text, count


class Surface:
    def __init__(self, look: Look, clock: Clock) -> None:
        self._look = look
        self.frame = Frame(look.pens)
        self.status = StatusPane(look)
        self.quotes, self.book, self.log = QuotesPane(look), BookPane(look, clock), LogPane(look)
        self.tape, self.market = TapePane(look), MarketPane(look)
        self.positions, self.orders, self.pnl = PositionsPane(look), OrdersPane(look), PnlPane(look)
        self.chart, self.why, self.signals = ChartPane(look), WhyPane(look), SignalsPane(look)
        self.strategies, self.ticket = StrategiesPane(look), TicketPane(look)
        self.message, self.command, self.hints = MessageBar(look), CommandBar(look), HintBar(look)
        self.strip, self.page, self.tiny = StripPane(look), PagePane(look), TinyPane(look)
        self.over, self.system = OverPane(look), SystemPane(look)
        self.recon, self.risk = ReconPane(look), RiskPane(look)
        self.screen_name = "trade"
        self.focus_name = "quotes"
        self.is_zoomed = False
        self.has_drawer = False
        self.note: Callable[[str], str] = lambda _: ""
        """What was chosen among the rows of a pane, for its title."""
        self.layout = Layout(0, 0, "tiny", {})
        self._boxes: dict[Widget, Box | None] = {}
        self._keyed_widget: Widget | None = None

    def widgets(self) -> Iterator[Widget]:
        """Back to front."""
        yield self.frame
        yield from (self.status, *(self.widget(name) for name in PANES), self.ticket)
        yield from (self.command, self.hints, self.page, self.over, self.message, self.tiny, self.strip)

    def widget(self, name: str) -> Widget:
        found: Widget = getattr(self, name)
        return found

    def pane(self, name: str) -> Pane:
        found: Pane = getattr(self, name)
        return found

    def dress(self) -> None:
        """The look has other pens: everything is drawn with them."""
        for widget in self.widgets():
            if isinstance(widget, Lines):
                widget.pens = self._look.pens

    @property
    def visible(self) -> list[str]:
        """Names of the panes now shown, the ticket left out."""
        return [name for name in self.layout.panes if name in PANES]

    # ---- where things stand

    def arrange(self, width: int, height: int, forms: Sequence[Form], *, message: Message | None) -> None:
        """Place everything for this size, screen and what is open."""
        has_ticket = any(isinstance(form, Ticket) for form in forms)
        layout = arrange(
            self.screen_name, width, height, focus=self.focus_name, is_zoomed=self.is_zoomed, has_ticket=has_ticket
        )
        top = forms[-1] if forms else None
        if isinstance(top, Page) and layout.kind != "tiny":
            body = Rect(0, 2, width - 1, height - 4) if layout.kind == "full" else Rect(0, 1, width - 1, height - 2)
            layout = Layout(width, height, layout.kind, {"page": body})
        elif self.has_drawer:
            layout = with_drawer(layout)
        self.layout = layout
        self.book.is_ladder = self.screen_name == "ladder" or self.is_zoomed
        if self.focus_name not in layout.panes and self.visible:
            self.focus_name = self.visible[0]
        is_full, is_tiny = layout.kind == "full", layout.kind == "tiny"
        self._place(self.frame, None if is_tiny else (0, 0, width, height))
        self._place(self.status, None if is_tiny else (0, 0, width, 2 if is_full else 1))
        for name in (*PANES, "ticket", "page"):
            rect = layout.panes.get(name)
            self._place(self.widget(name), None if rect is None else rect.inside)
        has_line = isinstance(top, LineForm)
        row = layout.command_row
        inset = 0 if is_tiny else 1  # the frame's sides, in LIVE its rails, run past these rows too
        self._place(self.command, (inset, row, width - 2 * inset, 1) if not is_tiny or has_line else None)
        self._place(self.hints, (0, height - 1, width, 1) if is_full else None)
        rows = 0
        if message is not None and not is_tiny:
            rows = message_rows(self._look.said(message.text), message.count, width - 2, height // 8)
        self._place(self.over, self._over_box(top, row - rows, width) if not is_tiny else None)
        self._place(self.tiny, (0, 0, width, height - has_line) if is_tiny else None)
        strip_rows = min(3, max(height - 2, 1))
        has_strip = isinstance(top, (Confirm, PanicMenu, StrategyMenu))
        self._place(self.strip, (0, height - strip_rows, width, strip_rows) if has_strip else None)
        above = height - strip_rows if has_strip else row
        self._place(self.message, (inset, above - rows, width - 2 * inset, rows))

    def _over_box(self, form: Form | None, bottom: int, width: int) -> Box | None:
        """Where the open form lies over the panes, from the bottom up; between the rails in LIVE."""
        over = over_of(form)
        if over is None:
            return None
        top = 2 if self.layout.kind == "full" else 1
        rows = min(over.height() + 1, bottom - top)
        return (1, bottom - rows, width - 2, rows)

    def _place(self, widget: Widget, box: Box | None) -> None:
        """Only what moved is placed: to tell Textual is to have everything laid out again."""
        if box is not None and (box[2] <= 0 or box[3] <= 0):
            box = None
        if widget not in self._boxes or self._boxes[widget] != box:
            self._boxes[widget] = box
            if box is None:
                widget.display = False
            else:
                place(widget, *box)

    def give_keys(self, name: str) -> None:
        """Show in which pane the keys are (empty: in none). Not by Textual's own focus, which draws the whole screen
        anew each time it moves."""
        wanted = self.widget(name) if name else None
        if wanted is self._keyed_widget:
            return
        before, self._keyed_widget = self._keyed_widget, wanted
        for widget, has_keys in ((before, False), (wanted, True)):
            if widget is not None:
                widget.set_reactive(Widget.has_focus, has_keys)
                if isinstance(widget, (Grid, BookPane)):
                    (widget.on_focus if has_keys else widget.on_blur)()

    def speak(self, language: str) -> None:
        """Another language from now on. What is open, typed, selected or zoomed stays; `show` everything anew after."""
        self._look.speech = Speech(language)
        for widget in self.widgets():
            if isinstance(widget, Relabelled):
                widget.relabel()
            if isinstance(widget, Lines):
                widget.repaint()

    # ---- what they show

    def show(self, picture: Picture, now: int, dirty: Mapping[Slice, set[str]] | None) -> None:
        """Panes whose slices changed; with `dirty` None all of them, anew."""
        self.quotes.fade()
        for name in self.visible:
            pane = self.pane(name)
            if dirty is None:
                pane.show(picture, now)
            elif any(part in dirty for part in pane.slices) or (name == "positions" and Slice.STATUS in dirty):
                keys: set[str] = set().union(*(dirty.get(part, ()) for part in pane.slices))
                pane.show(picture, now, keys)
            if name == "orders" and name != self.focus_name:
                self.orders.to_top()
            pane.flush()

    def grow_older(self, picture: Picture, now: int) -> None:
        """A second has passed: only figures that read differently are written."""
        for name in ("quotes", "book", "orders", "strategies"):
            if name in self.layout.panes:
                pane = getattr(self, name)
                pane.age(picture, now)
                pane.flush()

    def show_edges(
        self, picture: Picture, now: int, forms: Sequence[Form], message: Message | None, hints: Sequence[Hint]
    ) -> None:
        """Header, rules, bars: everything around the panes."""
        live = looks_live(picture.status)
        kind = self.layout.kind
        if kind == "tiny":
            self.tiny.show(picture)
        else:
            self.status.show(picture, now, self.screen_name, kind)
            letters = forms[-1].letters if forms and isinstance(forms[-1], Jump) else {}
            titles = {name: self._title(name, letters.get(name, "")) for name in self.layout.panes}
            focus = self._keyed(forms)
            self.frame.show(self.layout, titles, focus, rail=self._look.rail if live else "")
        top = forms[-1] if forms else None
        line = top if isinstance(top, LineForm) else None
        self.command.show(line)
        self.hints.show(hints, is_live=live)
        if message is not None:
            self.message.show(message.level, message.text, message.count)

    def show_form(self, picture: Picture, forms: Sequence[Form], now: int, *, is_sending: bool) -> None:
        """The forms that are open, the lowest first."""
        ticket = next((form for form in reversed(forms) if isinstance(form, Ticket)), None)
        self.ticket.show(ticket, picture.status, is_sending=is_sending)
        self.why.show_form(next((form for form in reversed(forms) if isinstance(form, ParamsForm)), None))
        top = forms[-1] if forms else None
        if isinstance(top, (Confirm, PanicMenu, StrategyMenu)):
            self.strip.show(top, picture, now, is_sending=is_sending)
        elif isinstance(top, Page):
            self.page.show(top)
        over = over_of(top)
        if over is not None and self.layout.kind != "tiny":
            self.over.show(over)
        if isinstance(top, LineForm):
            self.command.show(top)

    def _keyed(self, forms: Sequence[Form]) -> str:
        """The pane that is outlined, because keys go there."""
        if not forms:
            return self.focus_name
        if isinstance(forms[-1], Page):
            return "page"
        if forms[-1].place in ("ticket", "params"):
            return "why" if forms[-1].place == "params" else "ticket"
        return self.focus_name if isinstance(forms[-1], LiveLine) else ""

    def _title(self, name: str, letter: str) -> Title:
        """`letter` is where a jump goes; what was chosen among the rows stands beside the subject."""
        pane = getattr(self, name)
        word = self._look.word(pane.title)
        subject = " ".join(part for part in (pane.subject, self.note(name)) if part)
        return Title(f"[{letter}] {word}" if letter else word, subject, tuple(pane.facts))
