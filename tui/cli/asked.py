"""What must be typed and never seen: passphrases and keys, read from a descriptor, from systemd's credentials or from
the terminal without echo. Never from arguments, which every process of the machine may read, nor from the environment.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import MutableMapping
from pathlib import Path

from core.domain.errors import HogaError, InvalidValue
from core.secret import LONGEST, Secret
from storage.sealed import SecretsLocked

DESCRIPTOR = "HOGA_PASSPHRASE_FD"
"""Environment variable with the number of an open descriptor that the passphrase is read from, once."""
CREDENTIAL = "hoga-passphrase"
"""Name of the credential in a systemd unit: LoadCredentialEncrypted=hoga-passphrase."""


class NobodyToAsk(HogaError):
    """There is no terminal at which a secret could be typed unseen."""


def passphrase(*, is_new: bool = False, environ: MutableMapping[str, str] | None = None) -> Secret:
    """The passphrase of the secrets' file. Raises NobodyToAsk where there is nobody to ask."""
    environ = os.environ if environ is None else environ
    number = environ.pop(DESCRIPTOR, "")
    if number:
        if not number.isdecimal() or len(number) > 6:
            raise InvalidValue(f"{DESCRIPTOR} is not the number of a descriptor. Nothing was opened")
        return from_descriptor(int(number))
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if folder and (Path(folder) / CREDENTIAL).exists():
        return from_descriptor(os.open(Path(folder) / CREDENTIAL, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW))
    typed = from_terminal("New passphrase for the file of secrets: " if is_new else "Passphrase of the secrets: ")
    if is_new and typed != from_terminal("The same again: "):
        raise InvalidValue("the two passphrases differ. Nothing was written")
    return typed


def from_descriptor(number: int) -> Secret:
    """The first line of what can be read there, at most 8 KiB of it; the descriptor is closed."""
    try:
        with os.fdopen(number, "rb") as source:
            return Secret(source.readline(LONGEST * 4 + 2).rstrip(b"\r\n").decode())
    except OSError as error:
        raise SecretsLocked(f"descriptor {number} cannot be read: {error.strerror}. Nothing was opened") from None
    except UnicodeDecodeError:
        raise InvalidValue(f"what descriptor {number} gives is not UTF-8. Nothing was opened") from None


def from_terminal(prompt: str) -> Secret:
    """Typed without echo; where that cannot be had, not at all."""
    import getpass

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return Secret(getpass.getpass(prompt, stream=sys.stderr))
    except KeyboardInterrupt:
        print(file=sys.stderr)
        raise
    except (getpass.GetPassWarning, EOFError, OSError):
        raise NobodyToAsk(
            "there is no terminal to ask at without showing what is typed. Nothing was opened; give the passphrase by "
            f"{DESCRIPTOR}=NUMBER of an open descriptor, or as the systemd credential {CREDENTIAL}"
        ) from None
