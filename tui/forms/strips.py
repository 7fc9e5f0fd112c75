"""The strips over the last rows of the screen: confirm, panic and the strategy menu (the review of real money is in
review.py). Each waits for the key that means it and for nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from core.domain.account import TradingState
from core.domain.commands import ControlStrategy, Panic, SetTradingState, StrategyAction
from core.domain.ids import AccountId, ClientOrderId
from tui.messages import Dropped, Edited, Entered, Press, Wanted, Wish
from tui.widgets.line_edit import LineEdit


class Confirm:
    """What is wanted, said in words; Enter does it."""

    place = "confirm"
    is_input = False
    sending = frozenset({"enter"})

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.armed_from = 0.0

    def key(self, press: Press) -> Wish | None:
        match press.key:
            case "enter":
                return self.wanted
            case "escape":
                return Dropped()
        return None

    def paste(self, text: str) -> Wish | None:
        return None


class PanicMenu:
    """Enter: stop automatic orders and cancel entries. `f`: flatten, with real money after the end of each account's
    name was typed: who is not named is only stopped, at once, and the menu goes on asking. `h`: halt."""

    place = "panic"
    sending = frozenset({"enter", "ctrl+x"})

    def __init__(
        self,
        words: Sequence[str] = (),
        *,
        names: Iterable[str] = (),
        choice: str = "entries",
        account: AccountId | None = None,
        unknown: tuple[ClientOrderId, ...] = (),
    ) -> None:
        self.words = tuple(words)
        """What must be typed before an account is closed, a word each; empty in paper."""
        self.names = frozenset(word.casefold() for word in (*words, *names))
        """The words of all accounts: who was not asked for may be named too."""
        self.account = account
        """The one that is meant; None: all."""
        self.unknown = unknown
        """Orders whose fate is not known: flatten names them, and then closes past them."""
        self.choice = choice
        """entries, flatten or halt."""
        self.problem = ""
        self.typed = LineEdit()
        self.armed_from = 0.0

    @property
    def is_input(self) -> bool:
        return self.choice == "flatten" and bool(self.words)

    def key(self, press: Press) -> Wish | None:
        match press.key:
            case "escape":
                if self.choice == "entries":
                    return Dropped()
                self.choice = "entries"
                self.typed.set("")
                return Edited()
            case "enter" | "ctrl+x":
                return self._go(press)
        if self.is_input:
            return Edited() if self.typed.key(press.key, press.character) else None
        if press.key in ("f", "h"):
            self.choice = "flatten" if press.key == "f" else "halt"
            self.armed_from = press.at
            return Edited()
        return None

    def _go(self, press: Press) -> Wish | None:
        said = "panic: automatic orders stop, only reducing orders pass, entry orders are canceled"
        stop = Wanted(Panic(account=self.account), said)
        if self.choice == "entries":
            return stop
        if press.key == "ctrl+x":
            return None
        if self.choice == "halt":
            halted = SetTradingState(account=self.account, state=TradingState.HALTED, text="panic")
            return Wanted(halted, "halt: nothing but cancels")
        if self.words and not self.names.intersection(self.typed.text.casefold().replace(",", " ").split()):
            return stop
        return Wanted(
            Panic(account=self.account, flatten=True, tail=self.typed.text, over=self.unknown),
            "flatten: everything is canceled and every position closed",
        )

    def goes_on(self, text: str) -> bool:
        """Something was sent, and not all is closed that was to be: does it go on asking for names? `text`: whose."""
        self.problem = text
        self.typed.set("")
        return self.is_input

    def paste(self, text: str) -> Wish | None:
        return None


class StrategyMenu:
    """Start, pause or stop one strategy."""

    place = "strategy"
    is_input = False
    sending = frozenset({"enter"})
    actions = (("s", StrategyAction.START), ("p", StrategyAction.PAUSE), ("x", StrategyAction.STOP))

    def __init__(self, name: str, choice: StrategyAction) -> None:
        self.name, self.choice = name, choice
        self.armed_from = 0.0

    def key(self, press: Press) -> Wish | None:
        choices = [action for _, action in self.actions]
        match press.key:
            case "escape":
                return Dropped()
            case "enter":
                return Wanted(ControlStrategy(name=self.name, action=self.choice), f"{self.choice} {self.name}")
            case "left" | "h" | "up" | "k":
                self.choice = choices[(choices.index(self.choice) - 1) % len(choices)]
            case "right" | "l" | "down" | "j":
                self.choice = choices[(choices.index(self.choice) + 1) % len(choices)]
            case _:
                named = dict(self.actions).get(press.key)
                if named is None:
                    return None
                self.choice = named
        return Edited()

    def paste(self, text: str) -> Wish | None:
        return None


class LineForm:
    """A line at the bottom: `:` for orders and commands, `/` to find."""

    is_input = True
    sending = frozenset({"enter"})

    def __init__(self, place: str, prompt: str, text: str = "", history: list[str] | None = None) -> None:
        self.place, self.prompt = place, prompt
        self.edit = LineEdit(text)
        self.was_filled = bool(text)
        """There was something to send before anything was typed."""
        self.history = history if history is not None else []
        self._at = len(self.history)
        self.armed_from = 0.0
        self.remark = ""
        """What the line would do, as far as it is understood."""
        self.is_wrong = False
        self.suggestion: tuple[int, int, str] | None = None
        """(position, length, text): what Tab puts in place of the characters at fault."""
        self.fault: tuple[int, int] | None = None
        """(position, length) of the word that cannot be read."""
        self.completes: Callable[[str, int], tuple[int, tuple[str, ...]]] | None = None
        """(text, cursor) -> where the word begins and what Tab may put there, one after the other."""
        self.offered: tuple[str, ...] = ()
        self._taken, self._start, self._after = 0, 0, ("", "")

    def key(self, press: Press) -> Wish | None:
        match press.key:
            case "escape":
                return Dropped()
            case "enter":
                return Entered(self.edit.text) if self.edit.text.strip() else Dropped()
            case "backspace" if not self.edit.text:
                return Dropped()
            case "up" | "down":
                return self._recall(-1 if press.key == "up" else 1)
            case "tab":
                return self._take()
        return Edited() if self.edit.key(press.key, press.character) else None

    def paste(self, text: str) -> Wish | None:
        return Edited() if self.edit.insert(" ".join(text.split())) else None

    def _recall(self, by: int) -> Wish | None:
        if not self.history:
            return None
        self._at = min(max(self._at + by, 0), len(self.history))
        self.edit.set(self.history[self._at] if self._at < len(self.history) else "")
        return Edited()

    def _take(self) -> Wish | None:
        """Mend the fault; else put in what the word may become, and with each further Tab the next."""
        line = self.edit.text
        if self.offered and self._after[0] == line:
            self._taken = (self._taken + 1) % len(self.offered)
            return self._offer(self._after[1])
        if self.suggestion is not None:
            position, length, text = self.suggestion
            self.edit.set(line[:position] + text + line[position + length :])
            self.suggestion = None
            return Edited()
        if self.completes is None:
            return None
        cursor = self.edit.cursor
        self._start, self.offered = self.completes(line, cursor)
        self._taken = 0
        head = line[: self._start]
        self._after = ("", line[cursor:])
        return self._offer(line[cursor:], head) if self.offered else None

    def _offer(self, rest: str, head: str | None = None) -> Wish:
        """Write the offer in; what Tab wrote is remembered, so that the next one replaces it."""
        head = self.edit.text[: self._start] if head is None else head
        offer = self.offered[self._taken]
        gap = "" if offer.endswith("=") or rest.startswith(" ") else " "
        self.edit.set(head + offer + gap + rest)
        self.edit.cursor = len(head + offer + gap)
        self._after = (self.edit.text, rest)
        return Edited()
