"""Watchlists and alerts as rows of the view: what people keep here, as faces show it."""

from __future__ import annotations

from core.domain.alert import Alert
from core.domain.events import AlertFired
from core.trading import rows
from core.trading.engine import Engine
from core.trading.state import State
from core.trading.view import AlertRow, WatchlistRow


def watchlist_rows(engine: Engine) -> list[WatchlistRow]:
    return [
        WatchlistRow(key=name, name=name, instruments=ids, place=place, is_changed=name in engine.state.kept.watchlists)
        for place, (name, ids) in enumerate(engine.watchlists.lists().items())
    ]


def alert_rows(state: State) -> list[AlertRow]:
    """Those that wait, then those that fired, newest first."""
    waiting = [_alert_row(state, alert, None) for alert in reversed(state.kept.alerts.values())]
    return waiting + [_alert_row(state, alert, fired) for alert, fired in reversed(state.kept.fired.values())]


def _alert_row(state: State, alert: Alert, fired: AlertFired | None) -> AlertRow:
    instrument = state.instruments.get(alert.instrument)
    return AlertRow(
        key=alert.id,
        instrument=alert.instrument,
        code=instrument.code if instrument else alert.instrument.partition(":")[2],
        name=instrument.name if instrument else "",
        name_ko=instrument.name_ko if instrument else "",
        decimals=rows.decimals_of(instrument, alert.price) if instrument else 0,
        above=alert.above,
        price=alert.price,
        note=alert.note,
        set_at=alert.ts,
        fired_at=fired.ts if fired is not None else 0,
        fired_price=fired.price if fired is not None else 0.0,
        fired_text=fired.text if fired is not None else "",
    )
