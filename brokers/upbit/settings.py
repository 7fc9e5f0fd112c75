"""What a user may write under [brokers.upbit]. Without keys it is a feed of quotes; with keys the account is seen; and
only with `mode = "live"` an order may leave for the real venue."""

from __future__ import annotations

from decimal import Decimal
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from core.domain.account import Mode
from core.domain.ids import account_id
from core.ports import Door

NAME = "upbit"
HOSTS = {"kr": "api.upbit.com", "sg": "sg-api.upbit.com", "id": "id-api.upbit.com", "th": "th-api.upbit.com"}
ALL_HOSTS = frozenset(HOSTS.values())


class UpbitKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key belongs to one account (Upbit's pocket). Both fields name where the secret is kept."""

    access_key: str = "upbit-access-key"
    """Where the access key is kept: keyring:NAME, file:NAME, env:NAME, or NAME to look in all three."""
    secret_key: str = "upbit-secret-key"  # noqa: S105 - a name of a place, not the secret
    """The same for the secret key."""


class UpbitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    region: Literal["kr", "sg", "id", "th"] = "kr"
    """Which Upbit: they share neither markets nor accounts nor keys."""
    accounts: dict[str, UpbitKeys] = {}
    """A table of keys per account, as [brokers.upbit.accounts.main]; without any it only streams quotes."""
    mode: Mode = Mode.PAPER
    """live: orders may leave for the real Upbit, once the engine is started with --live and unlocked. paper: accounts
    there can only be looked at."""
    quotes: tuple[str, ...] = ("KRW", "BTC", "USDT")
    """Markets that are listed, by the currency they quote in."""
    cash: tuple[str, ...] = ("KRW",)
    """Currencies that are money here. An asset is money or a holding, never both: a market can be traded when it quotes
    in one of these and does not trade one. To trade the markets in USDT, write ["KRW", "USDT"]; KRW-USDT is then only
    looked at, and its price is the exchange rate."""
    market_buys: Literal["quantity", "total"] = "quantity"
    """A market buy names its total at Upbit. quantity: sent as a limit order that fills at once or not at all, a little
    above the ask, so that never more is bought than asked for; total: what the quantity costs at the ask."""
    slippage: Decimal = Decimal("0.02")
    """How far above the ask such a market buy may go: 0.02 is 2 %."""
    self_match: Literal["", "cancel_maker", "cancel_taker", "reduce", "none"] = ""
    """What happens when our order meets another of ours; empty: Upbit's default, the resting one is canceled."""
    max_codes: int = 100
    """How many markets are streamed at a time: what is looked at, held or ordered goes first."""
    stream_format: Literal["DEFAULT", "SIMPLE"] = "SIMPLE"
    """Long or short field names on the stream; they mean the same."""
    canary: str = "KRW-BTC"
    """A busy market that is always streamed: silence of it means that the line is dead."""
    silence_seconds: float = 4.0
    """A stream without data for so long is opened anew."""
    ack_seconds: float = 5.0
    """What is wanted and does not come is asked for again after this."""
    answer_seconds: float = 10.0
    """How long a call may take."""
    hold_seconds: float = 1.0
    """Calls of a kind rest so long after a refusal for their number (429), which names no time."""
    orders_per_second: int = 12
    """Upbit's limit for orders (8 before August 2026)."""
    calls_per_second: int = 30
    """Upbit's limit for what else is asked about an account."""
    quotes_per_second: int = 10
    """Upbit's limit for each kind of quotation."""
    ended_hours: float = 24.0
    """Ended orders of so many hours are compared with ours, at most a week."""
    state_file: str = ""
    """Where a block by the venue is remembered over restarts; empty: it is not."""
    endpoint: str = ""
    """Another server that speaks Upbit's language, for rehearsals, as http://127.0.0.1:8791: play money. Only on this
    machine, unless foreign_endpoint is set."""
    foreign_endpoint: bool = False
    """Allows an endpoint on another machine. It must speak https and must not be a host of Upbit."""

    def __post_init__(self) -> None:
        for name in self.accounts:
            account_id(NAME, name)
        if self.endpoint:
            self._check_endpoint()
            if self.mode is Mode.LIVE:
                raise ValueError('mode = "live" goes to the real Upbit: leave endpoint empty, or mode "paper"')
        if not all(0 < len(quote) <= 5 and quote.isascii() and quote.isupper() for quote in self.quotes):
            raise ValueError('quotes are currencies in capitals, as ["KRW", "BTC"]')
        if not self.cash or not set(self.cash) <= set(self.quotes):
            raise ValueError("cash names at least one currency, each of them among quotes")
        if not 0 < self.slippage <= Decimal("0.2"):
            raise ValueError("slippage must be above 0 and at most 0.2, as a fraction")
        if not 1 <= self.max_codes <= 500:
            raise ValueError("max_codes must be from 1 to 500")
        if "-" not in self.canary:
            raise ValueError("canary is a market code, as KRW-BTC")
        for name in ("silence_seconds", "ack_seconds", "answer_seconds", "hold_seconds"):
            if not 0.05 <= getattr(self, name) <= 120:
                raise ValueError(f"{name} must be from 0.05 to 120")
        for name in ("orders_per_second", "calls_per_second", "quotes_per_second"):
            if not 1 <= getattr(self, name) <= 1000:
                raise ValueError(f"{name} must be from 1 to 1000")
        if not 1 <= self.ended_hours <= 168:
            raise ValueError("ended_hours must be from 1 to 168: Upbit lists a week at most")

    def _check_endpoint(self) -> None:
        url = urlsplit(self.endpoint)
        host = url.hostname or ""
        if url.scheme not in ("http", "https") or not host or url.path.strip("/") or url.query or url.username:
            raise ValueError("endpoint is an address as http://127.0.0.1:8791, without a path")
        if host.rstrip(".").endswith("upbit.com"):
            raise ValueError("endpoint must not be a host of Upbit: choose its region, and leave endpoint empty")
        if is_here(host):
            return
        if not self.foreign_endpoint:
            raise ValueError(
                "endpoint must be on this machine (127.0.0.1), or foreign_endpoint = true must stand there"
            )
        if url.scheme != "https":
            raise ValueError("an endpoint on another machine must speak https")

    # --- what follows from them -----------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return (self.endpoint or f"https://{HOSTS[self.region]}").rstrip("/")

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    @property
    def money(self) -> Mode:
        """Whose money: that of the real venue is real, whatever else is set."""
        return Mode.PAPER if self.endpoint else Mode.LIVE

    @property
    def may_order(self) -> bool:
        return self.money is self.mode

    @property
    def doors(self) -> tuple[Door, ...]:
        """The real hosts are real money for good; another server is play money, and never one of those."""
        real = Door(mode=Mode.LIVE, hosts=ALL_HOSTS, port=443)
        if not self.endpoint:
            return (real,)
        url = urlsplit(self.endpoint)
        port = url.port or (443 if url.scheme == "https" else 80)
        return (real, Door(mode=Mode.PAPER, hosts=frozenset({url.hostname or ""}), port=port))


def is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
