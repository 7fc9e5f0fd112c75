"""A console on the scripted desk in a process of its own, for tests that need a real terminal. Its last line, in the
file named by the first argument, says how it ended and what reached the desk."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tui.environment import prepare_environment

prepare_environment()


async def main() -> int:
    from core.config import Settings
    from tests.tui.scripted import ScriptedDesk
    from tui.app import HogaApp

    desk = ScriptedDesk()
    app = HogaApp(desk, Settings())
    app.owns_engine = "engine" in sys.argv
    code = await app.run_async()
    Path(sys.argv[1]).write_text(f"{code} {len(desk.sent)}\n", encoding="ascii")
    return code or 0


if __name__ == "__main__":
    if "nohup" in sys.argv:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        code = asyncio.run(main())
    except BaseException as error:
        Path(sys.argv[1]).write_text(f"{error!r}\n", encoding="utf-8")
        raise
    os._exit(code)
