"""A secret never becomes text by accident, however text is made; redaction knows all its spellings."""

from __future__ import annotations

import base64
import copy
import csv
import html
import io
import json
import pickle
import sqlite3
import string
import subprocess
import sys
import traceback
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import InvalidValue
from core.known import MASK, forget_secrets, learn_secret
from core.redact import redact, redact_value
from core.secret import Secret, reference
from tests.terminal import ROOT

VALUE = "kQ8+T2m/4xR7&pL1<n"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    forget_secrets()


def written(secret: Secret) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([secret])
    return out.getvalue()


WAYS = {
    "str": lambda s: str(s),
    "repr": lambda s: repr([s, {s: s}]),
    "format": lambda s: f"{s} {s!r} {s:>30} {s!s:.3}",
    "percent": lambda s: "%s %r" % (s, s),  # noqa: UP031
    "concatenation": lambda s: s + "" + "".join([s]) + s[:40] + s.upper(),
    "json": lambda s: json.dumps([s, {"key": s}]),
    "msgspec": lambda s: msgspec.json.encode([s], enc_hook=str).decode(),
    "pickle": lambda s: str(pickle.loads(pickle.dumps(s))) + repr(pickle.dumps(s)),
    "copy": lambda s: f"{copy.copy(s)}{copy.deepcopy([s])}",
    "bytes": lambda s: repr(s.encode()) + repr(bytes(s, "utf-8")),
    "database": lambda s: str(sqlite3.connect(":memory:").execute("SELECT ?", (s,)).fetchone()),
    "csv": lambda s: written(s),
    "url": lambda s: urlencode({"k": s}) + quote(s),
    "attributes": lambda s: repr(getattr(s, "__dict__", {})) + repr(s.__reduce__()) + repr(s.__getstate__()),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_makes_text_of_it_gets_the_mask(way: str) -> None:
    told = WAYS[way](Secret(VALUE))
    assert MASK[:3] in told or way == "attributes" or quote(MASK) in told
    assert VALUE not in told
    assert VALUE[:6] not in told


def test_only_reveal_gives_it_and_only_for_a_purpose() -> None:
    secret = Secret(VALUE)
    assert secret.reveal("test") == VALUE
    with pytest.raises(InvalidValue):
        secret.reveal("")
    with pytest.raises(AttributeError):
        secret._hidden = "other"


def test_secrets_are_equal_by_value_and_to_nothing_else() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret(VALUE + "x")
    assert Secret(VALUE) != MASK
    assert Secret(VALUE) != MASK
    assert Secret(VALUE) != VALUE
    assert len({Secret(VALUE), Secret(VALUE), Secret(VALUE + "x")}) == 2


@pytest.mark.parametrize("wrong", ["", "short", "x" * 9000, "line\nend of it", "nul\0inside it", "\udc80 broken"])
def test_what_cannot_be_one_is_refused_without_being_repeated(wrong: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Secret(wrong)
    assert not wrong or wrong not in str(refused.value)


def test_an_error_that_holds_one_shows_the_mask() -> None:
    secret = Secret(VALUE)
    try:
        raise ValueError("bad key", secret)
    except ValueError as error:
        told = "".join(traceback.format_exception(error))
    assert VALUE not in told
    assert MASK in told


@given(st.text(string.printable.strip() + "가힣é", min_size=24, max_size=60), st.text(max_size=5))
def test_every_spelling_of_a_secret_is_masked(value: str, before: str) -> None:
    if not value.isprintable() or value.isspace():
        return
    forget_secrets()
    learn_secret(value)
    raw = value.encode()
    around = before.encode("utf-8", "replace")
    spelled = (
        *(value, quote(value), quote(value, safe=""), quote_plus(value), html.escape(value), raw.hex()),
        *(json.dumps(value), repr(value), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()),
        base64.b64encode(around + b":" + raw + b":" + around).decode(),
        base64.urlsafe_b64encode(around + raw).decode(),
    )
    for text in spelled:
        shown = redact(f"sent {text} away")
        middle = base64.b64encode(raw).decode()[8:20]
        assert value[12:] not in shown
        assert middle not in shown or middle in "sent  away", (text, shown)
        assert raw.hex()[:24] not in shown


def test_half_a_key_is_a_leak_too() -> None:
    learn_secret("AbCdEfGhIjKlMnOpQrStUv")
    assert "AbCdEfGh" not in redact("key AbCdEfGhIjKlMn... was refused")


def test_a_secret_at_the_cut_of_a_long_text_is_not_shown_in_part() -> None:
    learn_secret(VALUE)
    words = "x " * (1 << 19)
    for size in range(8192 - len(VALUE) - 2, 8194):
        assert VALUE[:6] not in redact(words[:size] + VALUE + words[:50])
    learn_secret("kQ8v " * 200)  # what is masked makes room for what stood behind it
    assert "T2m" not in redact("kQ8v " * ((1 << 20) // 5) + " T2m/4xR7&pL1<n")
    assert VALUE[:6] not in redact("kQ8v " * ((1 << 20) // 5 - 2) + "kQ8+T2m/4xR7&pL1<n")


def test_names_of_fields_and_numbers_are_looked_at_too() -> None:
    learn_secret(VALUE)
    assert VALUE not in str(redact_value("headers", {VALUE: [VALUE.encode(), {"a": VALUE}]}))
    assert redact_value("account", 12345678) == "****5678"
    assert redact_value("quantity", 12345678) == 12345678


def test_a_path_is_no_key() -> None:
    path = "/Users/Kim/Library/Logs/hoga2/crash-20261125T234639-12345"
    assert redact(f"the report is at {path}") == f"the report is at {path}"
    for key in ("a/B3" + "xY7" * 12, "Ab1/" * 9 + "Cd2", "/Ab1+" * 9, "/" + "aB3" * 12 + "/x/y"):
        assert key not in redact(key)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process close its memory to others")
def test_a_process_that_holds_secrets_closes_its_memory() -> None:
    code = (
        "import ctypes, resource; from core.process import close_memory; done = close_memory();"
        "print(done, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert told.split(None, 2)[:2] == ["True", "0"]
    assert "(0, 0)" in told


@pytest.mark.parametrize("text", ["keyring:upbit", "file:kis.secret-1", "env:KIS_SECRET", "upbit-key"])
def test_a_setting_names_where_a_secret_is_kept(text: str) -> None:
    assert str(reference(text)) == text


@pytest.mark.parametrize(
    "text", ["", "PSabcdEFGH1234", "keyring:", "vault:x", "file:../x", "env:A-B", "a:b:c", "x" * 99]
)
def test_what_names_no_place_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        reference(text)
    assert not text or f"{text!r}" not in str(refused.value)
    assert "PSabcd" not in str(refused.value)
