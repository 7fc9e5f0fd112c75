"""What a user may write under [brokers.paper]. Defaults give the demo: a market that never sleeps and money to lose."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.domain.decimals import check
from core.domain.ids import account_id
from core.domain.instrument import Currency


def _cash() -> dict[Currency, Decimal]:
    return {
        Currency("KRW"): Decimal(100_000_000),
        Currency("USD"): Decimal(50_000),
        Currency("USDT"): Decimal(20_000),
    }


class PaperSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    accounts: tuple[str, ...] = ("main",)
    """Paper accounts; each starts with the cash below."""
    cash: dict[Currency, Decimal] = msgspec.field(default_factory=_cash)
    """Opening cash by currency."""
    base_currency: Currency = Currency("KRW")
    """Currency the embedded market quotes exchange rates in."""
    seed: int = 7
    """The embedded market is the same for the same seed."""
    speed: float = 1.0
    """How many seconds of market pass in one second; 1 is life-like."""
    session_minutes: float = 60.0
    """Length of a session of the embedded stock markets, closing auction included."""
    latency_ms: float = 0.0
    """How long an order travels to the venue, in market time."""
    native_stops: bool = True
    """Does the venue watch stops? Without, the engine holds and watches them, as with brokers that know none."""
    fee_rates: dict[str, Decimal] = {}
    """Broker's fee by market as a fraction of value, in place of the built-in one: {XKRX = "0.00015"}."""
    load_symbols: int = 0
    """Above zero: this many synthetic instruments in place of the embedded market, for measurements."""
    load_rate: float = 1500.0
    """Quotes per second of the synthetic instruments, all together."""

    def __post_init__(self) -> None:
        for account in self.accounts:
            account_id("paper", account)
        if not self.accounts:
            raise ValueError("accounts must name at least one account")
        for currency, amount in self.cash.items():
            if check(amount, f"cash {currency}") < 0:
                raise ValueError(f"cash {currency} must not be negative")
        for market, rate in self.fee_rates.items():
            if not 0 <= check(rate, f"fee rate {market}") < 1:
                raise ValueError(f"fee_rates {market} must be from 0 up to 1, as a fraction")
        if not 0 < self.speed <= 1000:
            raise ValueError("speed must be above 0 and at most 1000")
        if not 5 <= self.session_minutes <= 1440:
            raise ValueError("session_minutes must be from 5 to 1440")
        if not 0 <= self.latency_ms <= 60_000:
            raise ValueError("latency_ms must be from 0 to 60000")
        if not 0 <= self.load_symbols <= 5000 or not 0 < self.load_rate <= 100_000:
            raise ValueError("load_symbols must be at most 5000 and load_rate at most 100000")
