"""Who gets a key: what works everywhere first, then the open form, then the action of the focused pane. Bursts that no
hand types are dropped and what they opened is closed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.actions import Action, action_for
from tui.keyboard import ARM_SECONDS, BURST_SECONDS, BurstGuard, Verdict, latin_keys
from tui.messages import Form, Press

if TYPE_CHECKING:
    from tui.app import HogaApp

_NAMES = {"!": "exclamation_mark", "/": "slash", ":": "colon", "?": "question_mark", "+": "plus", "-": "minus"}
_TYPED = frozenset({"command", "find"})
"""Forms whose sending key need not wait: there is nothing to send until something was typed."""


class Keys:
    def __init__(self, app: HogaApp, rooms: dict[str, Any]) -> None:
        self._app = app
        self._rooms = rooms
        self._guard = BurstGuard()
        self._before: list[Form] = []
        self._last_printable = float("-inf")
        self.now = 0.0
        """When the newest key was read: forms opened by it count from here."""

    def press(self, press: Press) -> None:
        """One key, as the terminal gave it."""
        app, at = self._app, press.at
        self.now = at
        if self._guard.is_beginning(at):
            self._before = list(app.forms)
        form = app.top_form
        is_input = form is not None and form.is_input and form in self._before
        verdict = self._guard.press(at, is_printable=press.is_printable, is_input=is_input)
        if verdict is Verdict.BURST:
            app.close_all_but(self._before)
            app.say("warning", "a burst of keys was dropped: it looked like a paste or a reply of the terminal")
        if verdict is not Verdict.TAKE:
            return
        is_hot = at - self._last_printable <= BURST_SECONDS
        if press.is_printable:
            self._last_printable = at
        always = action_for("always", press.key)
        if always is not None and not (form is not None and press.key in form.sending):
            self._act(always)
        elif form is not None:
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

    def _to_form(self, form: Form, press: Press, *, is_hot: bool) -> None:
        app = self._app
        if press.key in form.sending:
            is_early = form.place not in _TYPED and press.at - form.armed_from < ARM_SECONDS
            is_busy = app.asking.is_sending and form.place != "panic"  # panic waits for nobody
            if is_early or is_hot or is_busy:
                return
        wish = form.key(press)
        if wish is None and not form.is_input and press.character:
            for letter in latin_keys(press.character):
                if letter not in form.sending:
                    wish = form.key(Press(letter, letter, press.at))
        if wish is not None:
            app.take(form, wish)

    def _at_rest(self, press: Press) -> None:
        action = self._find(press.key, press.character)
        if action is not None:
            self._act(action)
            return
        for letter in latin_keys(press.character or ""):
            action = self._find(letter, letter)
            if action is not None and not self._app.forms:
                self._act(action)

    def _find(self, key: str, character: str | None) -> Action | None:
        place = self._app.focus_name
        return action_for(place, key) or (action_for(place, _NAMES.get(character, character)) if character else None)

    def _act(self, action: Action) -> None:
        room, _, method = action.id.partition(".")
        getattr(self._rooms[room], method)(action.argument)
        if room == "move":
            self._app.look_at_cursor()
