"""What the process environment must say before Textual is imported. It imports nothing itself, so that the
composition root can call it first; once Textual is loaded its constants are fixed and this comes too late.
"""

from __future__ import annotations

import os

FRAMES_PER_SECOND = 120
"""How often Textual looks for something to draw. Our own figures come slower; this is for the echo of a key."""


def prepare_environment() -> None:
    """Set Textual's pace and switch its animations off, unless the user's environment says otherwise."""
    os.environ.setdefault("TEXTUAL_FPS", str(FRAMES_PER_SECOND))
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
