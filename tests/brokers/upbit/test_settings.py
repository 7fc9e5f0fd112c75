"""Where Upbit's adapter may go: the real hosts for real money, this machine for play money, nobody by accident."""

from __future__ import annotations

from typing import Any

import pytest

from brokers.endpoint import assert_endpoint
from brokers.upbit.broker import UpbitBroker
from brokers.upbit.settings import UpbitKeys, UpbitSettings
from core.clock import SystemClock
from core.domain.account import Mode
from core.domain.errors import BrokerError, Unsupported
from core.domain.ids import AccountId
from tests.contract.session import order_of
from tests.simulators.upbit.plug import UpbitPlug

ACCOUNT = AccountId("upbit:main")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"endpoint": "http://127.0.0.1:8791/v1"}, "without a path"),
        ({"endpoint": "ftp://127.0.0.1"}, "is an address"),
        ({"endpoint": "http://user@127.0.0.1:8791"}, "is an address"),
        ({"endpoint": "http://api.upbit.com"}, "must not be a host of Upbit"),
        ({"endpoint": "https://sg-api.upbit.com."}, "must not be a host of Upbit"),
        ({"endpoint": "https://example.org"}, "must be on this machine"),
        ({"endpoint": "http://192.168.0.9:80"}, "must be on this machine"),
        ({"endpoint": "http://example.org", "foreign_endpoint": True}, "must speak https"),
        ({"endpoint": "https://api.upbit.com", "foreign_endpoint": True}, "must not be a host of Upbit"),
        ({"endpoint": "http://127.0.0.1:8791", "mode": Mode.LIVE}, "goes to the real Upbit"),
        ({"quotes": ("krw",)}, "in capitals"),
        ({"cash": ("EUR",)}, "cash names"),
        ({"slippage": __import__("decimal").Decimal("0.5")}, "slippage"),
        ({"ended_hours": 200.0}, "a week at most"),
        ({"silence_seconds": 0.0}, "silence_seconds"),
        ({"accounts": {"a b": UpbitKeys()}}, "not an account"),
    ],
)
def test_what_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        UpbitSettings(**given)


def test_real_money_is_where_the_real_hosts_are() -> None:
    real = UpbitSettings(accounts={"main": UpbitKeys()}, mode=Mode.LIVE)
    assert (real.url, real.socket_url) == ("https://api.upbit.com", "wss://api.upbit.com")
    assert real.money is Mode.LIVE and real.may_order
    assert_endpoint(real.doors, host="api.upbit.com", port=443, mode=Mode.LIVE, account=ACCOUNT)
    for host, port, mode in (
        ("api.upbit.com", 443, Mode.PAPER),
        ("api.upbit.com", 80, Mode.LIVE),
        ("127.0.0.1", 443, Mode.LIVE),
        ("api.upbit.com.evil.example", 443, Mode.LIVE),
    ):
        with pytest.raises(BrokerError, match="nothing was sent"):
            assert_endpoint(real.doors, host=host, port=port, mode=mode, account=ACCOUNT)


def test_play_money_never_meets_a_real_host() -> None:
    play = UpbitSettings(endpoint="http://127.0.0.1:8791")
    assert play.money is Mode.PAPER and play.may_order
    assert_endpoint(play.doors, host="127.0.0.1", port=8791, mode=Mode.PAPER, account=ACCOUNT)
    with pytest.raises(BrokerError):
        assert_endpoint(play.doors, host="api.upbit.com", port=443, mode=Mode.PAPER, account=ACCOUNT)


async def test_the_default_looks_and_orders_nothing() -> None:
    """Keys alone open no way for an order: the mode must say so."""
    from brokers.upbit.auth import Keys
    from core.secret import Secret

    keys = Keys(access=Secret("an-access-key"), secret=Secret("a-secret-key"))
    broker = UpbitBroker(UpbitSettings(accounts={"main": UpbitKeys()}), SystemClock(), {"main": keys})
    plug = UpbitPlug.request(UpbitPlug, "buy", "1", "70000")  # type: ignore[arg-type]
    with pytest.raises(Unsupported, match="only looked at"):
        broker.prepare(order_of(plug))
    for change in (broker.cancel, broker.replace):
        with pytest.raises(Unsupported, match="only looked at"):
            await change(order_of(plug))
