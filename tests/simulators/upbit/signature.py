"""How the simulated Upbit looks at a signature: by its documented rules, and written apart from the adapter's."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from urllib.parse import unquote

from tests.simulators.loopback import Call
from tests.simulators.upbit.exchange import Refused

ALGORITHMS = {"HS512": "sha512", "HS256": "sha256"}


def _unpacked(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def expected_query(call: Call) -> str:
    """What the hash is of: the query as sent, decoded, in its order; or the members of the JSON body in theirs."""
    if call.body:
        members = json.loads(call.body)
        return "&".join(f"{key}={value}" for key, value in members.items())
    return unquote(call.raw_query)


def account_of(call: Call, keys: dict[str, tuple[str, str]], seen: set[str]) -> str:
    """The account whose key signed this call; `keys`: secret and account by access key. Raises Refused."""
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or token.count(".") != 2:
        raise Refused(401, "no_authorization_token", "Authorization 헤더가 없습니다.")
    head, claims, seal = token.split(".")
    try:
        algorithm = ALGORITHMS[json.loads(_unpacked(head))["alg"]]
        given = json.loads(_unpacked(claims))
        signature = _unpacked(seal)
    except (KeyError, ValueError, TypeError):
        raise Refused(401, "jwt_verification", "JWT 헤더의 페이로드를 올바르게 보냈는지 확인하세요.") from None
    known = keys.get(given.get("access_key", ""))
    if known is None:
        raise Refused(401, "invalid_access_key", "잘못된 엑세스 키입니다.")
    secret, account = known
    if not hmac.compare_digest(hmac.new(secret.encode(), f"{head}.{claims}".encode(), algorithm).digest(), signature):
        raise Refused(401, "jwt_verification", "JWT 토큰 검증에 실패했습니다.")
    nonce = given.get("nonce")
    if not nonce or nonce in seen:
        raise Refused(401, "nonce_used", "이미 요청한 nonce값이 다시 사용되었습니다.")
    seen.add(nonce)
    query = expected_query(call)
    wanted = hashlib.sha512(query.encode()).hexdigest() if query else None
    if given.get("query_hash") != wanted or given.get("query_hash_alg", "SHA512") != "SHA512":
        raise Refused(401, "invalid_query_payload", "JWT 헤더의 페이로드가 올바르지 않습니다.")
    return account
