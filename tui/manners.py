"""How the console behaves towards its terminal: it leaves when the terminal is gone, draws less when the line is slow,
and changes its glyphs when a late answer says that they are too wide. It decides nothing about what is shown."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from core.clock import NS, SystemClock
from tui import terminal
from tui.glyphs import TWINS
from tui.line_speed import LineSpeed
from tui.probe import width_of

if TYPE_CHECKING:
    from tui.app import HogaApp

SLOW_HZ = 4.0
"""On a slow line figures come so often, at most. At this pace there are no bytes to spare for light either."""
AGAIN_NS = 6 * NS
"""So long after it was warned of, a second Ctrl+Z suspends."""


class Manners:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._clock = SystemClock()
        self._speed = LineSpeed(self._clock.monotonic())
        self._warned = -AGAIN_NS
        self._line = app.settings.console.slow
        if app.settings.console.glyphs == "ascii":
            app.twins = TWINS

    def begin(self) -> None:
        """From the first picture on."""
        loop = asyncio.get_running_loop()
        terminal.on_hangup(loop, self.lost)
        with suppress(ValueError, RuntimeError, NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, self._app.exit)
        self._app.set_interval(terminal.CHECK_SECONDS, self._look)

    @property
    def flush_hz(self) -> float:
        """How often figures are drawn, at most."""
        wanted = self._app.settings.console.flush_hz
        return min(wanted, SLOW_HZ) if self._app.look.is_slow else wanted

    def lost(self) -> None:
        """Leave at once, without touching the desk."""
        app = self._app
        if app._driver is not None and not app.is_headless:
            terminal.silence(app._driver)
        app.exit(terminal.LOST_CODE)

    def suspend(self) -> None:
        """Give the terminal back to the shell, as Ctrl+Z does everywhere; `fg` brings the whole picture back. Where the
        engine sleeps with the console that is said first, and wants the key again."""
        app, now = self._app, self._clock.monotonic()
        if app.owns_engine and now - self._warned > AGAIN_NS:
            self._warned = now
            app.say("warning", "suspending stops the engine too: no stop, no strategy would act. Ctrl+Z again does it")
        elif app._driver is not None and app._driver.can_suspend:
            os.kill(os.getpid(), signal.SIGTSTP)

    def cursor_reported(self, column: int) -> None:
        """The terminal says where its cursor is: the late answer to the question of its glyphs, or none of ours."""
        app = self._app
        if app.settings.console.glyphs == "auto" and width_of(column) == "wide" and app.twins is None:
            app.twins = TWINS
            app.redraw()

    def _look(self) -> None:
        if self._app.is_headless:
            return
        if terminal.is_gone():
            self.lost()
        elif self._line == "auto":
            now = self._clock.monotonic()
            self.slow(self._speed.observe(now, self._app.blocked_ns(now)))

    def slow(self, is_slow: bool) -> None:
        """Draw less from now on, or as usual again."""
        if is_slow != self._app.look.is_slow:
            self._app.look.is_slow = is_slow
            self._app.show_all()
