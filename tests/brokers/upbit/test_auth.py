"""Signatures: what is hashed, in which order, and that no nonce comes twice."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest

from brokers.http import Ask
from brokers.upbit import auth
from core.secret import Secret

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "data/upbit/auth.json").read_text())
KEYS = auth.Keys(access=Secret(VECTORS["access"]), secret=Secret(VECTORS["secret"]))


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["case"])
def test_tokens_are_those_of_the_vectors(vector: dict[str, str]) -> None:
    assert auth.token(KEYS, vector["hashed"], nonce=lambda: vector["nonce"]) == vector["token"]


def test_a_query_is_hashed_as_it_is_sent_but_not_encoded() -> None:
    ask = Ask(path="/v1/orders/closed", query=(("states[]", "done"), ("start_time", "2026-11-25T00:00:00+09:00")))
    assert auth.hashed_query(ask.query) == "states[]=done&start_time=2026-11-25T00:00:00+09:00"
    assert ask.target == "/v1/orders/closed?states[]=done&start_time=2026-11-25T00%3A00%3A00%2B09%3A00"


def test_a_body_is_hashed_in_its_own_order() -> None:
    assert auth.hashed_body(b'{"b":"2","a":"1","n":3,"t":true}') == "b=2&a=1&n=3&t=true"
    with pytest.raises(ValueError):
        auth.hashed_body(b'{"a":[1]}')


def test_nothing_to_hash_is_no_hash() -> None:
    assert set(claims(auth.token(KEYS))) == {"access_key", "nonce"}
    assert claims(auth.token(KEYS, "a=1"))["query_hash_alg"] == "SHA512"


async def test_no_nonce_comes_twice_from_many_tasks() -> None:
    async def some() -> list[str]:
        made = []
        for _ in range(200):
            made.append(claims(auth.token(KEYS))["nonce"])
            if len(made) % 50 == 0:
                await asyncio.get_running_loop().run_in_executor(None, int)
        return made

    made = [nonce for part in await asyncio.gather(*(some() for _ in range(64))) for nonce in part]
    assert len(made) == len(set(made)) == 12_800


def test_keys_do_not_show() -> None:
    shown = f"{KEYS!r} {KEYS} {[KEYS]!r} {KEYS.secret}"
    assert VECTORS["secret"] not in shown and VECTORS["access"] not in shown
