"""Who gets a key: what works everywhere first, then the open form, then the action of the focused pane. Bursts that no
hand types are dropped and what they opened is closed again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.runtime.desk_attached import READ_ONLY
from tui.actions import Action
from tui.acts.applies import TESTS
from tui.keyboard import ARM_SECONDS, BURST_SECONDS, HELD_SECONDS, BurstGuard, Verdict, latin_keys
from tui.keymap import Keymap, key_label, key_of
from tui.messages import Form, Press
from tui.panes.hints import HANGUL

if TYPE_CHECKING:
    from tui.app import HogaApp

_TYPED = frozenset({"command", "find", "filter", "palette", "add", "seek"})
"""Forms whose sending key need not wait: there is nothing to send until something was typed."""
PANIC_KEY = "ctrl+x"
"""What the panic menu knows its own key by."""
PAIR_SECONDS = 3.0
"""How long the first key of a pair waits for the second."""


class Keys:
    def __init__(self, app: HogaApp, keymap: Keymap, rooms: dict[str, Any]) -> None:
        self._app = app
        self.map = keymap
        self.rooms = rooms
        """Name of a room -> the object whose methods are its actions."""
        self.is_hangul = False
        """The newest letter came from a Korean keyboard."""
        self.pending = ""
        """The first key of a pair, while the second is waited for."""
        self._pending_at = 0.0
        self._guard = BurstGuard()
        self._before: list[Form] = []
        self._last_printable = float("-inf")
        self.now = 0.0
        """When the newest key was read: forms opened by it count from here."""
        self.count, self.gap = 0, float("inf")
        """How many keys were read so far, and the seconds between the newest two."""
        self._run: tuple[str, float] = ("", 0.0)
        """The newest key, and since when it came again and again with no other between."""

    def press(self, press: Press) -> None:
        """One key, as the terminal gave it."""
        app, at = self._app, press.at
        self.now, self.gap, self.count = at, at - self.now, self.count + 1
        if press.key != self._run[0] or self.gap > HELD_SECONDS:
            self._run = (press.key, at)
        if self._guard.is_beginning(at):
            self._before = list(app.forms)
        form = app.top_form
        is_input = form is not None and form.is_input and form in self._before
        verdict = self._guard.press(at, is_printable=press.is_printable, is_input=is_input)
        if verdict is Verdict.BURST:
            self._wait_for("")
            app.close_all_but(self._before)
            app.say("warning", "a burst of keys was dropped: it looked like a paste or a reply of the terminal")
        if verdict is not Verdict.TAKE:
            return
        is_hot = at - self._last_printable <= BURST_SECONDS
        if press.is_printable:
            self._last_printable = at
            self._see_script(press.character or "")
        if press.key == "ctrl+z":  # the terminal's own key, which it leaves to us: nobody can bind it
            if self.gap > BURST_SECONDS:
                app.manners.suspend()
            return
        always = self.map.always(press.key)
        if always is not None and always.id == "trade.panic" and form is not None and form.place == "panic":
            press, always = Press(PANIC_KEY, None, at), None  # whatever key it has here: again means go
        if always is not None:
            self._wait_for("")
            self.act(always)
        elif form is not None:
            self._wait_for("")
            self._to_form(form, press, is_hot=is_hot)
        else:
            self._at_rest(press)

    def paste(self, text: str, at: float) -> None:
        """Text pasted: into a field, else nowhere."""
        self.now = at
        form = self._app.top_form
        wish = form.paste(text) if form is not None else None
        if form is None or wish is None:
            size = f"{len(text)} characters" if len(text) != 1 else "1 character"
            self._app.say("warning", f"a paste of {size} was ignored: press : and paste it into the command line")
        else:
            self._app.take(form, wish)

    def _see_script(self, character: str) -> None:
        is_hangul = bool(latin_keys(character))
        if is_hangul != self.is_hangul and (is_hangul or character.isalpha()):
            self.is_hangul = is_hangul
            self._app.show_keys()

    def hints(self) -> list[tuple[str, str]]:
        """What the footer shows: keys that have something to act on now, with the word for it."""
        return [("가", HANGUL), *self._hints()] if self.is_hangul else self._hints()

    def _hints(self) -> list[tuple[str, str]]:
        app = self._app
        if app.top_form is not None:
            return _hints(self.map.working(app.top_form.place))
        if self.pending:
            following = self.map.following(app.focus_name, self.pending)
            return [("Esc", "back"), *((key_label(key), a.short or a.call) for key, a in following.items())]
        known: dict[str, bool] = {"": True}
        status = app.picture.status
        looks_on = status is not None and status.gate == READ_ONLY
        here = []
        for action in self.map.working(app.focus_name):
            if looks_on and action.group == "Trade":
                continue  # nothing can leave a read-only console: its footer offers what it can do
            if action.applies not in known:
                known[action.applies] = TESTS[action.applies](app)
            if known[action.applies]:
                here.append(action)
        return _hints(here)

    def _to_form(self, form: Form, press: Press, *, is_hot: bool) -> None:
        app = self._app
        if press.key in form.sending:
            is_typed = form.place in _TYPED and not getattr(form, "was_filled", False)
            is_early = not is_typed and press.at - form.armed_from < ARM_SECONDS
            is_held = not is_typed and self._run[1] <= form.armed_from  # it opened the form, and hangs
            is_busy = app.asking.is_sending
            if is_early or is_hot or ((is_busy or is_held) and form.place != "panic"):  # panic waits for nobody
                return
        wish = form.key(press)
        if wish is None and not form.is_input and press.character:
            for letter in latin_keys(press.character):
                if letter not in form.sending:
                    wish = form.key(Press(letter, letter, press.at))
        if wish is not None:
            app.take(form, wish)

    def _at_rest(self, press: Press) -> None:
        """A Hangul character stands for the Latin keys under it; what one of them opens, the next is not typed into."""
        for key in latin_keys(press.character or "") or (key_of(press),):
            if not self._app.forms:
                self._step(key, press.at)

    def _step(self, key: str, at: float) -> None:
        first = self.pending if at - self._pending_at <= PAIR_SECONDS else ""
        self._wait_for("")
        if first and key == "escape":
            return
        keys = f"{first} {key}" if first else key
        action = self.map.find(self._app.focus_name, keys)
        if action is not None:
            self.act(action)
        elif first:
            self._app.say("info", f"{key_label(keys)} is no key here")
        elif self.map.following(self._app.focus_name, key):
            self._wait_for(key, at)

    def _wait_for(self, first: str, at: float = 0.0) -> None:
        """Keep the first key of a pair, or forget it."""
        if first != self.pending:
            self.pending, self._pending_at = first, at
            self._app.show_keys()
            if first:
                self._app.set_timer(PAIR_SECONDS, lambda: self._forget(at))

    def _forget(self, at: float) -> None:
        if self._pending_at == at:
            self._wait_for("")

    def call(self, name: str, argument: str = "") -> None:
        """Do an action by its id, in a pane where it works, or a room's method by name."""
        action = self.map.action(name)
        if action is None:
            room, _, method = name.partition(".")
            getattr(self.rooms[room], method)(argument)
            return
        if action.panes and self._app.focus_name not in action.panes:
            self.rooms["move"].go(action.panes[0])
        self.act(action)

    def act(self, action: Action) -> None:
        getattr(self.rooms[action.room], action.call)(action.argument)
        if action.room == "move":
            self._app.look_at_cursor()
            self._app.rows.moved()
            if self._app.focus_name == "recon":  # which keys mend anything depends on the row
                self._app.show_keys()


def _hints(actions: Iterable[Action]) -> list[tuple[str, str]]:
    """Two keys at most for each; pairs of keys stand behind their first key."""
    hints = []
    for action in actions:
        labels = list(dict.fromkeys(key_label(keys) for keys in action.keys if " " not in keys))
        if action.short and labels:
            hints.append(("/".join(labels[:2]), action.short))
    return hints
