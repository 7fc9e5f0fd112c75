"""Where secrets come from: the system's keyring, else the encrypted file, else the environment. What the environment
held is taken out of it, so no child inherits it. Nothing here prints, and nothing is kept but Secrets.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress

from core.domain.errors import ConfigError, InvalidValue, StorageError
from core.process import close_memory
from core.secret import Reference, Secret, reference
from storage.ring import Ring, open_ring
from storage.sealed import SealedFile, SecretsLocked

PREFIX = "HOGA_SECRET_"
"""`HOGA_SECRET_KIS_KEY` is what the name kis-key finds in the environment."""


class SecretMissing(ConfigError):
    """A setting names a secret that is kept nowhere."""


def pipe_of(passphrase: Secret) -> int:
    """A descriptor from which one other process can read it, once: nothing of it is on the disk, in an argument or in
    an environment."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(passphrase.reveal("hand over").encode() + b"\n")
    return reader


class Vault:
    """Implements core.ports.Secrets. Making one closes this process's memory to others and takes every
    HOGA_SECRET_ variable out of `environ`. `passphrase` is asked once, when the file is first needed."""

    def __init__(
        self,
        file: SealedFile,
        passphrase: Callable[[], Secret],
        environ: MutableMapping[str, str] | None = None,
        ring: Callable[[], Ring | None] = open_ring,
    ) -> None:
        close_memory()
        self.file = file
        self._passphrase = passphrase
        self._environ = os.environ if environ is None else environ
        self._open_ring = ring
        self._ring: Ring | None = None
        self._is_ring_open = False
        self._opened: dict[str, Secret] | None = None
        self._taken: dict[str, Secret | None] = {}
        for name in [name for name in self._environ if name.startswith(PREFIX)]:
            with suppress(SecretMissing):  # one that cannot be a secret is gone all the same
                self._take(name)

    @property
    def ring(self) -> Ring | None:
        """Found when first needed: looking for it takes a tenth of a second."""
        if not self._is_ring_open:
            self._ring, self._is_ring_open = self._open_ring(), True
        return self._ring

    def get(self, reference: str) -> Secret:
        return self.find(reference)[1]

    def find(self, text: str) -> tuple[str, Secret]:
        """(place, secret). A place that cannot be opened is passed over when no place was named and another has it."""
        wanted = reference(text)
        refused: list[str] = []
        for place, look in self._places(wanted):
            try:
                secret = look()
            except StorageError as error:
                if wanted.place:
                    raise
                refused.append(str(error))
                continue
            if secret is not None:
                return place, secret
        if refused:
            raise SecretsLocked(f"{wanted} was not found: {'; '.join(refused)}")
        if wanted.place == "env":
            raise SecretMissing(f"there is no environment variable {wanted.name}. Nothing was started; set it")
        raise SecretMissing(
            f"the secret {wanted} is kept nowhere. Nothing was started; keep it with: hoga secrets set {wanted.name}"
        )

    def _places(self, wanted: Reference) -> Iterator[tuple[str, Callable[[], Secret | None]]]:
        name = wanted.name
        if wanted.place in ("", "keyring"):
            yield "keyring", lambda: self._from_ring(name, is_named=bool(wanted.place))
        if wanted.place in ("", "file"):
            yield "file", lambda: self.contents().get(name)
        if wanted.place == "env":
            yield "env", lambda: self._take(name)
        elif not wanted.place:
            yield "env", lambda: self._take(PREFIX + name.upper().replace("-", "_").replace(".", "_"))

    def _from_ring(self, name: str, *, is_named: bool) -> Secret | None:
        if self.ring is not None:
            return self.ring.get(name)
        if is_named:
            raise SecretsLocked(
                f"keyring:{name} cannot be looked for: this system has no keyring that encrypts. Nothing was started; "
                f"keep it in the file: hoga secrets set {name} --in file"
            )
        return None

    def contents(self) -> dict[str, Secret]:
        """What the file holds; empty when there is none. Asks for the passphrase once."""
        if self._opened is None:
            self._opened = self.file.read(self._passphrase()) if self.file.exists() else {}
        return self._opened

    def _take(self, variable: str) -> Secret | None:
        """A variable, for the last time anybody sees it."""
        value = self._environ.pop(variable, None)
        if value is not None:
            try:
                self._taken[variable] = Secret(value)
            except InvalidValue as error:
                self._taken[variable] = None
                raise SecretMissing(f"the environment variable {variable} is none: {error}. It was removed") from None
        return self._taken.get(variable)

    def variables(self) -> list[str]:
        return sorted(name for name, secret in self._taken.items() if secret is not None)
