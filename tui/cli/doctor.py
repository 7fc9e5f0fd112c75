"""`hoga doctor`: looks at everything hoga stands on and says what it found, for a person or, by exit code and --json,
for a script. It changes nothing but one scratch file that it removes again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from core.clock import NS, SystemClock
from core.config import Settings
from core.domain.errors import ConfigError, HogaError
from core.domain.text import clean
from tui.cli.check import Check
from tui.cli.chosen import JOURNAL, Chosen, data_directory
from tui.cli.doctor_files import check_folder, check_logs, check_secrets, check_settings_file
from tui.cli.doctor_terminal import check_terminal
from tui.cli.exits import Exit, guarded
from tui.cli.reading import Json

SLOW_FSYNC_MS = 20.0
FSYNCS = 15
YEAR_2025 = 1_735_689_600 * NS


def add_to(app: typer.Typer) -> None:
    app.command()(guarded(doctor))


def doctor(
    context: typer.Context,
    venue: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Look at this venue instead: upbit. It is asked over the network.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Check what hoga stands on.

    Python, terminal, settings, folders, disk, journal, clock and socket; with a venue's name whether it answers, its
    clock against ours, what may be asked of it and what the key may do. Exit code 1 if anything must be fixed before
    trading.

    Examples: hoga doctor --json  |  hoga doctor upbit
    """
    checks = list(examine(context.obj) if not venue else examine_venue(context.obj, venue))
    is_ok = all(check.level != "fail" for check in checks)
    if as_json:
        print(msgspec.json.encode({"ok": is_ok, "checks": checks}).decode())
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            print(f"{check.level:4}  {check.name:{width}}  {check.text}")
    return Exit.OK if is_ok else Exit.FAILED


def examine_venue(chosen: Chosen, name: str) -> list[Check]:
    """The venue's own doctor, by the settings of its section. Raises ConfigError where there is none."""
    import asyncio

    from brokers import registry
    from core.known import hide_known
    from storage.settings import convert_section
    from tui.cli.asked import passphrase
    from tui.cli.opening import logged
    from tui.compose import remembering, vault

    entry = registry.load(name)
    look = entry.doctor
    if look is None:
        raise ConfigError(f"{name} is in this process: there is nothing to ask over the network")
    settings = chosen.settings()
    section = convert_section(entry.settings, settings.brokers.get(name, {}), f"brokers.{name}")
    section, secrets = remembering(section, name), vault(passphrase)

    async def ask() -> list[Check]:
        found = [finding async for finding in look(section, SystemClock(), secrets)]
        return [Check(name=clean(f.name, 40), level=f.level, text=hide_known(clean(f.text, 400))) for f in found]

    with logged(settings.log):
        return asyncio.run(ask())


def examine(chosen: Chosen) -> Iterator[Check]:
    yield check_python()
    yield from check_terminal()
    yield check_locale()
    yield check_clock()
    settings, found = check_settings(chosen)
    yield found
    folder = data_directory(settings)
    yield check_folder(folder)
    yield check_settings_file(chosen)
    yield check_logs(settings)
    yield _safely("real money", lambda: check_real_money(settings))
    yield _safely("secrets", lambda: check_secrets(settings))
    yield check_disk(folder, settings.storage.min_free_mb)
    yield _safely("fsync", lambda: check_fsync(folder))
    yield _safely("journal", lambda: check_journal(folder / JOURNAL))
    yield _safely("kept back", lambda: check_ballast(folder / JOURNAL))
    yield check_halt(folder)
    yield _safely("engine", lambda: check_engine(folder))


def _safely(name: str, check: Callable[[], Check]) -> Check:
    """A check that cannot be made is a finding, not the end of the others."""
    try:
        return check()
    except (OSError, HogaError) as error:
        return Check(name=name, level="fail", text=str(error))


def check_python() -> Check:
    text = f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, {sys.platform}"
    if sqlite3.sqlite_version_info < (3, 35):
        return Check(name="python", level="fail", text=f"{text}; hoga needs SQLite 3.35 or newer")
    return Check(name="python", level="ok", text=text)


def check_locale() -> Check:
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    name = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "not set"
    if encoding != "utf8":
        return Check(
            name="locale",
            level="warn",
            text=f"output is {encoding or 'unknown'} (locale {name}): Korean names need UTF-8, as in LANG=C.UTF-8",
        )
    return Check(name="locale", level="ok", text=f"UTF-8 (locale {name})")


def check_clock() -> Check:
    now = SystemClock().now()
    if now < YEAR_2025:
        return Check(name="clock", level="fail", text="the system's clock is years behind; set it (timedatectl)")
    from datetime import UTC, datetime

    return Check(name="clock", level="ok", text=f"{datetime.fromtimestamp(now // NS, UTC):%Y-%m-%d %H:%M:%S} UTC")


def check_settings(chosen: Chosen) -> tuple[Settings, Check]:
    """The settings, or the defaults when they are wrong, so that the other checks can be made."""
    from zoneinfo import ZoneInfo

    from storage.settings import load

    try:
        loaded = load(Path(chosen.config) if chosen.config is not None else None, os.environ)
        ZoneInfo(loaded.settings.console.zone)
    except ConfigError as error:
        return Settings(), Check(name="settings", level="fail", text=str(error))
    except (KeyError, ValueError, OSError):
        text = f"console.zone {loaded.settings.console.zone!r} is no time zone of this system (pip install tzdata)"
        return Settings(), Check(name="settings", level="fail", text=text)
    try:
        settings = chosen.placed(loaded.settings)
    except ConfigError as error:
        return Settings(), Check(name="settings", level="fail", text=str(error))
    text = f"{loaded.path}" if loaded.path is not None and Path(loaded.path).exists() else "defaults, there is no file"
    return settings, Check(name="settings", level="ok", text=text)


def check_real_money(settings: Settings) -> Check:
    """Could it be started, if somebody wanted to? Raises ConfigError with what is missing."""
    from brokers.registry import load
    from storage.settings import convert_section
    from tui.run.venues import check, live_names

    names = live_names(settings)
    if not names:
        return Check(name="real money", level="ok", text='none: no broker of the settings has mode = "live"')
    check(settings, is_live=True)
    convert_section(load(names[0]).settings, settings.brokers[names[0]], f"brokers.{names[0]}")
    text = (
        f'{names[0]} has mode = "live"; it also takes --live at the start, and the account\'s name before new exposure'
    )
    return Check(name="real money", level="ok", text=text)


def _existing(folder: Path) -> Path:
    """`folder`, or the nearest folder above it that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.is_dir())


def check_disk(folder: Path, min_free_mb: int) -> Check:
    free = shutil.disk_usage(_existing(folder)).free >> 20
    text = f"{free:,} MiB free (new orders stop below {min_free_mb})"
    if free < min_free_mb:
        return Check(name="disk", level="fail", text=text)
    return Check(name="disk", level="warn" if free < 4 * min_free_mb else "ok", text=text)


def check_fsync(folder: Path) -> Check:
    """How long one durable write takes: every order waits for one."""
    import tempfile

    clock, taken = SystemClock(), []
    with tempfile.TemporaryFile(dir=_existing(folder)) as file:
        for _ in range(FSYNCS):
            file.write(b"x" * 4096)
            file.flush()
            start = clock.monotonic()
            os.fsync(file.fileno())
            taken.append((clock.monotonic() - start) / 1e6)
    median, worst = statistics.median(taken), max(taken)
    text = f"median {median:.1f} ms, worst {worst:.1f} ms a durable write"
    return Check(name="fsync", level="warn" if median > SLOW_FSYNC_MS else "ok", text=text)


def check_journal(path: Path) -> Check:
    if not path.exists():
        return Check(name="journal", level="ok", text="none yet")
    from storage.journal import verify

    found = verify(path)
    return Check(name="journal", level="ok" if found.first_bad is None else "fail", text=found.text)


def check_ballast(journal: Path) -> Check:
    """The room that is given up for cancels when the disk is full."""
    from storage.ballast import SIZE, place

    if not journal.exists():
        return Check(
            name="kept back", level="ok", text=f"{SIZE >> 20} MB at the first start, for cancels on a full disk"
        )
    path = place(journal)
    kept = path.stat().st_size if path.exists() else 0
    if kept < SIZE:
        text = f"nothing for cancels on a full disk: the next start keeps {SIZE >> 20} MB back where twice that is free"
        return Check(name="kept back", level="warn", text=text)
    return Check(name="kept back", level="ok", text=f"{kept >> 20} MB, for cancels when the disk is full")


def check_halt(folder: Path) -> Check:
    path = folder / "halt"
    if path.exists():
        return Check(
            name="halt file", level="warn", text=f"no order leaves while '{path}' exists (hoga panic wrote it)"
        )
    return Check(name="halt file", level="ok", text="none")


def check_engine(folder: Path) -> Check:
    """Does an engine answer on this folder's socket? None is no fault."""
    import asyncio

    from core.domain.errors import DeskUnavailable
    from core.runtime.desk_remote import connect
    from core.runtime.desk_socket import socket_path

    path = socket_path(folder)

    async def ask() -> str:
        async with connect(path, SystemClock()) as desk:
            return f"hoga {desk.hoga} in {desk.mode} mode answers at {path}"

    try:
        return Check(name="engine", level="ok", text=asyncio.run(ask()))
    except DeskUnavailable as error:
        return Check(name="engine", level="ok" if not path.exists() else "warn", text=str(error))
