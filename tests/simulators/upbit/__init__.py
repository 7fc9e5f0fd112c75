"""Upbit on loopback, REST and streams on one port.

python -m tests.simulators.upbit --port 8791 [--still] [--ledger FILE]
"""

from __future__ import annotations

from tests.simulators.upbit.plug import make

PLUGS = {"upbit": make}
