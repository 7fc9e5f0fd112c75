"""ShadowDisplay: an App whose frames reach the terminal as the difference to what is already there. It overrides one
private method of Textual, so it works only with the version it was read against; with any other, or after any error,
frames take Textual's own way and nothing but speed is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import textual
from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.driver import Driver

from core.log import get_logger
from tui.hearing import hear
from tui.line_speed import Metered
from tui.probe import Probe
from tui.shadow import ShadowScreen

if TYPE_CHECKING:
    from textual.screen import Screen

PINNED = "8.2.8"
"""The Textual this was read against; pyproject.toml pins the same."""
BACKLOG = 3
"""Writes the terminal has not taken yet, from which frames are held back instead of queued."""
RETRY_SECONDS = 0.02

log = get_logger("display")


class ShadowDisplay(App[ReturnType]):
    """An App that writes only cells that differ. Mix in by inheriting: `class HogaApp(ShadowDisplay[None])`.

    A slow terminal gets fewer frames, never late ones: while it has not taken the last writes, frames are dropped
    and the newest state is drawn once it has.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shadow = ShadowScreen()
        self._shadow_off = "" if _fits() else f"textual {textual.__version__} is not {PINNED}"
        self._frame_waits = False
        self.probe: Probe | None = None
        """Who asked the terminal before the screen took it over, and knows its modes as they were."""
        self.owns_engine = False
        """The engine runs in this process: what stops the one stops the other."""
        self.twins: Mapping[int, str] | None = None
        """What glyphs are written as, on a terminal that cannot show them (tui/glyphs.py); None: as they are."""
        self.bytes_written = 0
        """By frames of the shadow screen, since the start."""
        self.frames_held = 0
        """Frames not drawn because the terminal was slow."""

    @property
    def plain_reason(self) -> str:
        """Why frames take Textual's own way; empty while the shadow screen works."""
        return self._shadow_off

    @property
    def write_backlog(self) -> int:
        """Writes the terminal has not taken yet; 0 where that cannot be known."""
        queue = getattr(getattr(self._driver, "_writer_thread", None), "_queue", None)
        return queue.qsize() if queue is not None else 0

    def blocked_ns(self, now: int) -> int:
        """How long writes to the terminal have waited in all."""
        meter = getattr(self._driver, "meter", None)
        return meter.waited(now) if meter is not None else 0

    def forget_screen(self) -> None:
        """The terminal may show anything: the next frame is drawn whole."""
        self._shadow.forget()

    def redraw(self) -> None:
        """Draw everything again, also what did not change: for a terminal that others wrote to."""
        self.forget_screen()
        if self._screen_stack:
            self.screen.refresh()

    def draw_plainly(self, reason: str) -> None:
        """Leave the shadow screen for good; everything is drawn again in Textual's own way."""
        self._shadow_off = reason
        self._shadow.forget()
        if self._running and self._driver is not None and not self.is_headless:
            self._driver.write("\x1b[m")
        if self._screen_stack:
            self.screen.refresh()

    # ---- Textual's side

    def get_driver_class(self) -> type[Driver]:
        return with_clean_edges(super().get_driver_class())

    def on_resize(self) -> None:
        """A terminal that changed its size has rearranged its cells, even if the size is back to what it was."""
        self.call_next(self.redraw)  # Textual calls the handler of every class, this one after those derived from it

    def _on_driver_signal_resume(self) -> None:
        self.redraw()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if (
            self._shadow_off
            or not isinstance(renderable, (ChopsUpdate, LayoutUpdate))
            or self._batch_count
            or not self._running
            or self._closed
            or self.is_headless
            or self._driver is None
            or self._driver.is_inline
        ):
            if isinstance(renderable, CompositorUpdate):
                self._shadow.forget()
            super()._display(screen, renderable)
            return
        try:
            data = self._frame(screen, renderable)
        except Exception as error:  # whatever it is, the screen must go on
            import structlog  # only now: an error is no part of starting

            structlog.get_logger().error("display.shadow_failed", error=repr(error), exc_info=True)
            self.draw_plainly(f"{type(error).__name__} in the shadow screen")
            super()._display(screen, renderable)
            return
        if data:
            self.bytes_written += len(data)
            self._driver.write(data)
            self._driver.flush()
        self.post_display_hook()

    def _frame(self, screen: Screen[Any], update: ChopsUpdate | LayoutUpdate) -> str:
        """The bytes of one frame; empty when nothing differs or the terminal is not ready for more."""
        if self.write_backlog >= BACKLOG:
            self._hold()
            return ""
        shadow = self._shadow
        compositor = screen._compositor
        width, height = compositor.size
        if (width, height) != (shadow.width, shadow.height):
            shadow = self._shadow = ShadowScreen(self.console._color_system or ColorSystem.TRUECOLOR)
            shadow.resize(width, height)
        if not shadow.is_known and not isinstance(update, LayoutUpdate):
            whole = compositor.render_update(full=True, screen_stack=self._background_screens)
            if not isinstance(whole, LayoutUpdate):
                raise TypeError(f"a full update is a {type(whole).__name__}")
            update = whole
        if isinstance(update, LayoutUpdate):
            _paint_layout(shadow, update)
            shadow.is_known = shadow.is_known or update.region.contains_region(compositor.size.region)
        else:
            _paint_chops(shadow, update)
        self._previous_cursor_position = cursor = screen.outer_size.clamp_offset(self.cursor_position)
        return shadow.render((cursor.x, cursor.y), is_synchronized=self._sync_available)

    def _hold(self) -> None:
        self.frames_held += 1
        if not self._frame_waits:
            self._frame_waits = True
            self.set_timer(RETRY_SECONDS, self._retry)

    def _retry(self) -> None:
        """Draw what was held back: all of it, for the held frames themselves are gone."""
        self._frame_waits = False
        if self.write_backlog >= BACKLOG:
            self._hold()
        elif self._screen_stack:
            self.screen.refresh()


def _paint_chops(shadow: ShadowScreen, update: ChopsUpdate) -> None:
    for y, x1, x2 in update.spans:
        ends = update.chop_ends[y]
        for end, (x, strip) in zip(ends, update.chops[y].items(), strict=False):
            # Strips outside the span may lack what lies in front of them.
            if strip is not None and x < x2 and end > x1:
                shadow.paint(y, x, strip._segments, ends)


def _paint_layout(shadow: ShadowScreen, update: LayoutUpdate) -> None:
    for y, strips in enumerate(update.strips, update.region.y):
        x, row, ends = update.region.x, [], []
        for strip in strips:
            row.append((x, strip._segments))
            x += strip.cell_length
            ends.append(x)
        for start, segments in row:
            shadow.paint(y, start, segments, ends)


def _fits() -> bool:
    """Is this the Textual whose insides the shadow screen knows?"""
    # Asking the package for its version imports a mail parser: a twentieth of a cold start. A folder's name is free.
    named = Path(textual.__file__).parent.parent / f"textual-{PINNED}.dist-info"
    is_pinned = ("__version__" not in vars(textual) and named.is_dir()) or textual.__version__ == PINNED
    return is_pinned and hasattr(App, "_display") and hasattr(App, "_begin_update")


@lru_cache(maxsize=8)
def with_clean_edges(driver: type[Driver]) -> type[Driver]:
    """`driver`, that leaves the terminal with a plain pen and the modes it was found with, says when the terminal was
    in other hands, and measures how long it makes us wait."""

    class CleanEdges(driver):  # type: ignore[misc, valid-type]
        _file: Any
        meter: Metered | None = None
        has_started = is_starting = False

        def start_application_mode(self) -> None:
            forget = getattr(self._app, "forget_screen", None)
            if forget is not None:
                forget()
            if self.is_starting:  # continued once more while this was being done: it goes on below
                return
            self.is_starting = True
            try:
                self._start()
            finally:
                self.is_starting = False

        def _start(self) -> None:
            if self.has_started:  # stopped and continued by somebody else: Textual would start its threads twice
                self.stop_application_mode()
                self.close()
            self.has_started = True
            if self.meter is None and hasattr(self, "_file"):
                self._file = self.meter = Metered(self._file)
            super().start_application_mode()
            probe: Probe | None = getattr(self._app, "probe", None)
            modes = probe.take_modes() if probe is not None else None
            if modes is not None:
                self.attrs_before = modes

        def write(self, data: str) -> None:
            twins: Mapping[int, str] | None = getattr(self._app, "twins", None)
            super().write(data if twins is None else data.translate(twins))

        def stop_application_mode(self) -> None:
            with suppress(AssertionError):  # Textual's drivers assert that they were started
                self.write("\x1b[m")
            self.has_started = False
            super().stop_application_mode()

        def run_input_thread(self) -> None:
            """Bytes that are no UTF-8 (another encoding, noise) are dropped; Textual would end the console."""
            undecoded = getattr(self._app, "undecoded", None)
            told = (lambda: self._app.call_later(undecoded)) if undecoded is not None else None
            hear(self.fileno, self.exit_event, self.process_message, told)

    CleanEdges.__name__ = driver.__name__
    return CleanEdges
