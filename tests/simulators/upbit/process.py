"""The simulated Upbit as a process of its own, for tests that start whole programs: it can go away and come back."""

from __future__ import annotations

import subprocess
import sys

from tests.terminal import ROOT


class Venue:
    """At one port from its first start on."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.simulators.upbit", "--port", str(self.port), *self._options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().split()[0].rsplit(":", 1)[1])

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"
