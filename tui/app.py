"""HogaApp: the console. It follows the desk, keeps one picture, hands each pane its slice and gives keys to whatever
has them. It decides nothing about orders and reads no clock but the desk's; storage and brokers are unknown here."""

from __future__ import annotations

import gc
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.worker import Worker

from core.clock import SystemClock
from core.config import Settings
from core.domain.errors import HogaError
from core.domain.ids import AccountId, ClientOrderId, InstrumentId
from core.domain.instrument import Instrument
from core.ports import Clock, Desk
from core.trading.view import LogRow, OrderRow, PositionRow, Slice, StrategyRow
from tui.acts.alerts import Alerting
from tui.acts.armed import Armed
from tui.acts.chart import Charting
from tui.acts.face import Face
from tui.acts.keeping import Keeping
from tui.acts.leaving import farewell
from tui.acts.lists import Listing
from tui.acts.logs import older
from tui.acts.notices import Notices
from tui.acts.own import Measuring
from tui.acts.rooms import rooms_of
from tui.acts.rows import Rows
from tui.acts.seeking import Seeking
from tui.acts.strategies import Deciding
from tui.acts.trade import Trading
from tui.acts.typed import Typed
from tui.acts.watching import Watching
from tui.acts.work import Working
from tui.asking import Asking
from tui.display import ShadowDisplay
from tui.following import Following
from tui.forms.live import LiveLine
from tui.forms.over import over_of
from tui.forms.strips import LineForm, PanicMenu
from tui.forms.ticket import Ticket
from tui.keymap import pressed
from tui.keys import Keys
from tui.known import Known
from tui.look import make_look
from tui.manners import Manners
from tui.messages import Acted, Called, Dropped, Edited, Entered, Form, Refused, Wanted, Wish
from tui.picture import Picture
from tui.places import Places
from tui.remap import keymap
from tui.screens.layout import SCREENS, Layout
from tui.surface import Pane, Surface
from tui.widgets.grid import Grid


class HogaApp(ShadowDisplay[int]):
    """The console on a desk. `clock` paces the screen; market time comes from `desk.now()`."""

    CSS = """
    Screen { layers: back panes over; overflow: hidden; background: transparent; }
    Screen > * { position: absolute; layer: panes; }
    #frame { layer: back; }
    #message, #page, #over, #strip, #tiny { layer: over; }
    """
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[Any]] = []

    def __init__(
        self, desk: Desk, settings: Settings, *, clock: Clock | None = None, places: Places | None = None
    ) -> None:
        super().__init__()
        self.desk = desk
        self.settings = settings
        self.places = places or Places()
        self.clock = clock or SystemClock()
        self.look = make_look(settings)
        self.picture: Picture = Picture()
        self.surface = Surface(self.look, self.clock)
        self.forms: list[Form] = []
        self.known = Known(desk, self.picture.instruments)
        self.instrument: InstrumentId | None = None
        """The selected one: the ladder shows it, tickets start from it."""
        self.last_sent: ClientOrderId | None = None
        self.face = Face(self)
        self.manners = Manners(self)
        self.asking = Asking(self)
        self.armed = Armed(self)
        self.typed = Typed(self)
        self.trading = Trading(self)
        self.working = Working(self)
        self.following, self.charting, self.deciding = Following(self), Charting(self), Deciding(self)
        self.keeping, self.watching, self.seeking = Keeping(self), Watching(self), Seeking(self)
        self.measuring = Measuring(self)
        self.surface.system.own = self.measuring.figures
        self.listing, self.alerting = Listing(self), Alerting(self)
        self.notices = Notices(self)
        self.rows = Rows(self)
        self.keys = Keys(self, keymap(settings.keys), rooms_of(self))
        self.farewell = ""
        """What to say once the terminal is given back."""
        self._flush_due: Any = None
        self._flushed = 0

    # ---- life

    def compose(self) -> ComposeResult:
        yield from self.surface.widgets()

    def on_mount(self) -> None:
        self.manners.begin()
        self.arrange()
        self._focus()
        self.following.start()
        self.watching.follow()
        self.set_interval(1.0, self._second)

    def on_resize(self) -> None:
        self.call_next(self.arrange)  # Textual knows the new size only when this message is done

    def leave(self) -> None:
        """Close the console; orders and positions stay as they are."""
        self.farewell = farewell(self.picture, self.look, owns_engine=self.owns_engine)
        self.exit(0)

    def undecoded(self) -> None:
        self.say("warning", "the terminal sent what is not UTF-8, and it was dropped: set its encoding to UTF-8")

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        self.manners.cursor_reported(event.x)

    def work(self, begin: Callable[[], Coroutine[Any, Any, None]], group: str, *, exclusive: bool = False) -> None:
        """Run beside the screen; `exclusive` ends what the group did before. What it does not catch is the end."""
        _: Worker[None] = self.run_worker(begin, group=group, exclusive=exclusive)

    # ---- showing what was heard

    def flush_soon(self) -> None:
        """At most flush_hz times a second, and never when nothing changed."""
        if self._flush_due is None:
            period = 1.0 / self.manners.flush_hz
            passed = (self.clock.monotonic() - self._flushed) / 1e9
            self._flush_due = self.set_timer(max(period - passed, 0.001), self._flush_picture)

    def _flush_picture(self) -> None:
        self._flush_due = None
        self._flushed = self.clock.monotonic()
        self.face.light(self._flushed)
        dirty = self.picture.take()
        status = self.picture.status
        if status is not None:
            self.look.base_currency = status.base_currency
        self._ask_for_new()
        now = self.desk.now()
        self.surface.show(self.picture, now, dirty)
        if over_of(self.top_form) is not None:
            self.show_form()
        if self.surface.quotes.is_lit:
            self.flush_soon()
        if self.instrument is None:
            quotes = self.picture.quotes()
            if quotes:
                self.look_at(quotes[0].instrument)
        self._show_edges(now)
        self.asking.follow()

    def _second(self) -> None:
        if not gc.isenabled():  # a start does without it; what a start made stays, and need not be looked at
            gc.freeze()
            gc.enable()
        self.measuring.second()
        self._ask_for_new()  # what was not answered is asked for again on a still screen too
        now = self.desk.now()
        self.surface.grow_older(self.picture, now)
        self._show_edges(now)
        self.asking.follow(has_second_passed=True)

    def _ask_for_new(self) -> None:
        new = self.known.missing(self.picture)
        if new:
            self.work(partial(self._learn, new), "learn")

    async def _learn(self, ids: Iterable[InstrumentId]) -> None:
        try:
            await self.known.learn(ids)
            self.surface.show(self.picture, self.desk.now(), {Slice.BOOK: set()})  # a ladder waits for price steps
        except (HogaError, OSError) as error:
            self.say("warning", f"instruments could not be read: {error}; they are asked for again")

    # ---- what is selected

    @property
    def instruments(self) -> dict[InstrumentId, Instrument]:
        return self.known.instruments

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """Accounts the picture speaks of."""
        rows = self.picture.pnl()
        named = [AccountId(row.name) for row in rows if row.scope == "account"]
        named += [row.account for row in self.picture.positions()]
        named += [row.account for row in self.picture.strategies()]
        return tuple(dict.fromkeys(named))

    @property
    def account(self) -> AccountId:
        """Where new orders go."""
        return (self.accounts or (AccountId("paper:main"),))[0]

    def look_at(self, instrument: InstrumentId) -> None:
        """Select an instrument: the ladder follows."""
        if instrument != self.instrument:
            self.instrument = instrument
            self.following.book(instrument)
            self.charting.sync()
            self.watching.follow()

    def select(self, instrument: InstrumentId) -> None:
        """Move the watchlist's cursor there."""
        self.surface.quotes.cursor_to(instrument)
        self.look_at(instrument)

    def on_grid_cursor_moved(self, message: Grid.CursorMoved) -> None:
        if message.grid is self.surface.widget(self.focus_name):
            self.look_at_cursor()

    def look_at_cursor(self) -> None:
        """What the focused pane's cursor stands on is what is selected: true the moment the cursor has moved, for the
        next key may already be a trading key."""
        older(self)
        row = self.selected_order() if self.focus_name == "orders" else self._position_under_cursor()
        if row is not None:
            self.look_at(row.instrument)
        elif self.focus_name == "quotes" and self.surface.quotes.cursor is not None:
            self.look_at(InstrumentId(self.surface.quotes.cursor))
        self.deciding.sync()

    def _position_under_cursor(self) -> PositionRow | None:
        if self.focus_name != "positions":
            return None
        row = self.picture.rows[Slice.POSITIONS].get(self.surface.positions.cursor or "")
        return row if isinstance(row, PositionRow) else None

    def selected_position(self) -> PositionRow | None:
        """The row under the cursor, elsewhere the holding of the selected instrument."""
        row = self._position_under_cursor()
        if row is not None and row.quantity:
            return row
        return self.picture.position(self.instrument) if self.instrument is not None else None

    def selected_order(self) -> OrderRow | None:
        """The row under the cursor of the orders pane; elsewhere the newest working order of the instrument."""
        if self.focus_name == "orders":
            return self.picture.order(self.surface.orders.cursor or "")
        found = (row for row in self.picture.orders() if row.is_working and row.instrument == self.instrument)
        return next(found, None)

    def selected_strategy(self) -> StrategyRow | None:
        row = self.picture.rows[Slice.STRATEGIES].get(self.surface.strategies.cursor or "")
        return row if isinstance(row, StrategyRow) else None

    def selected_text(self) -> str:
        """What the row under the cursor has to say at length."""
        match self.focus_name:
            case "orders":
                order = self.selected_order()
                if order is None:
                    return ""
                return f"{order.id[-4:]} {order.status.value} {order.code} from {order.source} {order.reason}".rstrip()
            case "log":
                row = self.picture.rows[Slice.LOG].get(self.surface.log.cursor or "")
                return row.text if isinstance(row, LogRow) else ""
            case "strategies":
                strategy = self.selected_strategy()
                return f"{strategy.name} {strategy.signal} {strategy.detail} {strategy.text}" if strategy else ""
        return ""

    def marked(self, pane: str) -> list[str]:
        """Keys of the rows somebody marked in a pane and can see there, from the top."""
        return self.rows.marked(pane)

    def chart_price(self) -> float | None:
        """The price under the chart's cursor, if the keys are there."""
        return self.surface.chart.cursor_price if self.focus_name == "chart" else None

    # ---- the surface

    @property
    def layout_now(self) -> Layout:
        return self.surface.layout

    @property
    def focus_name(self) -> str:
        return self.surface.focus_name

    @property
    def pane(self) -> Pane:
        return self.surface.pane(self.focus_name)

    @property
    def is_zoomed(self) -> bool:
        return self.surface.is_zoomed

    @is_zoomed.setter
    def is_zoomed(self, value: bool) -> None:
        self.surface.is_zoomed = value

    def go_to(self, screen: str) -> None:
        """Another screen; its own pane gets the keys."""
        self.rows.left(self.focus_name)
        self.surface.screen_name = screen
        self.surface.is_zoomed = False
        self.surface.focus_name = SCREENS[screen].home
        self.arrange()
        self._focus()
        self.look_at_cursor()

    def focus_on(self, pane: str) -> None:
        self.rows.left(self.focus_name)
        self.surface.focus_name = pane
        if pane not in self.layout_now.panes:
            self.arrange()
        self._focus()
        self.look_at_cursor()
        self.watching.sync()
        self._show_edges(self.desk.now())

    def _focus(self) -> None:
        """Only a resting pane shows a cursor; while a form is open none does."""
        self.surface.give_keys("" if self.forms else self.focus_name)

    def arrange(self) -> None:
        """Place everything anew and show it."""
        self._arrange()
        self.charting.sync()
        self.deciding.sync()
        self.watching.sync()
        self.show_all()

    def _arrange(self) -> None:
        self.surface.arrange(self.size.width, self.size.height, self.forms, message=self.notices.shown)

    def show_all(self) -> None:
        now = self.desk.now()
        self.surface.show(self.picture, now, None)
        self.show_form()
        self._show_edges(now)

    def show_form(self) -> None:
        """Draw the open forms again."""
        self.surface.show_form(self.picture, self.forms, self.desk.now(), is_sending=self.asking.is_sending)

    def _show_edges(self, now: int) -> None:
        self.surface.show_edges(self.picture, now, self.forms, self.notices.shown, self.keys.hints())

    def show_keys(self) -> None:
        """The footer again: other keys work now."""
        self._show_edges(self.desk.now())

    # ---- messages

    @property
    def unread(self) -> int:
        """Alerts, warnings and errors that came since somebody looked at the log."""
        return self.picture.unread

    @property
    def has_message(self) -> bool:
        return self.notices.shown is not None

    def say(self, level: str, text: str, *, stays: bool = False) -> None:
        """A remark above the command line. Warnings stay until the next one, errors until they were read."""
        self.notices.say(level, text, stays=stays)

    def arrange_message(self) -> None:
        """Make room for what is said, and show it."""
        self._arrange()
        self._show_edges(self.desk.now())

    # ---- keys and forms

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes are ours alone: no binding of Textual's may act on them."""
        if isinstance(event, events.Key):
            self.keys.press(pressed(event.key, event.character, event.time))
        elif isinstance(event, events.Paste):
            self.keys.paste(event.text, event.time)
        elif isinstance(event, events.MouseEvent):
            return  # the mouse is the terminal's
        else:
            await super().on_event(event)
            if isinstance(event, events.AppBlur):
                self.armed.disarm("the terminal lost the focus")
            if isinstance(event, events.AppFocus) and self.top_form is not None:
                self.top_form.armed_from = event.time

    @property
    def top_form(self) -> Form | None:
        return self.forms[-1] if self.forms else None

    def open(self, form: Form) -> None:
        """Give the keys to a form."""
        if self.layout_now.kind == "tiny" and isinstance(form, Ticket):
            self.bell()
            return
        form.armed_from = self.keys.now
        if isinstance(form, PanicMenu):
            self.forms = [open_form for open_form in self.forms if not isinstance(open_form, PanicMenu)]
        self.forms.append(form)
        if isinstance(form, LineForm) and form.place == "command":
            self.typed.opened()
        self.form_changed()
        self.arrange()
        self._focus()

    def close(self, *forms: Form) -> None:
        """Take the keys back."""
        self.forms = [form for form in self.forms if form not in forms]
        if self.top_form is not None:
            self.top_form.armed_from = self.keys.now
        self.arrange()
        self._focus()

    def close_all_but(self, kept: Sequence[Form]) -> None:
        self.close(*(form for form in self.forms if form not in kept))

    def take(self, form: Form, wish: Wish) -> None:
        """Do what a form asks for."""
        match wish:
            case Dropped(text):
                if isinstance(form, LiveLine):
                    form.undo()
                self.close(form)
                if text:
                    self.say("info", text)
            case Called(call, argument):
                self.close(form)
                self.keys.call(call, argument)
            case Acted(then):
                then()
            case Edited():
                self.form_changed()
            case Refused(text):
                self.say("warning", text)
                self.form_changed(keeps_problem=True)
            case Entered(text):
                self._entered(form, text)
            case Wanted():
                self.asking.ask(form, wish)

    def _entered(self, form: Form, text: str) -> None:
        answer = form.keep(text) if isinstance(form, LiveLine) else self.typed.enter(text)
        if isinstance(answer, Wanted):
            self.asking.ask(form, answer)
            return
        if answer and isinstance(form, LineForm):
            form.is_wrong, form.remark = True, answer
            self.show_form()
        else:
            self.close(form)

    def form_changed(self, *, keeps_problem: bool = False) -> None:
        """Draw the open form again and ask what it would do now."""
        form = self.top_form
        if isinstance(form, LiveLine):
            form.remark = form.seek(form.edit.text)
        elif not keeps_problem:
            self.asking.preview()
        self.show_form()

    # ---- running

    @property
    def crash(self) -> Exception | None:
        """The bug that ended the console, if one did: whoever ran it raises it once the terminal is given back."""
        return self._exception

    def _fatal_error(self) -> None:
        """Textual would print the traceback with its local variables, whatever secrets they hold. We only leave."""
        self._close_messages_no_wait()

    async def run_async(self, *, mouse: bool = False, **options: Any) -> int | None:
        """As Textual's, but the mouse is left to the terminal, so that text can be selected."""
        return await super().run_async(mouse=mouse, **options)
