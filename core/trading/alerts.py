"""Price alerts in the engine: armed, cleared, fired. It listens at instruments that have one and at no others, so a
tick nobody waits for costs nothing more. What is not live does not fire, and what fired is told once: no restart
repeats it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from core.domain.alert import Alert
from core.domain.commands import ClearAlert, SetAlert
from core.domain.events import AlertCleared, AlertFired, AlertSet, Noticed
from core.domain.ids import InstrumentId
from core.domain.market import NS, Freshness, Phase, Quote, Trade
from core.domain.text import clean
from core.trading.market import is_price
from core.trading.outputs import Output, emit
from core.trading.state import State
from core.trading.strategist import Strategist

MAX_ALERTS = 500
MAX_NOTE = 120
OLD_TRADE_NS = 60 * NS
"""A print older than this tells where the market was, as the first one after a connect may."""
_TRUSTED = frozenset({Freshness.LIVE, Freshness.POLLED, Freshness.DELAYED})
_QUIET = frozenset({Phase.AUCTION, Phase.HALTED, Phase.CLOSED})
"""Bid and ask of these phases are wishes that no market has met."""


class Armed(NamedTuple):
    """The alerts of one instrument, and the prices below and above which none of them can fire."""

    rise: float
    fall: float
    alerts: tuple[Alert, ...]


NONE_FIRED: tuple[AlertFired, ...] = ()


class Alerts:
    def __init__(self, state: State, strategist: Strategist) -> None:
        self.state = state
        self._strategist = strategist
        self._armed: dict[InstrumentId, Armed] = {}

    def listen(self) -> None:
        """Stand at the instruments that have an alert, and at no others. Call it whenever the alerts changed."""
        self._arm(self.state.kept.alerts.values())

    def _arm(self, alerts: Iterable[Alert]) -> None:
        found: dict[InstrumentId, list[Alert]] = {}
        for alert in alerts:
            found.setdefault(alert.instrument, []).append(alert)
        self._armed = {id: _armed(waiting) for id, waiting in found.items()}
        self._strategist.listen_beside("alerts", self._armed, self._on_quote, self._on_trade)

    # --- what is asked --------------------------------------------------------------------------------------------

    def problem(self, command: SetAlert | ClearAlert) -> str:
        """Why the command is refused; empty when it is not."""
        state = self.state
        if isinstance(command, ClearAlert):
            known = command.id in state.kept.alerts or command.id in state.kept.fired
            return "" if known else f"there is no alert {command.id[:12]!r}"
        if command.instrument not in state.instruments:
            return f"{command.instrument} is not known here"
        if len(state.kept.alerts) >= MAX_ALERTS:
            return f"there are {MAX_ALERTS} alerts already; clear some"
        wish = (command.instrument, command.above, command.price)
        for alert in state.kept.alerts.values():
            if (alert.instrument, alert.above, alert.price) == wish:
                return f"{alert.id} waits for that already"
        quote, trade = state.quotes.get(command.instrument), state.trades.get(command.instrument)
        if trade is None or (quote is not None and quote.freshness not in _TRUSTED):
            return ""
        level = float(command.price)
        there = trade.price >= level if command.above else trade.price <= level
        side = "above" if command.above else "below"
        return f"the last price {trade.price:,.10g} is {side} that already" if there else ""

    def set(self, command: SetAlert, now: int) -> Sequence[Output]:
        why = self.problem(command)
        out: list[Output] = []
        if why:
            emit(self.state, Noticed(ts=now, level="warning", kind="ALERT", text=f"not set: {why}"), out)
            return out
        alert = Alert(
            id=f"a{self.state.kept.alert_count + 1}",
            instrument=command.instrument,
            above=command.above,
            price=command.price,
            note=clean(command.note, MAX_NOTE).strip(),
            by=command.by,
            ts=now,
        )
        emit(self.state, AlertSet(ts=now, alert=alert), out)
        self.listen()
        return out

    def clear(self, command: ClearAlert, now: int) -> Sequence[Output]:
        out: list[Output] = []
        if not self.problem(command):
            emit(self.state, AlertCleared(ts=now, id=command.id, by=command.by), out)
            self.listen()
        return out

    # --- what the market says -------------------------------------------------------------------------------------

    def _on_quote(self, quote: Quote, now: int) -> Sequence[AlertFired]:
        """A rise is believed when somebody bids that much, a fall when somebody offers it for so little: the middle of
        a wide market is no price."""
        armed = self._armed.get(quote.instrument)
        if armed is None or not (quote.bid >= armed.rise or quote.ask <= armed.fall):
            return NONE_FIRED
        if quote.freshness not in _TRUSTED or self.state.phase(quote.instrument) in _QUIET:
            return NONE_FIRED
        late = "" if quote.freshness is not Freshness.DELAYED else ", delayed"
        fired: list[AlertFired] = []
        for alert in armed.alerts:
            price, side = (quote.bid, "bid") if alert.above else (quote.ask, "ask")
            if is_price(price) and alert.is_reached(price):
                fired.append(AlertFired(ts=now, id=alert.id, price=price, text=side + late))
        return self._fire(fired)

    def _on_trade(self, trade: Trade, now: int) -> Sequence[AlertFired]:
        armed, price = self._armed.get(trade.instrument), trade.price
        if armed is None or not (price >= armed.rise or price <= armed.fall):
            return NONE_FIRED
        if not is_price(price) or abs(now - trade.ts) > OLD_TRADE_NS:
            return NONE_FIRED
        reached = [alert for alert in armed.alerts if alert.is_reached(price)]
        return self._fire([AlertFired(ts=now, id=alert.id, price=price, text="print") for alert in reached])

    def _fire(self, fired: list[AlertFired]) -> Sequence[AlertFired]:
        """Take them off the list at once: the next tick must find them gone. The engine applies and tells them."""
        gone = {event.id for event in fired}
        if gone:
            self._arm(alert for alert in self.state.kept.alerts.values() if alert.id not in gone)
        return fired


def _armed(alerts: Sequence[Alert]) -> Armed:
    rise = min((float(alert.price) for alert in alerts if alert.above), default=inf)
    fall = max((float(alert.price) for alert in alerts if not alert.above), default=-inf)
    return Armed(rise, fall, tuple(alerts))
