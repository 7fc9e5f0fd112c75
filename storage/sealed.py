"""Secrets in one encrypted file, for machines without a keyring. The passphrase becomes a key by scrypt, whose cost and
salt stand in the file's head; names and values are inside the ciphertext, padded so that its length tells little.

A wrong passphrase and a changed file are the same refusal, after the same pause: the file is no oracle.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

import msgspec

from core.domain.errors import InvalidValue, StorageError
from core.secret import Secret
from storage.files import PRIVATE_FILE, PRIVATE_FOLDER, reason

COSTS = (1 << 15, 1 << 16, 1 << 17)
"""scrypt's N: 32, 64 and 128 MiB. No other is accepted from a file: its head could ask for all memory there is."""
PAUSE_SECONDS = 1.0
SHORTEST_PASSPHRASE = 8
_PAD = 1024
_MAX_BYTES = 1 << 20


class SecretsLocked(StorageError):
    """The place where secrets are kept cannot be opened."""


class Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file, as JSON."""

    format: str = "hoga secrets"
    version: int = 1
    kdf: str = "scrypt"
    n: int
    r: int = 8
    p: int = 1
    salt: bytes
    token: str
    """Fernet: AES-128-CBC and HMAC-SHA256 over a JSON object of names and values."""


class SealedFile:
    """`pause` waits after a refusal; tests give another one."""

    def __init__(self, path: Path, *, cost: int | None = None, pause: Callable[[float], object] | None = None) -> None:
        self.path = path
        self._cost = cost
        self._pause = pause or Event().wait

    def exists(self) -> bool:
        return self.path.is_symlink() or self.path.exists()

    def read(self, passphrase: Secret) -> dict[str, Secret]:
        """What is inside. Raises SecretsLocked."""
        return {name: Secret(value) for name, value in self._open(self._load(), passphrase).items()}

    def change(self, passphrase: Secret, changes: dict[str, Secret | None], *, new: Secret | None = None) -> None:
        """Put in, exchange or (None) take out; the file is made when there is none, and from now on opened by `new`
        where that is given. It is whole or as before: another file takes its place. Raises SecretsLocked."""
        with self._locked():
            contents: dict[str, str] = {}
            sealed = self._load() if self.exists() else None
            if sealed is not None:
                contents = self._open(sealed, passphrase)
            coming = new or passphrase
            if (sealed is None or new is not None) and len(coming.reveal("measure")) < SHORTEST_PASSPHRASE:
                raise InvalidValue(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters. Nothing was written")
            for name, secret in changes.items():
                if secret is None:
                    contents.pop(name, None)
                else:
                    contents[name] = secret.reveal("seal")
            self._write(self._seal(contents, coming))

    # --- the form -----------------------------------------------------------------------------------------------------

    def _seal(self, contents: dict[str, str], passphrase: Secret) -> Sealed:
        from cryptography.fernet import Fernet

        salt, cost = os.urandom(16), self._cost or _affordable()
        plain = msgspec.json.encode(contents)
        plain = plain.ljust(-(-len(plain) // _PAD) * _PAD)
        return Sealed(n=cost, salt=salt, token=Fernet(_key(passphrase, salt, cost)).encrypt(plain).decode())

    def _open(self, sealed: Sealed, passphrase: Secret) -> dict[str, str]:
        from cryptography.fernet import Fernet, InvalidToken

        try:
            plain = Fernet(_key(passphrase, sealed.salt, sealed.n)).decrypt(sealed.token)
            return msgspec.json.decode(plain, type=dict[str, str])
        except (InvalidToken, msgspec.MsgspecError, ValueError):
            self._pause(PAUSE_SECONDS)
            raise SecretsLocked(
                f"the passphrase does not open {self.path}, or the file was changed. Nothing was changed now; try "
                "again, or move the file away and keep the secrets anew with `hoga secrets set`"
            ) from None

    # --- the file -----------------------------------------------------------------------------------------------------

    def _load(self) -> Sealed:
        self._check_folder()
        try:
            number = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise SecretsLocked(f"{self.path} cannot be opened: {reason(error)}. Nothing was read") from None
        with os.fdopen(number, "rb") as file:
            problem = unsafe(os.fstat(number), is_folder=False)
            if problem:
                raise SecretsLocked(f"{self.path} {problem}")
            data = file.read(_MAX_BYTES + 1)
        try:
            sealed = msgspec.json.decode(data, type=Sealed)
        except msgspec.MsgspecError:
            raise SecretsLocked(f"{self.path} is no file of hoga's secrets. Nothing was read; move it away") from None
        shape = (sealed.format, sealed.kdf, sealed.r, sealed.p, len(sealed.salt))
        if sealed.version != 1 or sealed.n not in COSTS or shape != ("hoga secrets", "scrypt", 8, 1, 16):
            raise SecretsLocked(
                f"{self.path} has a form this hoga does not know (version {sealed.version}). Nothing was read; a newer "
                "hoga may have written it"
            )
        return sealed

    def _write(self, sealed: Sealed) -> None:
        new = self.path.with_name(f"{self.path.name}.{os.urandom(4).hex()}.new")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(new, flags, PRIVATE_FILE), "wb") as file:
                file.write(msgspec.json.encode(sealed))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            raise SecretsLocked(
                f"{self.path} cannot be written: {reason(error)}. The secrets are as they were"
            ) from None

    def _check_folder(self) -> None:
        problem = unsafe(self.path.parent.lstat(), is_folder=True)
        if problem:
            raise SecretsLocked(f"{self.path.parent} {problem}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time; the system lets go when it ends."""
        try:
            for folder in [folder for folder in reversed(self.path.parents) if not folder.exists()]:
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            self._check_folder()
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            lock = os.open(self.path.with_suffix(".lock"), flags, PRIVATE_FILE)
        except OSError as error:
            raise SecretsLocked(f"{self.path} cannot be written: {reason(error)}. Nothing was changed") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def unsafe(found: os.stat_result, *, is_folder: bool) -> str:
    """Why secrets may not lie there, and what to do; empty when they may."""
    kind = "folder" if is_folder else "file"
    is_kind = stat.S_ISDIR(found.st_mode) if is_folder else stat.S_ISREG(found.st_mode)
    mode = "700" if is_folder else "600"
    if not is_kind:
        return f"is a link or no {kind}. Nothing was read; put the {kind} itself there"
    if found.st_uid != os.geteuid():
        return f"belongs to another user (uid {found.st_uid}). Nothing was read; secrets must lie in a {kind} of yours"
    if found.st_mode & 0o077:
        return f"is open to others (mode {found.st_mode & 0o777:03o}). Nothing was read; run: chmod {mode} on it"
    return ""


def _key(passphrase: Secret, salt: bytes, cost: int) -> bytes:
    """Hangul is typed composed here and decomposed there: both are one passphrase."""
    raw = unicodedata.normalize("NFC", passphrase.reveal("unlock")).encode()
    key = hashlib.scrypt(raw, salt=salt, n=cost, r=8, p=1, maxmem=cost * 1024 + (1 << 20), dklen=32)
    return base64.urlsafe_b64encode(key)


def _affordable() -> int:
    """The dearest cost that leaves a small machine its memory."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return COSTS[-1]
    return COSTS[-1] if free >= 512 << 20 else COSTS[0]
