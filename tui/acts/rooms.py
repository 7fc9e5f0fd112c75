"""The rooms of the actions: whose method a key calls. `tui/actions.py` names them; here each has its door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.acts.details import Detailing
from tui.acts.ladder import Laddering
from tui.acts.logs import LogActs
from tui.acts.move import Moving
from tui.acts.recon import Reconciling

if TYPE_CHECKING:
    from tui.app import HogaApp


def rooms_of(app: HogaApp) -> dict[str, Any]:
    return {
        "move": Moving(app),
        "trade": app.trading,
        "work": app.working,
        "rows": app.rows,
        "chart": app.charting,
        "strategies": app.deciding,
        "ladder": Laddering(app),
        "lists": app.listing,
        "alerts": app.alerting,
        "details": Detailing(app),
        "log": LogActs(app),
        "recon": Reconciling(app),
    }
