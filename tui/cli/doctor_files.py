"""The files part of `hoga doctor`: who owns what hoga wrote, who may read it, and who could exchange it. It changes
nothing and opens no secret.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from core.config import Settings
from core.domain.errors import InvalidValue
from core.redact import names_secret
from core.secret import reference
from tui.cli.check import Check
from tui.cli.chosen import Chosen

MOST = 20_000
"""Files looked at in one folder."""


def check_folder(folder: Path) -> Check:
    """Owner, mode and kind of the data folder and of everything in it."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return Check(name="data folder", level="ok", text=f"{folder} will be made at the first start")
    except OSError as error:
        return Check(name="data folder", level="fail", text=f"{folder}: {error.strerror}")
    if stat.S_ISLNK(found.st_mode) or not stat.S_ISDIR(found.st_mode):
        return Check(name="data folder", level="fail", text=f"{folder} is a link or no folder; name the real one")
    if found.st_uid != os.getuid():
        return Check(name="data folder", level="fail", text=f"{folder} belongs to another user (uid {found.st_uid})")
    looked = list(islice(_all(folder), MOST))
    return _judged("data folder", looked, f"{folder}, yours alone ({len(looked):,} files and folders)")


def check_logs(settings: Settings) -> Check:
    """The log and its older ones, and crash reports beside it."""
    from storage.places import log_path

    named = settings.log.file
    path = Path(named).expanduser() if named not in ("", "-") else Path(log_path())
    found = [*path.parent.glob(f"{path.name}*"), *path.parent.glob("crash-*.txt")]
    return _judged("logs", found, f"{path.parent}, {len(found)} logs and crash reports, yours alone")


def check_settings_file(chosen: Chosen) -> Check:
    """The file decides what is traded: nobody else may write it, nor exchange it by its folder."""
    from storage.places import config_path

    path = Path(chosen.config) if chosen.config is not None else Path(config_path())
    try:
        found = path.stat()
    except OSError:
        return Check(name="settings file", level="ok", text=f"none at {path}")
    for place, mode in ((path, found.st_mode), (path.absolute().parent, path.absolute().parent.stat().st_mode)):
        is_sticky = place != path and mode & stat.S_ISVTX
        if mode & 0o022 and not is_sticky:
            text = f"others may write {place}, and so decide what is traded; fix with: chmod go-w '{place}'"
            return Check(name="settings file", level="fail", text=text)
    if found.st_uid not in (os.getuid(), 0):
        return Check(name="settings file", level="fail", text=f"{path} belongs to another user (uid {found.st_uid})")
    return Check(name="settings file", level="ok", text=f"{path}, yours to write")


def check_secrets(settings: Settings) -> Check:
    """Where secrets are kept, and that the file of them is nobody else's. No passphrase is asked."""
    from storage.places import secrets_path
    from storage.ring import open_ring
    from storage.sealed import unsafe

    path, ring = secrets_path(), open_ring()
    kept = [f"the keyring ({ring.name})"] if ring is not None else []
    if path.is_symlink() or path.exists():
        for place, is_folder in ((path.parent, True), (path, False)):
            problem = unsafe(place.lstat(), is_folder=is_folder)
            if problem:
                return Check(name="secrets", level="fail", text=f"{place} {problem}")
        kept.append(f"the encrypted file {path}")
    told = sorted(key for name, table in settings.brokers.items() for key in _written(f"brokers.{name}", table))
    if told:
        text = f"{', '.join(told)} in the settings hold a secret itself; keep it with: hoga secrets set NAME"
        return Check(name="secrets", level="warn", text=text)
    left = sorted(name for name in os.environ if name.startswith("HOGA_SECRET_"))
    if left:
        text = f"{', '.join(left)} stand in the environment of this shell; keep them with: hoga secrets set NAME"
        return Check(name="secrets", level="warn", text=text)
    return Check(name="secrets", level="ok", text=f"kept in {' and '.join(kept)}" if kept else "none are kept")


def _written(at: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Settings whose name says secret and whose value is no name of a place."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _written(f"{at}.{key}", value)
        elif isinstance(value, str) and names_secret(key):
            try:
                reference(value)
            except InvalidValue:
                yield f"{at}.{key}"


def _all(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.rglob("*")


def _judged(name: str, paths: list[Path], text: str) -> Check:
    """No link, nothing of another user, nothing that others may read or write."""
    open_, foreign, links = [], [], []
    for path in paths:
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(found.st_mode):
            links.append(path)
        elif found.st_uid != os.getuid():
            foreign.append(path)
        elif found.st_mode & 0o077:
            open_.append(path)
    if foreign:
        return Check(name=name, level="fail", text=f"belongs to another user: {_names(foreign)}")
    if links:
        return Check(
            name=name, level="fail", text=f"links lead elsewhere: {_names(links)}; put the files themselves there"
        )
    if open_:
        return Check(name=name, level="fail", text=f"others may look in; fix with: chmod go-rwx {_names(open_)}")
    return Check(name=name, level="ok", text=text)


def _names(paths: list[Path]) -> str:
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return " ".join(f"'{path}'" for path in paths[:5]) + more
