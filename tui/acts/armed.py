"""Armed mode: for a while F9 and F6 send the buy or sell template at once. It ends by itself at the first thing that is
not as it was: time, a line, a quote, an account, a watchlist, the terminal's focus, a hand that sends too fast."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from core.domain.commands import Submit
from core.domain.errors import HogaError
from core.domain.ids import AccountId, InstrumentId
from core.domain.market import NS
from core.domain.order import Side
from core.trading.line import NewOrder
from tui.acts.saying import say
from tui.forms.policy import Ask, Kind, asked
from tui.forms.review import Review
from tui.look import DOUBTFUL
from tui.messages import Wanted

if TYPE_CHECKING:
    from tui.app import HogaApp

MOST_MINUTES = 60.0
SILENT_SECONDS = 10.0
"""A feed that says nothing for so long is stale."""
FAST_SENDS, FAST_SECONDS = 3, 1.0
"""So many sends in so short a time are a key that hangs: the last of them is not sent."""


class Armed:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._until = 0
        self._sends: deque[int] = deque(maxlen=FAST_SENDS - 1)
        self._world: tuple[tuple[AccountId, ...], frozenset[InstrumentId]] = ((), frozenset())

    @property
    def is_on(self) -> bool:
        return self._until > 0

    def arm(self, minutes: float) -> str:
        """Switch it on; returns what to say. Empty: it is on."""
        if not 0 < minutes <= MOST_MINUTES:
            return f"armed mode needs a time of at most {MOST_MINUTES:g} minutes: :arm 5m"
        self._world = self._look()
        why = self._trouble()
        if why:
            return f"not armed: {why}"
        self._until = self._app.clock.monotonic() + round(minutes * 60 * NS)
        self._sends.clear()
        self._show()
        confirm = self._app.settings.confirm
        text = f"armed for {minutes:g} min: F9 sends {confirm.buy_template!r}, F6 sends {confirm.sell_template!r}"
        self._app.say("warning", text)
        return ""

    def disarm(self, why: str) -> None:
        if self.is_on:
            self._until = 0
            self._show()
            self._app.say("warning", f"disarmed: {why}")

    def watch(self) -> None:
        """A second passed or the picture changed: is everything as it was?"""
        if not self.is_on:
            return
        why = "its time is over" if self._app.clock.monotonic() >= self._until else self._trouble()
        if why:
            self.disarm(why)
        else:
            self._show()

    def _look(self) -> tuple[tuple[AccountId, ...], frozenset[InstrumentId]]:
        app = self._app
        return (app.account,), frozenset(row.instrument for row in app.picture.quotes())

    def _trouble(self) -> str:
        app = self._app
        status = app.picture.status
        if status is None or status.gate:
            return status.gate if status is not None else "the desk says nothing"
        for feed in status.feeds:
            if not feed.is_connected:
                return f"{feed.broker} is not connected"
            if feed.last_received and (app.desk.now() - feed.last_received) / NS > SILENT_SECONDS:
                return "the feed is stale"
        quote = app.picture.quote(app.instrument) if app.instrument is not None else None
        if quote is not None and quote.freshness in DOUBTFUL:
            return f"the quote of {quote.code} is {quote.freshness}"
        accounts, symbols = self._look()
        if accounts != self._world[0]:
            return "the account changed"
        return "the list of symbols changed" if symbols != self._world[1] else ""

    def _show(self) -> None:
        left = self._until - self._app.clock.monotonic()
        self._app.surface.status.armed_until = self._app.desk.now() + left if self.is_on else None

    # ---- sending

    def fire(self, side: Side) -> None:
        """Send the template of this side, if everything is as it was when it was armed."""
        app = self._app
        self.watch()
        if not self.is_on:
            app.say("info", "not armed; :arm 5m arms, or Ctrl+G and then F7")
            return
        if app.asking.is_sending:
            return
        now = app.clock.monotonic()
        if len(self._sends) == self._sends.maxlen and (now - self._sends[0]) / NS <= FAST_SECONDS:
            self.disarm(f"{FAST_SENDS} sends within {FAST_SECONDS:g} s; the last was not sent")
            return
        confirm = app.settings.confirm
        template = confirm.buy_template if side is Side.BUY else confirm.sell_template
        try:
            line = app.typed.parse(template, app.instrument, app.account)
            if not isinstance(line, NewOrder) or line.side is not side:
                raise HogaError(f"the template is no order to {side.value}: {template!r}")
            wanted = Wanted(Submit(request=line.request(app.desk.new_order_id())), say(line), kind=Kind.ARMED)
        except HogaError as error:
            app.say("error", f"nothing was sent: {error}")
            return
        self._sends.append(now)
        app.asking.is_sending = True
        app.work(partial(self._fire, wanted), "send")

    async def _fire(self, wanted: Wanted) -> None:
        app = self._app
        subject = app.asking.subject(wanted)
        try:
            preview = await app.asking.figures(subject.request)
        finally:
            app.asking.is_sending = False
        if not self.is_on or app.top_form is not None:
            return  # it was disarmed, or panic came in between
        if preview is None or preview.rule:
            why = f"{preview.rule}: {preview.text}" if preview is not None else "the desk gave no figures in time"
            app.say("error", f"nothing was sent: {why}")
            return
        limit = app.settings.confirm.armed_value
        is_outside = preview.notional_base is None or preview.notional_base > limit
        cautions = preview.cautions
        ask = asked(Kind.ARMED, is_live=app.asking.is_live, cautions=cautions, is_outside=is_outside)
        if ask is Ask.REFUSED:
            app.say("error", f"armed mode does not send this: {cautions[0]}. A ticket (b, s) asks about it")
        elif ask is Ask.Y:
            reviewed = Wanted(wanted.command, wanted.text)
            app.open(Review(reviewed, app.asking.subject(reviewed), ask, preview=preview))
        else:
            app.asking.send(None, wanted)
