"""The HTTP line by itself, against a server that says exactly what it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import msgspec
import pytest

from brokers import http
from brokers.endpoint import Endpoint
from brokers.http import Ask, Http, Reply
from brokers.token import TokenKeeper
from core.clock import ManualClock, SystemClock
from core.domain.account import Mode
from core.domain.errors import BadMessage, BrokerError, NotConnected, OutcomeUnknown, RateLimited, Unsupported
from core.domain.ids import AccountId, derived_client_order_id
from core.ports import Door, PaperOrder
from core.runtime.throttle import Throttle

ORDER = PaperOrder(client_order_id=derived_client_order_id("a"), account=AccountId("x:main"), digest="d", body=b"{}")
POST = Ask(method="POST", path="/orders", body=b"{}")


class Server:
    """Answers every request with the next of `answers` (raw bytes), and remembers what it was asked. `drip`: byte by
    byte, one each so many seconds."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.heads: list[str] = []
        self.connections = 0
        self.drip = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                length = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
                await reader.readexactly(int(length[0].split(":")[1]) if length else 0)
                answer = self.answers.pop(0) if self.answers else ok(b"{}")
                if self.drip:
                    for byte in answer:
                        writer.write(bytes([byte]))
                        await writer.drain()
                        await SystemClock().sleep(self.drip)
                else:
                    writer.write(answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def ok(body: bytes, status: int = 200, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status} .", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, str]]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    try:
        yield made, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


def endpoint(url: str, name: str = "127.0.0.1") -> Endpoint[PaperOrder]:
    """The paper door of a venue that listens at `url`, under another `name` where one is given."""
    door = Door(mode=Mode.PAPER, hosts=frozenset({name}), port=int(url.rpartition(":")[2]))
    return Endpoint(url=url.replace("127.0.0.1", name), kind=PaperOrder, doors=(door,))


def line(url: str, **more: object) -> Http[PaperOrder]:
    given = {"answer_seconds": 0.5, "jitter": Random(1), **more}
    return Http("x", endpoint(url), SystemClock(), **given)  # type: ignore[arg-type]


async def test_a_read_is_tried_again_and_an_order_is_not(server: tuple[Server, str]) -> None:
    made, url = server
    http_ = line(url)
    made.answers = [ok(b"", 500), ok(b"", 502), ok(b"[1]")]
    assert (await http_.ask(Ask(path="/x"))).read("x", list[int]) == [1]
    made.answers, made.heads = [ok(b"", 500)], []
    spent: list[int] = []
    with pytest.raises(OutcomeUnknown):
        await http_.write(POST, ORDER, lambda: spent.append(1))
    assert (len(made.heads), spent) == (1, [1])
    await http_.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_followed_to_where_he_points(server: tuple[Server, str], status: int) -> None:
    """The order, and the key with it, would be written a second time, to whom nobody knows."""
    made, url = server
    http_ = line(url)
    made.answers = [ok(b"", status, f"Location: {url}/elsewhere")]
    with pytest.raises(OutcomeUnknown):
        await http_.write(POST, ORDER, lambda: None)
    made.answers = [ok(b"", status, f"Location: {url}/elsewhere")]
    assert (await http_.ask(Ask(path="/x"))).status == 200
    assert [head.split()[1] for head in made.heads] == ["/orders", "/x", "/x"], "asked again where it was asked"
    await http_.close()


async def test_a_door_that_is_for_some_accounts_is_told_whose_the_order_is(server: tuple[Server, str]) -> None:
    made, url = server
    door = Door(mode=Mode.PAPER, hosts=frozenset({"127.0.0.1"}), port=int(url.rpartition(":")[2]), account="DU")
    http_ = Http("x", Endpoint(url=url, kind=PaperOrder, doors=(door,)), SystemClock(), answer_seconds=0.5)
    spent: list[int] = []
    with pytest.raises(BrokerError, match="nothing was sent"):
        await http_.write(POST, ORDER, lambda: spent.append(1))
    assert (made.heads, spent) == ([], [])
    theirs = msgspec.structs.replace(ORDER, account=AccountId("x:DU123"))
    assert (await http_.write(POST, theirs, lambda: spent.append(1))).status == 200
    assert (len(made.heads), spent) == (1, [1])
    await http_.close()


async def test_a_line_that_was_closed_is_no_connection_and_nothing_else(server: tuple[Server, str]) -> None:
    """A new connect closes the old lines while somebody still reads the venue by them: no bug that ends the engine."""
    made, url = server
    http_ = line(url)
    await http_.close()
    spent: list[int] = []
    with pytest.raises(NotConnected, match="nothing was sent"):
        await http_.ask(Ask(path="/x"))
    with pytest.raises(NotConnected, match="nothing was sent"):
        await http_.write(POST, ORDER, lambda: spent.append(1))
    assert (made.heads, spent) == ([], [])


async def test_each_order_has_a_connection_of_its_own_and_reads_keep_theirs(server: tuple[Server, str]) -> None:
    made, url = server
    http_ = line(url)
    for _ in range(5):
        await http_.ask(Ask(path="/x"))
    assert made.connections == 1
    for _ in range(5):
        await http_.write(POST, ORDER, lambda: None)
    assert made.connections == 6
    await http_.close()


async def test_a_spend_that_refuses_keeps_every_byte_here(server: tuple[Server, str]) -> None:
    """The second use of a permit raises at the last moment: the connection stands, and nothing is written to it."""
    made, url = server
    http_ = line(url)

    def refuse() -> None:
        raise RuntimeError("a permit sends once")

    with pytest.raises(RuntimeError, match="once"):
        await http_.write(POST, ORDER, refuse)
    await SystemClock().sleep(0.02)
    assert made.heads == []
    await http_.close()


async def test_the_query_keeps_its_order_and_its_brackets(server: tuple[Server, str]) -> None:
    made, url = server
    http_ = line(url)
    query = (("states[]", "wait"), ("states[]", "watch"), ("to", "2025-06-24T04:56:53+09:00"), ("pairs", "A,B"))
    await http_.ask(Ask(path="/orders", query=query))
    assert "GET /orders?states[]=wait&states[]=watch&to=2025-06-24T04%3A56%3A53%2B09%3A00&pairs=A,B " in made.heads[0]
    head = made.heads[0].lower()
    assert "origin:" not in head and "cookie:" not in head and head.count("content-type") <= 1
    await http_.close()


async def test_headers_are_signed_anew_for_each_attempt(server: tuple[Server, str]) -> None:
    made, url = server
    nonces = iter(range(100))

    async def sign(ask: Ask) -> dict[str, str]:
        return {"X-Nonce": str(next(nonces))}

    http_ = line(url, sign=sign)
    made.answers = [ok(b"", 500), ok(b"", 500), ok(b"{}")]
    await http_.ask(Ask(path="/x"))
    assert [head.split("X-Nonce: ")[1][0] for head in made.heads] == ["0", "1", "2"]
    await http_.close()


async def test_an_answer_without_end_is_cut(server: tuple[Server, str], monkeypatch: pytest.MonkeyPatch) -> None:
    made, url = server
    monkeypatch.setattr(http, "BODY_CAP", 10_000)
    http_ = line(url)
    made.answers = [ok(b"x" * 20_000)] * 4
    with pytest.raises(NotConnected, match="without end"):
        await http_.ask(Ask(path="/x"))
    with pytest.raises(OutcomeUnknown):
        await http_.write(POST, ORDER, lambda: None)
    await http_.close()


async def test_a_drip_of_bytes_ends_with_the_time_limit(server: tuple[Server, str]) -> None:
    made, url = server
    made.drip = 0.02
    http_ = line(url)
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        await http_.write(POST, ORDER, lambda: None)
    await http_.close()


@pytest.mark.parametrize("said", ["2", "nonsense", "-5", "1e99", "nan", ""])
async def test_silence_is_kept_as_long_as_asked_or_as_is_sane(server: tuple[Server, str], said: str) -> None:
    made, url = server
    http_ = line(url)
    made.answers = [ok(b"", 418, f"Retry-After: {said}")]
    with pytest.raises(RateLimited):
        await http_.ask(Ask(path="/x", tries=1))
    assert 0 < http_.held_seconds("anything") <= (2 if said == "2" else http.DEFAULT_BAN)
    calls = len(made.heads)
    for ask in (Ask(path="/x"), Ask(path="/x", urgent=True, group="cancel")):
        with pytest.raises(RateLimited):
            await http_.ask(ask)
    with pytest.raises(RateLimited, match="nothing was sent"):
        await http_.write(POST, ORDER, lambda: None)
    assert len(made.heads) == calls
    await http_.close()


async def test_a_refusal_that_names_no_time_at_all_is_still_a_rest(server: tuple[Server, str]) -> None:
    """Whoever is told to come back at once comes back without end."""
    made, url = server
    http_ = line(url)
    made.answers = [ok(b"", 429, "Retry-After: 0")]
    with pytest.raises(RateLimited) as caught:
        await http_.ask(Ask(path="/x"))
    assert caught.value.retry_after > 0.5
    with pytest.raises(RateLimited):
        await http_.ask(Ask(path="/x"))
    assert len(made.heads) == 1
    await http_.close()


async def test_a_short_hold_does_not_end_a_long_one() -> None:
    clock = ManualClock(10**18)
    http_ = Http("x", endpoint("http://127.0.0.1:1"), clock)
    http_.hold(60)
    http_.hold(1)
    clock.advance(30)
    assert http_.held_seconds("orders") == 30
    http_.hold(5, "orders")
    clock.advance(31)
    assert http_.held_seconds("orders") == 0
    await http_.close()


async def test_reads_leave_cancels_their_share() -> None:
    """The budget of a group is spent on reads down to the reserve; an urgent call passes all the same."""
    clock = ManualClock(10**18)
    throttle = Throttle(clock, 10)
    for _ in range(8):
        await throttle.take()
    assert throttle.wait_seconds() > 0 and throttle.wait_seconds(urgent=True) == 0


async def test_an_order_does_not_queue_below_the_journal(server: tuple[Server, str]) -> None:
    """No room in the limit: refused at once, unspent, instead of waiting where nobody sees it."""
    made, url = server
    http_ = line(url, limits={"default": Throttle(SystemClock(), 1)})
    await http_.write(POST, ORDER, lambda: None)
    spent: list[int] = []
    with pytest.raises(RateLimited, match="nothing was sent"):
        await http_.write(POST, ORDER, lambda: spent.append(1))
    assert (len(made.heads), spent) == (1, [])
    await http_.close()


async def test_a_connection_that_leads_elsewhere_carries_no_order(server: tuple[Server, str]) -> None:
    """A name that is not this machine's and resolves to it: the socket's own address is looked at."""
    _, url = server
    http_ = line(url)
    http_.endpoint = endpoint(url, "broker.example")
    with pytest.raises(BrokerError, match="leads elsewhere"):
        http_._check_peer(("127.0.0.1", int(url.rpartition(":")[2])))
    http_.endpoint = endpoint(url)
    for address in (("10.0.0.1", int(url.rpartition(":")[2])), ("127.0.0.1", 1)):
        with pytest.raises(BrokerError, match="leads elsewhere"):
            http_._check_peer(address)
    await http_.close()


@pytest.mark.parametrize(
    "change", [{"port": 1}, {"hosts": frozenset({"elsewhere"})}, {"mode": Mode.LIVE}, {"account": "U"}]
)
async def test_an_order_is_held_against_the_table_right_before_the_permit(
    server: tuple[Server, str], change: dict[str, object]
) -> None:
    """The connection stands; host, port, mode or account is not what the venue's table says: no byte, no permit."""
    made, url = server
    right = endpoint(url)
    doors = tuple(msgspec.structs.replace(door, **change) for door in right.doors)
    http_ = Http("x", msgspec.structs.replace(right, doors=doors), SystemClock(), answer_seconds=0.5)
    spent: list[int] = []
    with pytest.raises(Unsupported, match="nothing was sent"):
        await http_.write(POST, ORDER, lambda: spent.append(1))
    await SystemClock().sleep(0.02)
    assert (made.heads, spent) == ([], [])
    await http_.close()


def test_a_body_that_is_no_json_is_a_bad_message() -> None:
    for body in (b"", b"\xff\xfe", b"<html>", b'{"a":', b"[" * 100_000):
        with pytest.raises(BadMessage):
            Reply(status=200, headers={}, body=body).read("x", dict[str, int])


# --- tokens ----------------------------------------------------------------------------------------------------------


class Issuer:
    def __init__(self) -> None:
        self.issued = 0
        self.trouble: Exception | None = None
        self.go = asyncio.Event()

    async def __call__(self) -> tuple[str, float]:
        self.issued += 1
        await self.go.wait()
        if self.trouble is not None:
            raise self.trouble
        return f"t{self.issued}", 100.0


async def test_fifty_wait_for_one_token_and_for_one_failure() -> None:
    clock, issue = ManualClock(10**18), Issuer()
    keeper = TokenKeeper(clock, issue)
    waiting = asyncio.gather(*(keeper.get() for _ in range(50)))
    await SystemClock().sleep(0)
    issue.go.set()
    assert {token.value for token in await waiting} == {"t1"} and issue.issued == 1
    clock.advance(89)
    assert (await keeper.get()).value == "t1"
    clock.advance(2)
    issue.trouble = NotConnected("x", "no")
    issue.go.clear()
    failing = asyncio.gather(*(keeper.get() for _ in range(50)), return_exceptions=True)
    await SystemClock().sleep(0)
    issue.go.set()
    assert all(isinstance(answer, NotConnected) for answer in await failing) and issue.issued == 2
    issue.trouble = None
    assert (await keeper.get()).value == "t3"


async def test_a_refusal_of_the_old_token_does_not_cost_the_new_one() -> None:
    clock, issue = ManualClock(10**18), Issuer()
    issue.go.set()
    keeper = TokenKeeper(clock, issue)
    old = await keeper.get()
    keeper.spoil(old)
    new = await keeper.get()
    keeper.spoil(old)
    assert await keeper.get() is new and "t2" not in f"{new!r}{new}"


async def test_the_library_never_connects_again_by_itself() -> None:
    made = line("http://127.0.0.1:1")
    clients = (made._kept, made._fresh)
    assert [client._transport._pool._retries for client in clients] == [0, 0]  # type: ignore[attr-defined]
    await made.close()
