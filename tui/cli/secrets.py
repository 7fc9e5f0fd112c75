"""Verbs of the secrets: keep, list, remove, check. A secret is typed without echo or read from a pipe; none is ever
printed, nor its length.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from core.domain.errors import ConfigError, HogaError, InvalidValue
from tui.cli.exits import Exit, guarded, say
from tui.cli.reading import Json

if TYPE_CHECKING:
    from core.config import Settings
    from core.secret import Secret
    from storage.secrets import Vault

secrets = typer.Typer(
    name="secrets", help="Keys and passwords: keep, list, remove, check. None is ever shown.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="a-z, 0-9, . _ and -, as in upbit-secret.")]
Place = Annotated[
    Literal["keyring", "file"] | None,
    typer.Option("--in", help="Where; without it the keyring, and the file where there is none."),
]


def add_to(app: typer.Typer) -> None:
    # A secret written as an argument must not come back in the parser's complaint.
    secrets.command("set", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(guarded(keep))
    for name, verb in (("list", list_names), ("rm", remove), ("check", check), ("passphrase", again)):
        secrets.command(name)(guarded(verb))
    app.add_typer(secrets)


def keep(context: typer.Context, name: Name, place: Place = None, as_json: Json = False) -> int:
    """Keep a secret under a name, or exchange it.

    It is typed without echo, or one line from a pipe; never an argument. The settings then say keyring:NAME or
    file:NAME. Make keys without the right to withdraw, and bound to your addresses where the venue offers it.

    Examples: hoga secrets set NAME  |  hoga secrets set NAME --in file < KEY
    """
    from core.secret import reference
    from tui.cli.asked import from_descriptor, from_terminal

    if context.args:
        raise InvalidValue(
            "a secret is never an argument: other programs can read those, and your shell keeps them. Nothing was "
            "kept; leave it out, it is asked for, and make a new key in place of that one"
        )
    vault = _vault()
    wanted = reference(name)
    if wanted.place:
        raise InvalidValue("give the name alone, and the place with --in. Nothing was kept")
    where = place or ("keyring" if vault.ring is not None else "file")
    ring = vault.ring
    if where == "keyring" and ring is None:
        raise ConfigError("this system has no keyring that encrypts. Nothing was kept; use --in file")
    opened = _passphrase(vault) if where == "file" else None
    if opened is not None and vault.file.exists():
        vault.file.read(opened)  # a wrong passphrase is told before the secret is typed
    secret = from_terminal(f"Secret {name}: ") if sys.stdin.isatty() else from_descriptor(os.dup(sys.stdin.fileno()))
    if opened is not None:
        vault.file.change(opened, {name: secret})
    elif ring is not None:
        ring.put(name, secret)
    _told({"name": name, "place": where}, f"kept; the settings name it {where}:{name}", as_json)
    return Exit.OK


def remove(name: Name, place: Place = None, as_json: Json = False) -> int:
    """Remove a secret.

    From the keyring and the file, or from one of them. Exit code 1 if it was in neither.

    Example: hoga secrets rm NAME
    """
    vault = _vault()
    removed: list[str] = []
    # The file first: a wrong passphrase ends it, and then nothing was removed.
    if place != "keyring" and vault.file.exists():
        opened = _passphrase(vault)
        if name in vault.file.read(opened):
            vault.file.change(opened, {name: None})
            removed.append("file")
    if place != "file" and vault.ring is not None and vault.ring.remove(name):
        removed.insert(0, "keyring")
    text = f"removed from the {' and the '.join(removed)}" if removed else f"there is no secret {name[:64]!r} there"
    if not removed and not as_json:
        say(f"hoga: {text}")
        return Exit.FAILED
    _told({"name": name, "removed": removed}, text, as_json)
    return Exit.OK if removed else Exit.FAILED


def list_names(as_json: Json = False) -> int:
    """The names of the secrets, and where each is kept.

    The file's names are in its ciphertext, so it asks for the passphrase.

    Example: hoga secrets list --json
    """
    from tui.cli import table

    vault = _vault()
    rows = [(name, "keyring") for name in (vault.ring.names() if vault.ring is not None else ())]
    rows += [(name, "file") for name in sorted(vault.contents())]
    rows += [(name, "environment") for name in vault.variables()]
    if as_json:
        table.emit({"secrets": [{"name": name, "place": place} for name, place in rows]})
    else:
        table.show(("NAME", "KEPT IN"), rows, empty="no secret is kept; `hoga secrets set NAME` keeps one")
    return Exit.OK


def check(
    context: typer.Context,
    references: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REFERENCE]...", help="keyring:NAME, file:NAME, env:NAME or NAME; none: the settings'."
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Look whether secrets can be found.

    Those the settings name, or those given. Exit code 1 if any cannot; none is shown.

    Example: hoga secrets check
    """
    from tui.cli import table

    wanted = list(references or dict.fromkeys(named(context.obj.settings())))
    vault, found = _vault(), []
    for text in wanted:
        try:
            place, _ = vault.find(text)
            found.append({"reference": text, "place": place, "problem": ""})
        except HogaError as error:
            shown = text if _is_reference(text) else "(not a reference)"
            found.append({"reference": shown, "place": "", "problem": str(error)})
    if as_json:
        table.emit({"secrets": found})
    else:
        lines = [(one["reference"], one["place"] or "-", one["problem"] or "found") for one in found]
        table.show(("REFERENCE", "KEPT IN", "STATE"), lines, empty="the settings name no secret")
    return Exit.OK if not any(one["problem"] for one in found) else Exit.FAILED


def again(as_json: Json = False) -> int:
    """Give the encrypted file another passphrase.

    The old one is asked, then the new one twice. What the file holds stays; backups of it still open by the old one.

    Example: hoga secrets passphrase --json
    """
    from tui.cli.asked import passphrase

    vault = _vault()
    if not vault.file.exists():
        say("hoga: there is no file of secrets; `hoga secrets set NAME --in file` makes one")
        return Exit.FAILED
    old = passphrase()
    vault.file.read(old)
    vault.file.change(old, {}, new=passphrase(is_new=True))
    _told({"changed": True}, "the file opens by the new passphrase", as_json)
    return Exit.OK


def named(settings: Settings) -> Iterator[str]:
    """The references in the brokers' tables, those that are there by default included."""
    import msgspec

    from brokers import registry
    from core.redact import names_secret
    from storage.settings import convert_section

    queue: list[tuple[str, Any]] = []
    for name, table in settings.brokers.items():
        whole = convert_section(registry.load(name).settings, table, f"brokers.{name}")
        queue.append((name, msgspec.to_builtins(whole, enc_hook=str)))
    while queue:
        key, value = queue.pop(0)
        if isinstance(value, dict):
            queue += value.items()
        elif isinstance(value, list | tuple):
            queue += [(key, one) for one in value]
        elif isinstance(value, str) and (":" in value or names_secret(key)) and _is_reference(value):
            yield value


def _is_reference(text: str) -> bool:
    from core.secret import reference

    try:
        reference(text)
    except InvalidValue:
        return False
    return True


def _vault() -> Vault:
    from tui.cli.asked import passphrase
    from tui.compose import vault

    return vault(passphrase)


def _passphrase(vault: Vault) -> Secret:
    from tui.cli.asked import passphrase

    return passphrase(is_new=not vault.file.exists())


def _told(document: dict[str, Any], text: str, as_json: bool) -> None:
    from tui.cli import table

    if as_json:
        table.emit(document)
    else:
        print(text)
