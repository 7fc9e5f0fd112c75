"""The system's keyring (Secret Service, KWallet, macOS Keychain) as a place for secrets. Backends that keep them in a
plain file are treated as none. It cannot list what it holds, so the names are one more item of it.
"""

from __future__ import annotations

import json
from typing import Any

from core.secret import Secret
from storage.sealed import SecretsLocked

SERVICE = "hoga"
_NAMES = "@names"


class Ring:
    """`open_ring` finds the one of this system. Every method raises SecretsLocked when the keyring refuses."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    @property
    def name(self) -> str:
        return str(getattr(self._backend, "name", type(self._backend).__name__))

    def get(self, name: str) -> Secret | None:
        found = self._ask("get_password", name)
        return Secret(found) if found else None

    def put(self, name: str, secret: Secret) -> None:
        self._ask("set_password", name, secret.reveal("keyring"))
        self._note({*self.names(), name})

    def remove(self, name: str) -> bool:
        """Whether it was there."""
        is_there = self._ask("get_password", name) is not None
        if is_there:
            self._ask("delete_password", name)
        self._note(set(self.names()) - {name})
        return is_there

    def names(self) -> list[str]:
        try:
            found = json.loads(self._ask("get_password", _NAMES) or "[]")
        except ValueError:
            return []
        return sorted(name for name in found if isinstance(name, str)) if isinstance(found, list) else []

    def _note(self, names: set[str]) -> None:
        self._ask("set_password", _NAMES, json.dumps(sorted(names)))

    def _ask(self, verb: str, *words: str) -> Any:
        from keyring.errors import KeyringError

        try:
            return getattr(self._backend, verb)(SERVICE, *words)
        except (KeyringError, OSError, RuntimeError) as error:
            raise SecretsLocked(
                f"the keyring ({self.name}) refuses: {type(error).__name__}. Nothing was changed; unlock it, or keep "
                "the secret in the file with --in file"
            ) from None


def open_ring() -> Ring | None:
    """The system's keyring; None where there is none that keeps secrets encrypted."""
    try:
        import keyring
        from keyring.backends import fail, null

        backend = keyring.get_keyring()
    except Exception:  # a broken backend's import must not take the others' secrets away
        return None
    parts = getattr(backend, "backends", None) or [backend]
    is_plain = any(type(part).__module__.startswith("keyrings.alt") for part in parts)
    if is_plain or isinstance(backend, fail.Keyring | null.Keyring):
        return None
    return Ring(backend)
