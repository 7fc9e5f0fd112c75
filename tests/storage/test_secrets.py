"""Secrets: where they are looked for, what the encrypted file refuses, and that it is whole or as before."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from core.domain.errors import ConfigError, InvalidValue
from core.known import forget_secrets
from core.redact import redact
from core.secret import Secret
from storage.ring import Ring, open_ring
from storage.sealed import COSTS, PAUSE_SECONDS, SealedFile, SecretsLocked
from storage.secrets import Vault

CHEAP = COSTS[0]
PASSPHRASE = Secret("열려라 참깨 open")
KEY = Secret("kQ8vT2mZ4xR7pL1n")


class Shelf(KeyringBackend):
    """A keyring in memory."""

    priority = 1
    is_locked = False

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], str] = {}

    def _check(self) -> None:
        if self.is_locked:
            raise KeyringLocked("locked")

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        del self.items[service, username]


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("storage.secrets.close_memory", lambda: True)  # for good: this process goes on
    yield
    forget_secrets()


@pytest.fixture
def file(tmp_path: Path) -> SealedFile:
    return SealedFile(tmp_path / "secrets" / "secrets.json", cost=CHEAP, pause=lambda _: None)


def vault(file: SealedFile, environ: dict[str, str] | None = None, shelf: Shelf | None = None) -> Vault:
    return Vault(
        file, lambda: PASSPHRASE, environ if environ is not None else {}, lambda: Ring(shelf) if shelf else None
    )


# --- the file ---------------------------------------------------------------------------------------------------------


def test_what_was_kept_is_found_and_neither_names_nor_values_can_be_read_in_the_file(file: SealedFile) -> None:
    file.change(PASSPHRASE, {"upbit-secret": KEY})
    file.change(PASSPHRASE, {"kis": Secret("another one"), "gone": Secret("not for long")})
    file.change(PASSPHRASE, {"gone": None})
    assert file.read(PASSPHRASE) == {"upbit-secret": KEY, "kis": Secret("another one")}
    raw = file.path.read_bytes()
    for hidden in (b"upbit", b"kis", b"gone", KEY.reveal("test").encode(), b"another"):
        assert hidden not in raw
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert sorted(p.name for p in file.path.parent.iterdir()) == ["secrets.json", "secrets.lock"]


def test_the_head_says_how_the_key_is_made(tmp_path: Path) -> None:
    file = SealedFile(tmp_path / "s" / "secrets.json")
    file.change(PASSPHRASE, {"a": KEY})
    head = json.loads(file.path.read_bytes())
    assert (head["version"], head["kdf"], head["r"], head["p"]) == (1, "scrypt", 8, 1)
    assert head["n"] in (1 << 17, 1 << 15)  # the floor is for machines short of memory
    assert len(msgspec.json.decode(msgspec.json.encode(head["salt"]), type=bytes)) == 16
    salt = head["salt"]
    file.change(PASSPHRASE, {"b": KEY})
    assert json.loads(file.path.read_bytes())["salt"] != salt


def test_the_length_of_a_secret_cannot_be_told(file: SealedFile) -> None:
    file.change(PASSPHRASE, {"a": Secret("x" * 6)})
    size = file.path.stat().st_size
    file.change(PASSPHRASE, {"a": Secret("x" * 600)})
    assert file.path.stat().st_size == size


def test_a_passphrase_in_parts_and_composed_is_the_same(file: SealedFile) -> None:
    import unicodedata

    file.change(Secret(unicodedata.normalize("NFD", "비밀번호 하나")), {"a": KEY})
    assert file.read(Secret(unicodedata.normalize("NFC", "비밀번호 하나"))) == {"a": KEY}


def test_a_wrong_passphrase_and_a_changed_file_are_the_same_refusal_after_the_same_pause(tmp_path: Path) -> None:
    pauses: list[float] = []
    file = SealedFile(tmp_path / "s" / "secrets.json", cost=CHEAP, pause=pauses.append)
    file.change(PASSPHRASE, {"a": KEY})
    head = json.loads(file.path.read_bytes())
    told = []
    with pytest.raises(SecretsLocked) as refused:
        file.read(Secret("not the passphrase"))
    told.append(str(refused.value))
    for change in ({"token": head["token"][:-8] + "AAAAAAA="}, {"salt": "AAAAAAAAAAAAAAAAAAAAAA=="}, {"n": COSTS[1]}):
        file.path.write_text(json.dumps(head | change))
        with pytest.raises(SecretsLocked) as refused:
            file.read(PASSPHRASE)
        told.append(str(refused.value))
    assert len(set(told)) == 1
    assert pauses == [PAUSE_SECONDS] * 4


def test_a_wrong_passphrase_changes_nothing(file: SealedFile) -> None:
    file.change(PASSPHRASE, {"a": KEY})
    before = file.path.read_bytes()
    with pytest.raises(SecretsLocked):
        file.change(Secret("not the passphrase"), {"b": KEY})
    assert file.path.read_bytes() == before


def test_another_passphrase_takes_the_place_of_the_old(file: SealedFile) -> None:
    file.change(PASSPHRASE, {"a": KEY})
    file.change(PASSPHRASE, {}, new=Secret("the new passphrase"))
    assert file.read(Secret("the new passphrase")) == {"a": KEY}
    with pytest.raises(SecretsLocked):
        file.read(PASSPHRASE)
    with pytest.raises(InvalidValue, match="at least 8"):
        file.change(Secret("the new passphrase"), {}, new=Secret("short 1"))
    assert file.read(Secret("the new passphrase")) == {"a": KEY}


def test_a_short_passphrase_is_not_taken(file: SealedFile) -> None:
    with pytest.raises(InvalidValue, match="at least 8"):
        file.change(Secret("seven.."), {"a": KEY})
    assert not file.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_open_to_others_is_refused(file: SealedFile, mode: int) -> None:
    file.change(PASSPHRASE, {"a": KEY})
    file.path.chmod(mode)
    for ask in (lambda: file.read(PASSPHRASE), lambda: file.change(PASSPHRASE, {"b": KEY})):
        with pytest.raises(SecretsLocked, match=r"open to others .*chmod 600"):
            ask()


def test_a_folder_open_to_others_is_refused(file: SealedFile) -> None:
    file.change(PASSPHRASE, {"a": KEY})
    file.path.parent.chmod(0o750)
    with pytest.raises(SecretsLocked, match=r"open to others .*chmod 700"):
        file.read(PASSPHRASE)
    with pytest.raises(SecretsLocked, match="open to others"):
        file.change(PASSPHRASE, {"b": KEY})


def test_links_are_not_followed(file: SealedFile, tmp_path: Path) -> None:
    file.change(PASSPHRASE, {"a": KEY})
    elsewhere = tmp_path / "elsewhere"
    file.path.rename(elsewhere)
    file.path.symlink_to(elsewhere)
    with pytest.raises(SecretsLocked):
        file.read(PASSPHRASE)
    linked = SealedFile(tmp_path / "linked" / "secrets.json", cost=CHEAP)
    linked.path.parent.symlink_to(file.path.parent)
    with pytest.raises(SecretsLocked, match="is a link"):
        linked.change(PASSPHRASE, {"a": KEY})


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to another user needs root")
def test_a_file_of_another_user_is_refused(file: SealedFile) -> None:
    file.change(PASSPHRASE, {"a": KEY})
    os.chown(file.path, 12345, -1)
    with pytest.raises(SecretsLocked, match="another user"):
        file.read(PASSPHRASE)


@pytest.mark.parametrize(
    "contents",
    [b"", b"{}", b"[" * 5000, b"x" * (2 << 20), b'{"n":32768,"salt":"AAAA","token":"x","more":1}'],
    ids=["empty", "no keys", "deep", "long", "unknown key"],
)
def test_what_is_no_such_file_is_refused(file: SealedFile, contents: bytes) -> None:
    file.path.parent.mkdir(mode=0o700)
    file.path.touch(0o600)
    file.path.write_bytes(contents)
    with pytest.raises(SecretsLocked):
        file.read(PASSPHRASE)


@pytest.mark.parametrize(
    "change", [{"n": 1 << 30}, {"n": 2}, {"version": 2}, {"kdf": "none"}, {"r": 1 << 20}, {"p": 9}]
)
def test_the_head_cannot_ask_for_any_work_it_likes(file: SealedFile, change: dict[str, object]) -> None:
    file.change(PASSPHRASE, {"a": KEY})
    file.path.write_text(json.dumps(json.loads(file.path.read_bytes()) | change))
    with pytest.raises(SecretsLocked, match="does not know"):
        file.read(PASSPHRASE)


def test_a_disk_that_refuses_leaves_the_file_as_it_was(file: SealedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.change(PASSPHRASE, {"a": KEY})

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(SecretsLocked, match="no space left"):
        file.change(PASSPHRASE, {"b": KEY})
    monkeypatch.undo()
    assert file.read(PASSPHRASE) == {"a": KEY}
    assert sorted(p.name for p in file.path.parent.iterdir()) == ["secrets.json", "secrets.lock"]


def keep(path: Path, number: int) -> None:
    file = SealedFile(path, cost=CHEAP)
    for turn in range(2):
        file.change(PASSPHRASE, {f"n{number}-{turn}": KEY})


def test_two_who_write_at_once_lose_nothing(file: SealedFile) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=keep, args=(file.path, number)) for number in range(2)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(60)
    assert set(file.read(PASSPHRASE)) == {f"n{number}-{turn}" for number in range(2) for turn in range(2)}


# --- the order of places ----------------------------------------------------------------------------------------------


def test_the_keyring_comes_first_then_the_file_then_the_environment(file: SealedFile) -> None:
    shelf, environ = Shelf(), {"HOGA_SECRET_UPBIT_KEY": "from the environment"}
    everywhere = vault(file, environ, shelf)
    assert everywhere.find("upbit-key") == ("env", Secret("from the environment"))
    file.change(PASSPHRASE, {"upbit-key": Secret("from the file")})
    assert vault(file, {}, shelf).find("upbit-key") == ("file", Secret("from the file"))
    Ring(shelf).put("upbit-key", Secret("from the keyring"))
    assert vault(file, {}, shelf).find("upbit-key") == ("keyring", Secret("from the keyring"))
    assert vault(file, {}, shelf).get("file:upbit-key") == Secret("from the file")
    shelf.is_locked = True
    assert vault(file, {}, shelf).get("upbit-key") == Secret("from the file")
    with pytest.raises(SecretsLocked, match="KeyringLocked"):
        vault(file, {}, shelf).get("keyring:upbit-key")


def test_the_environment_is_emptied_and_no_child_inherits_it(file: SealedFile) -> None:
    environ = {"HOGA_SECRET_A": "first value", "KIS_SECRET": "second value", "HOGA_SECRET_BAD": "x", "PATH": "/bin"}
    opened = vault(file, environ)
    assert environ == {"KIS_SECRET": "second value", "PATH": "/bin"}
    assert opened.get("env:KIS_SECRET") == Secret("second value")
    assert environ == {"PATH": "/bin"}
    assert opened.get("env:KIS_SECRET") == Secret("second value"), "what was taken is remembered"
    assert opened.get("a") == Secret("first value")
    assert opened.variables() == ["HOGA_SECRET_A", "KIS_SECRET"]
    with pytest.raises(ConfigError):
        opened.get("bad")


def test_what_is_nowhere_is_said_with_what_to_do(file: SealedFile) -> None:
    with pytest.raises(ConfigError, match="hoga secrets set upbit"):
        vault(file).get("upbit")
    with pytest.raises(SecretsLocked, match="no keyring that encrypts"):
        vault(file).get("keyring:upbit")


def test_the_passphrase_is_asked_once_and_only_when_the_file_is_needed(file: SealedFile) -> None:
    file.change(PASSPHRASE, {"a": KEY, "b": KEY})
    asked: list[int] = []

    def ask() -> Secret:
        asked.append(1)
        return PASSPHRASE

    shelf = Shelf()
    Ring(shelf).put("ringed", KEY)
    opened = Vault(file, ask, {}, lambda: Ring(shelf))
    opened.get("ringed")
    assert asked == []
    opened.get("a"), opened.get("b"), opened.get("file:b")
    assert asked == [1]


def test_what_was_loaded_is_masked_from_then_on(file: SealedFile) -> None:
    file.change(PASSPHRASE, {"a": KEY})
    forget_secrets()
    plain = "".join(["kQ8vT2mZ", "4xR7pL1n"])
    assert plain in redact(f"x {plain}")
    vault(file).get("a")
    assert plain not in redact(f"x {plain}")


def test_a_keyring_that_writes_plain_files_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    monkeypatch.setattr("keyring.get_keyring", lambda: shelf)
    found = open_ring()
    assert found is not None
    assert found.name == shelf.name
    monkeypatch.setattr(Shelf, "__module__", "keyrings.alt.file")
    assert open_ring() is None
    monkeypatch.setattr("keyring.get_keyring", lambda: 1 / 0)
    assert open_ring() is None


def test_the_keyring_keeps_a_list_of_its_names() -> None:
    ring = Ring(Shelf())
    ring.put("b", KEY)
    ring.put("a", KEY)
    assert ring.names() == ["a", "b"]
    assert ring.remove("a")
    assert not ring.remove("a")
    assert ring.names() == ["b"]
    assert ring.get("a") is None
