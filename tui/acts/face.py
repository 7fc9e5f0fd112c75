"""The look, changed while the console runs: theme, direction colours, masking. The settings file is not written; what
is chosen here lasts until the console is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.theme import PRESETS, THEMES

if TYPE_CHECKING:
    from tui.app import HogaApp

SLOW_HZ = 4
"""Who asks for so few frames a second has no bytes to spare for light."""


class Face:
    def __init__(self, app: HogaApp) -> None:
        self._app = app

    def dress(self, *, theme: str | None = None, colours: str | None = None) -> None:
        """Other pens for everything on the screen. Names must be those of tui/theme.py."""
        self._app.look.dress(theme=theme, preset=colours)
        self._app.surface.dress()
        self._app.show_all()

    def light(self, at: int) -> None:
        """A frame begins, at `at` of the clock that only goes forward: may it light prices that changed?"""
        app = self._app
        quotes, console = app.surface.quotes, app.settings.console
        quotes.at = at
        quotes.has_flash = console.flash and console.flush_hz > SLOW_HZ and not app.write_backlog

    def mask(self, is_masked: bool) -> None:
        """Hide accounts and amounts, or show them again."""
        self._app.look.is_masked = is_masked
        self._app.show_all()

    # ---- the words of the command line

    def theme_line(self, words: list[str]) -> str:
        if len(words) != 1 or words[0] not in THEMES:
            return f"themes: {', '.join(THEMES)}; now {self._app.look.theme}"
        self.dress(theme=words[0])
        return ""

    def colours_line(self, words: list[str]) -> str:
        if len(words) != 1 or words[0] not in PRESETS:
            return f"colours: {', '.join(PRESETS)}; now {self._app.look.preset}"
        self.dress(colours=words[0])
        return ""

    def mask_line(self, words: list[str]) -> str:
        if words not in ([], ["on"], ["off"]):
            return "write :mask, :mask on or :mask off"
        is_masked = words == ["on"] or (not words and not self._app.look.is_masked)
        self.mask(is_masked)
        self._app.say("ok", "accounts and amounts are hidden" if is_masked else "accounts and amounts are shown again")
        return ""
