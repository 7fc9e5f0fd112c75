"""Alerts by key and by line: set one at the cursor's price, look at the list. The engine watches the market; here they
are only asked for and shown."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from core.domain.commands import ClearAlert, SetAlert
from core.domain.decimals import exact
from core.domain.errors import InvalidValue
from core.domain.instrument import Instrument
from core.trading.alertline import USAGE, parse_alert
from core.trading.view import AlertRow
from tui.forms.alert import AlertForm
from tui.forms.alerts import AlertsForm

if TYPE_CHECKING:
    from tui.app import HogaApp


class Alerting:
    def __init__(self, app: HogaApp) -> None:
        self._app = app

    def set(self, _: str) -> None:
        """At the price under the cursor of ladder or chart, else at the last one."""
        app = self._app
        instrument = app.instruments.get(app.instrument) if app.instrument is not None else None
        quote = app.picture.quote(app.instrument) if app.instrument is not None else None
        last = quote.last if quote is not None else None
        price = self._cursor_price() or (exact(last) if last is not None else None)
        if instrument is None or price is None:
            app.say("info", "no instrument with a price is selected")
            return

        def ask(command: SetAlert) -> None:
            app.keeping.send(command, taken=lambda _: app.close(form))

        form = AlertForm(instrument, instrument.price(price), last, ask)
        app.open(form)

    def _cursor_price(self) -> Decimal | None:
        """Under the cursor of the ladder or the chart, if the keys are there."""
        app = self._app
        if app.focus_name == "book":
            return app.surface.book.cursor_price
        price = app.chart_price()
        return exact(price) if price is not None else None

    def list(self, _: str) -> None:
        app = self._app

        def go(row: AlertRow) -> None:
            app.close(form)
            app.select(row.instrument)

        form = AlertsForm(
            app.picture.alerts,
            lambda row: app.picture.quote(row.instrument),
            go,
            lambda row: app.keeping.send(ClearAlert(id=row.key)),
        )
        app.open(form)


def alert_command(app: HogaApp, text: str) -> str:
    """`:alert`, `:alert 005930 >72000 note`, `:alert rm a3`: what to say, empty when it was done."""
    words = text.split()
    if not words:
        app.alerting.list("")
        return ""
    if words[0] == "rm" and len(words) == 2:
        app.keeping.send(ClearAlert(id=words[1]))
        return ""
    try:
        wish = parse_alert(text)
        instrument = _meant(app, wish.symbol)
        command = SetAlert(instrument=instrument.id, above=wish.above, price=wish.price, note=wish.note)
    except InvalidValue as error:
        return str(error)
    app.keeping.send(command)
    return ""


def _meant(app: HogaApp, word: str) -> Instrument:
    if word and word != ".":
        return app.known.index.one(word)
    selected = app.instruments.get(app.instrument) if app.instrument is not None else None
    if selected is None:
        raise InvalidValue(f"no instrument is selected; {USAGE}")
    return selected
