"""The command line: one file per group of verbs, each with light imports at its top and the heavy ones inside its
functions, so that `hoga` and `hoga demo` reach the console without paying for the rest. To add a verb, write a function
with `@app.command()` and `@guarded`, describe it in docs/cli.md, and test it; nothing here knows how an order is made.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (tui/cli/exits.py lists them)."""
    # Imports make many objects and no garbage: the collector's default looks at them two hundred times, and fewer
    # looks make a start a tenth shorter; one look at so many objects stays near a millisecond.
    gc.set_threshold(20_000, 10, 10)
    from tui.cli.chosen import hoist

    words = list(sys.argv[1:] if arguments is None else arguments)
    chosen, rest = hoist(words)
    if chosen is not None and rest in ([], ["console"], ["demo"]):
        # The road everybody takes every day: no command line parser is imported.
        gc.disable()  # until the screen stands: the console itself switches it on again
        try:
            from tui.cli.exits import exit_code
            from tui.cli.opening import open_console

            return exit_code(lambda: open_console(chosen, demo=rest == ["demo"]))
        finally:
            gc.enable()
    from tui.cli.app import run

    return run(words if chosen is None else [*chosen.words(), *rest])
