"""`hoga` with the brokers of this folder beside its own; engines that it starts have them as well."""

from __future__ import annotations

import sys
from pathlib import Path

import brokers
from tui.run import detached

brokers.__path__.append(str(Path(__file__).parent))
detached.PROGRAM = (sys.executable, "-m", "tests.plugged")

if __name__ == "__main__":
    from tui.cli import main

    sys.exit(main())
