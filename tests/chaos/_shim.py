"""Compiles and steers shim.c, which stands between a child process and its disk. Without a compiler `build` says why
there is none, and the figures that need it say so."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
WRITE, SYNC, TRUNCATE, ALLOCATE, CREATE, UNLINK, RENAME = (1 << n for n in range(7))
ALL = WRITE | SYNC | TRUNCATE | ALLOCATE


def build(folder: Path) -> tuple[Path | None, str]:
    """(the library, why there is none)."""
    if not sys.platform.startswith("linux"):
        return None, f"no LD_PRELOAD on {sys.platform}"
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None, "no C compiler (gcc) on this machine"
    library = folder / "shim.so"
    words = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (library, "") if done.returncode == 0 else (None, f"shim.c does not compile here: {done.stderr[-200:]}")


def environment(library: Path | None) -> dict[str, str]:
    return {**os.environ, "LD_PRELOAD": str(library)} if library is not None else dict(os.environ)


class Shim:
    """In the child: the library that it was started with."""

    def __init__(self, folder: Path) -> None:
        self._library = ctypes.CDLL(None)
        self._library.chaos_watch(os.fsencode(folder))

    def arm(self, after: int, times: int, error: int, mask: int) -> None:
        """Refuse `times` operations (negative: all) of the kinds in `mask`, from number `after` on."""
        self._library.chaos_arm(ctypes.c_long(after), ctypes.c_long(times), error, mask)

    def disarm(self) -> None:
        self.arm(0, 0, 0, 0)

    @property
    def refused(self) -> int:
        return int(self._library.chaos_refused())

    def log(self, descriptor: int) -> None:
        self._library.chaos_log(descriptor)
