"""What a process that holds secrets switches off, so that its memory cannot end up where somebody reads it: core dumps,
and (on Linux) that other processes of the same user attach to it or read its memory.
"""

from __future__ import annotations

import sys

_SET_DUMPABLE = 4


def no_core_dumps() -> None:
    """A crash must not leave the memory on the disk."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass


def close_memory() -> bool:
    """No core dumps, and nobody but root may look in from outside; whether both hold. Debuggers and profilers cannot
    attach afterwards."""
    no_core_dumps()
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes
        import resource

        done = ctypes.CDLL(None, use_errno=True).prctl(_SET_DUMPABLE, 0, 0, 0, 0) == 0
        return done and resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    except (ImportError, OSError, AttributeError):
        return False
