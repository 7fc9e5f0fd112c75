"""The look, changed while the console runs: theme, direction colours, masking. The settings file is not written; what
is chosen here lasts until the console is left."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain.errors import StorageError
from tui.manners import SLOW_HZ
from tui.newfile import write_new
from tui.svg import drawn
from tui.theme import PRESETS, THEMES, TOKENS

if TYPE_CHECKING:
    from tui.app import HogaApp
    from tui.look import Look


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
        quotes.has_flash = console.flash and app.manners.flush_hz > SLOW_HZ and not app.write_backlog

    def mask(self, is_masked: bool) -> None:
        """Hide accounts and amounts, or show them again."""
        self._app.look.is_masked = is_masked
        self._app.show_all()

    def drawn(self, *, is_masked: bool = True) -> str:
        """The screen as SVG, for others to look at: masked, unless somebody means otherwise."""
        app, look = self._app, self._app.look
        before, look.is_masked = look.is_masked, look.is_masked or is_masked
        try:
            app.show_all()
            rows = [strip._segments for strip in app.screen._compositor.render_strips()]
            return drawn(rows, *app.size, ink=_ink(look, "text"), ground=_ink(look, "background"))
        finally:
            look.is_masked = before
            app.show_all()

    async def _keep(self, path: Path, text: str) -> None:
        try:
            await asyncio.to_thread(write_new, path, [text.encode()])
        except StorageError as error:
            self._app.say("error", f"the picture could not be written: {error}")
        else:
            self._app.say("ok", f"picture written to {path}; accounts and amounts are hidden in it", stays=True)

    # ---- the words of the command line

    def picture_line(self, words: list[str]) -> str:
        if len(words) > 1:
            return "write :picture or :picture FILE"
        name = words[0] if words else f"hoga-{self._app.look.zone.moment(self._app.desk.now())}.svg".replace(" ", "-")
        path = Path(name.replace(":", "")).expanduser().absolute()
        self._app.work(partial(self._keep, path, self.drawn()), "picture")
        return ""

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


def _ink(look: Look, token: str) -> str:
    """What a cell without a colour of its own is drawn with."""
    return getattr(TOKENS[token], "light" if look.theme == "light" else "dark")  # type: ignore[no-any-return]
