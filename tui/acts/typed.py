"""The command line: orders in the one grammar of core/trading/orderline.py, and a few commands of the console. It shows
what a line would do while it is typed; Enter does it (LIVE: after a review)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from core.domain.account import Mode, TradingState
from core.domain.commands import Command, ControlStrategy, SetTradingState, StrategyAction, Submit, TightenLimit, Unlock
from core.domain.decimals import ZERO
from core.domain.errors import HogaError
from core.domain.ids import AccountId, InstrumentId, tail_of
from core.domain.instrument import Currency
from core.domain.order import OrderRequest
from core.ports import Preview
from core.trading.line import CancelOrder, CloseOrder, Line, LineContext, LineError, NewOrder, PanicOrder
from core.trading.lock import named
from tui import pastlines
from tui.acts.alerts import alert_command
from tui.acts.completing import Offer, offers
from tui.acts.saying import is_reverse, say
from tui.acts.stopping import own_accounts
from tui.forms.help import HelpForm
from tui.forms.policy import Kind
from tui.forms.strips import LineForm
from tui.messages import Wanted
from tui.screens.layout import READY
from tui.words import LANGUAGES

if TYPE_CHECKING:
    from tui.app import HogaApp

_DELIBERATE = frozenset({"unlock", "resume"})
"""Their name is typed anew each time: Up and Enter shall not open real money."""
BETWEEN = "   "
"""Stands between the parts of a remark, each a text of its own."""


class Typed:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self.history: list[str] = pastlines.read(app.places.data) if app.places.has_data else []
        self._id = app.desk.new_order_id()
        """Of the order this line will be: a repeat of the same line is the same order."""
        self._selected: InstrumentId | None = None
        self._account = app.account
        """What the line means where it names none: as it was when it was opened. A row may go from under the cursor."""

    def opened(self) -> None:
        """A line begins, about what is selected now."""
        self._selected, self._account = self._app.instrument, self._app.account
        self.renew()

    def renew(self) -> None:
        """Its order has a new id."""
        self._id = self._app.desk.new_order_id()

    # ---- while it is typed

    def look(self, form: LineForm) -> OrderRequest | None:
        """Say in `form` what the line would do; the request to preview, if it is an order."""
        form.is_wrong, form.suggestion, form.fault, form.remark = False, None, None, ""
        form.completes = self.offers
        text = form.edit.text.strip()
        if not text:
            form.remark = "b 10 CODE @PRICE buys; :help lists commands"
            return None
        if self._command(text) is not None:
            form.remark = _COMMANDS[text.split()[0].lower()][1]
            return None
        try:
            line = self._own(form.edit.text)
        except LineError as error:
            form.is_wrong, form.remark = True, str(error)
            form.fault = (error.position, error.length) if error.length else None
            if error.suggestions:
                form.suggestion = (error.position, error.length, error.suggestions[0])
                form.remark += f"{BETWEEN}Tab: {error.suggestions[0] or 'leaves it out'}"
            return None
        remarks: tuple[str, ...] = getattr(line, "remarks", ())
        bare = msgspec.structs.replace(line, remarks=()) if remarks else line
        form.remark = BETWEEN.join((f"→ {say(bare, self._app.look.language, self._where(line))}", *remarks))
        return line.request(self._id) if isinstance(line, NewOrder) else None

    def _where(self, line: Line) -> str:
        """The account a line means, where there is more than one it could be."""
        account = line.account if isinstance(line, NewOrder | CloseOrder | CancelOrder) else None
        return "" if account is None else self._app.trading.where(account)

    def offers(self, text: str, cursor: int) -> Offer:
        """What Tab may put in place of the word at the cursor."""
        from core.trading.lineparts import VERBS

        app = self._app
        return offers(
            text,
            cursor,
            verbs=(*VERBS, *_COMMANDS),
            find=app.known.index.find,
            orders=lambda: [row for row in app.picture.orders() if row.is_working],
        )

    def previewed(self, form: LineForm, preview: Preview) -> None:
        """The desk's figures for what is typed."""
        look, currency = self._app.look, preview.currency
        if preview.rule:
            form.is_wrong = True
            form.remark += f"{BETWEEN}{preview.rule}: {preview.text}"
            return
        parts = [f"caution: {caution}" for caution in preview.cautions[:2]]  # the narrow lose the middle first
        parts.append(look.money(preview.notional, currency))
        parts += [] if preview.nav_fraction is None else [f"{preview.nav_fraction * 100:.1f}% NAV"]
        parts.append(f"✓ {preview.checks_passed}/{preview.checks_total}")
        parts += [f"{preview.distance_ticks:+d}t"] if preview.distance_ticks else []
        parts += [] if preview.risk is None else [f"risk {look.money(preview.risk, currency)}"]
        parts += [] if preview.costs is None else [f"fee {look.money(preview.costs, currency)}"]
        parts.append("Enter reviews" if self._app.asking.is_live else "Enter sends")
        form.remark += BETWEEN + BETWEEN.join(parts)

    # ---- Enter

    def enter(self, text: str) -> Wanted | str:
        """What to send, or what to say (empty: done). Keeps the line in the history, and for the next session when it
        is understood."""
        text = text.strip()
        if not _is_deliberate(text):
            self.history[:] = [*(line for line in self.history if line != text), text][-pastlines.MOST :]
        command = self._command(text)
        if command is not None:
            self._keep(text)
            return command(text.split()[1:])
        try:
            line = self._own(text)
            self._keep(text)
            if isinstance(line, NewOrder):
                kind = Kind.REVERSE if is_reverse(text) and not line.is_immediate else None
                return Wanted(Submit(request=line.request(self._id)), say(line), kind=kind)
            if isinstance(line, PanicOrder):  # the menu asks for the word before it flattens
                self._app.trading.panic("flatten" if line.flatten else "", line.account)
                return ""
            if isinstance(line, CloseOrder):
                return Wanted(line.command(self._id), say(line))
            return Wanted(line.command(), say(line, where=self._where(line)))
        except HogaError as error:
            return str(error)

    def _keep(self, text: str) -> None:
        if not _is_deliberate(text) and self._app.places.has_data:
            pastlines.keep(self._app.places.data, text)

    def _own(self, text: str) -> Line:
        """What the open line means."""
        return self.parse(text, self._selected, self._account)

    def parse(self, text: str, selected: InstrumentId | None, account: AccountId) -> Line:
        """`selected` and `account`: what is meant where none is named."""
        from core.trading.orderline import parse  # the grammar is no part of the first picture

        app = self._app
        picture = app.picture

        def position(account: AccountId, instrument: InstrumentId) -> Decimal:
            held = (r for r in picture.positions() if r.account == account and r.instrument == instrument)
            return next((row.quantity for row in held), ZERO)

        context = LineContext(
            find=app.known.index.resolve,
            accounts=tuple(dict.fromkeys((account, *app.accounts))),
            quote=picture.quote,
            position=position,
            buying_power=lambda _, currency: self._power(currency),
            equity=self._equity,
            mode=Mode.LIVE if app.asking.is_live else Mode.PAPER,
            selected=app.instruments.get(selected) if selected is not None else None,
            orders=lambda: [row for row in picture.orders() if row.is_working],
        )
        return parse(text, context)

    def _power(self, currency: Currency) -> Decimal | None:
        """What the status says is that of all accounts together: of one of several it is not known here."""
        status = self._app.picture.status
        is_known = status is not None and currency == status.base_currency and len(self._app.accounts) < 2
        return status.buying_power if is_known and status is not None else None

    def _equity(self, account: AccountId, currency: Currency) -> Decimal | None:
        rows = self._app.picture.pnl()
        found = (row for row in rows if (row.scope, row.name, row.currency) == ("account", account, currency))
        return next((row.equity for row in found), None)

    # ---- commands of the console

    def _command(self, text: str) -> Callable[[list[str]], Wanted | str] | None:
        """The console's own command a line names; None when it is an order."""
        words = text.split()
        name = words[0].lower()
        if name in ("s", "x") and self._strategy_command(words[1:]) is None:
            return None  # sell, close
        if name == "cancel" and words[1:] != ["all"]:
            return None
        method = _COMMANDS.get(name)
        return None if method is None else getattr(self, method[0])

    def _strategy_command(self, words: list[str]) -> Command | None:
        names = {row.name for row in self._app.picture.strategies()}
        if len(words) == 2 and words[0] in names and words[1] in tuple(StrategyAction):
            return ControlStrategy(name=words[0], action=StrategyAction(words[1]))
        return None

    def commands(self) -> list[tuple[str, str]]:
        """Every command and what it does."""
        return [(name, text) for name, (_, text) in _COMMANDS.items()]

    def do(self, words: list[str]) -> str:
        """An action by its id, whatever key it has."""
        action = self._app.keys.map.action(words[0]) if len(words) == 1 else None
        if action is None or action.context not in ("rest", "always"):
            return "write: do ACTION; `hoga keys` and ^P list the actions"
        if action.sends:
            return f"{action.id} sends at once, so only its key does it"
        self._app.close_all_but(())
        self._app.keys.call(action.id)
        return ""

    def quit(self, _: list[str]) -> str:
        self._app.leave()
        return ""

    def help(self, _: list[str]) -> str:
        self._app.open(HelpForm(self._app.focus_name, self._app.keys.map, self._app.look))
        return ""

    def arm(self, words: list[str]) -> str:
        """`:arm 5m`, `:arm 90s`; without a time as long as configured."""
        minutes = self._app.settings.confirm.armed_minutes
        if words:
            number, unit = words[0].rstrip("ms"), words[0].lstrip("0123456789.")
            try:
                minutes = float(number) / {"": 1, "m": 1, "s": 60}[unit]
            except (ValueError, KeyError):
                return "write a time: :arm 5m or :arm 90s"
        return self._app.armed.arm(minutes)

    def disarm(self, _: list[str]) -> str:
        self._app.armed.disarm("by hand")
        return ""

    def panic(self, _: list[str]) -> str:
        self._app.trading.panic("")
        return ""

    def limit(self, words: list[str]) -> Wanted | str:
        if len(words) != 2:
            return "write a limit and its tighter value: limit max_order_value 1m"
        return Wanted(TightenLimit(name=words[0], value=words[1]), f"limit {words[0]} {words[1]}")

    def resume(self, words: list[str]) -> Wanted | str:
        own, tail = own_accounts(self._app), " ".join(words)
        if self._app.asking.is_live and named(own, tail) != own:
            return "this lets all accounts trade real money again: resume and the end of each account's name"
        command = SetTradingState(state=TradingState.ACTIVE, text="resumed", tail=tail)
        return Wanted(command, "trading is ACTIVE again")

    def unlock(self, words: list[str]) -> Wanted | str:
        """Of several accounts the one whose name ends so."""
        if len(words) != 1:
            return "write unlock and the end of the account's name: real money may then take new exposure"
        accounts = [a for a in self._app.accounts if tail_of(a).casefold() == words[0].casefold()]
        account = (accounts or [self._app.account])[0]
        return Wanted(Unlock(account=account, tail=words[0]), f"{account} unlocked")

    def cancel(self, _: list[str]) -> Wanted:
        line = self._own("c all")
        return Wanted(line.command(), "cancel all working orders")  # type: ignore[union-attr, call-arg]

    def strategy(self, words: list[str]) -> Wanted | str:
        command = self._strategy_command(words)
        if command is None:
            names = ", ".join(row.name for row in self._app.picture.strategies()) or "none are configured"
            return f"write: s NAME start, pause or stop; strategies: {names}"
        return Wanted(command, f"{words[1]} {words[0]}")

    def alert(self, words: list[str]) -> str:
        return alert_command(self._app, " ".join(words))

    def recon(self, _: list[str]) -> str:
        self._app.keys.rooms["move"].go("recon")
        return ""

    def risk(self, _: list[str]) -> str:
        self._app.keys.rooms["move"].go("risk")
        return ""

    def watch(self, words: list[str]) -> str:
        return self._app.watching.command(words)

    def screen(self, words: list[str]) -> str:
        if not words or words[0] not in READY:
            return f"screens: {', '.join(READY)}"
        self._app.go_to(words[0])
        return ""

    def theme(self, words: list[str]) -> str:
        return self._app.face.theme_line(words)

    def colours(self, words: list[str]) -> str:
        return self._app.face.colours_line(words)

    def picture(self, words: list[str]) -> str:
        return self._app.face.picture_line(words)

    def mask(self, words: list[str]) -> str:
        return self._app.face.mask_line(words)

    def language(self, words: list[str]) -> str:
        if len(words) != 1 or words[0] not in LANGUAGES:
            return f"languages: {', '.join(LANGUAGES)}"
        self._app.surface.speak(words[0])
        self._app.show_all()
        return ""


_COMMANDS: dict[str, tuple[str, str]] = {
    "q": ("quit", "leave the console"),
    "quit": ("quit", "leave the console"),
    "help": ("help", "what the keys do"),
    "do": ("do", "an action by its id, as do trade.buy"),
    "panic": ("panic", "open the panic menu"),
    "arm": ("arm", "for a while F9 and F6 send the buy and sell template at once: arm 5m"),
    "disarm": ("disarm", "end armed mode"),
    "limit": ("limit", "make a limit of the gate tighter: limit max_order_value 1m"),
    "resume": ("resume", "let orders pass again after a panic or halt"),
    "unlock": ("unlock", "let real money take new exposure: unlock and the end of the account's name"),
    "cancel": ("cancel", "cancel all working orders"),
    "s": ("strategy", "start, pause or stop a strategy"),
    "strategy": ("strategy", "start, pause or stop a strategy"),
    "alert": ("alert", "alert CODE >PRICE NOTE sets one, alert rm ID clears it, alert alone lists them"),
    "alerts": ("alert", "list the alerts"),
    "watch": ("watch", "look at a watchlist; watch reset goes back to the settings"),
    "recon": ("recon", "ours against the venue's, and what only you can decide"),
    "risk": ("risk", "the limits with what is used of them"),
    "screen": ("screen", "go to a screen"),
    "theme": ("theme", "dark, light or ansi"),
    "colours": ("colours", "kr red up, us green up, cvd orange up, mono"),
    "colors": ("colours", "kr red up, us green up, cvd orange up, mono"),
    "picture": ("picture", "write the screen to an SVG file, with accounts and amounts hidden"),
    "mask": ("mask", "hide accounts and amounts from people who look at this screen, or show them again"),
    "lang": ("language", "change the language: ko, en"),
}
"""word -> (method, what it does)."""


def _is_deliberate(text: str) -> bool:
    return bool(_DELIBERATE & {word.lower() for word in text.split()[:1]})
