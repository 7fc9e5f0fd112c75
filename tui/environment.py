"""What the process environment must say before Textual is imported. It imports nothing itself, so that the
composition root can call it first; once Textual is loaded its constants are fixed and this comes too late.
"""

from __future__ import annotations

import os

FRAMES_PER_SECOND = 500
"""How soon Textual draws again after it has drawn. Figures come slower, at their own pace; this is for the echo of a
key that falls into a frame of figures: at 120 it came after up to 20 ms, at 500 after 8, for the same CPU time."""


def prepare_environment() -> None:
    """Set Textual's pace and switch its animations off, unless the user's environment says otherwise."""
    os.environ.setdefault("TEXTUAL_FPS", str(FRAMES_PER_SECOND))
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
