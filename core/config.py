"""Settings: what can be configured, with defaults and a line per field. storage/settings.py reads them from TOML;
`hoga config show` prints every one of these with its meaning."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec

from core.domain.instrument import Currency
from core.domain.limits import RiskLimits
from core.domain.market import Interval


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shared form: keyword-only, and an unknown key is an error."""


class Console(_Section, frozen=True, kw_only=True):
    language: Literal["en", "ko"] = "en"
    """Language of the screen."""
    colours: Literal["kr", "us", "cvd", "mono"] | None = None
    """Direction colours: kr red up, us green up, cvd orange up, mono. Default: kr for ko, us for en."""
    theme: Literal["dark", "light", "ansi"] = "dark"
    """Background and weights of the screen; ansi uses the terminal's own 16 colours."""
    glyphs: Literal["auto", "unicode", "ascii"] = "auto"
    """Lines and marks; ascii where a font or a Korean terminal draws them two cells wide. auto asks the terminal."""
    slow: Literal["auto", "on", "off"] = "auto"
    """Fewer pictures for a slow line, without flashes and sparklines; auto does so when the line falls behind."""
    zone: str = "Asia/Seoul"
    """Time zone of the clock and of all times shown."""
    flush_hz: float = 10.0
    """How often the screen takes new figures, at most; 1 to 20."""
    flash: bool = True
    """Light a price for a moment when it changes; never on a slow line."""
    bell: bool = False
    """Ring the terminal bell on a fill."""
    alert_bell: bool = True
    """Ring the terminal bell when a price alert fires."""
    rehearsal: bool = False
    """Paper money, but the console looks and asks like LIVE: for practice. Nothing real is sent."""
    sizes: tuple[Decimal, ...] = (Decimal(10), Decimal(50), Decimal(100), Decimal(500))
    """Quantities behind the digits in the ladder, at most nine, as multiples of the smallest order a ticket starts
    with: shares for stocks, for coins the power of ten worth the venue's minimum."""
    watchlist: tuple[str, ...] = ()
    """Instruments to show at first, as market:code or plain code; empty shows all of the embedded market."""

    def __post_init__(self) -> None:
        if not 1 <= self.flush_hz <= 20:
            raise ValueError("flush_hz must be between 1 and 20")
        if not all(size.is_finite() and size > 0 for size in self.sizes) or len(self.sizes) > 9:
            raise ValueError("sizes must be one to nine numbers above zero")


class Confirm(_Section, frozen=True, kw_only=True):
    """When LIVE asks for more than one key. Values are in the base currency."""

    soft_value: Decimal | None = Decimal(20_000_000)
    """An order worth more asks for its quantity to be typed."""
    soft_nav: Decimal | None = Decimal("0.20")
    """The same for this part of the account's value: 0.20 is 20 %."""
    size_factor: Decimal | None = Decimal(5)
    """The same for a quantity above so many times the median of the last 20 orders."""
    far_fraction: Decimal | None = Decimal("0.03")
    """The same for a price so far from the touch: 0.03 is 3 %."""
    far_ticks: int | None = None
    """The same in ticks; for markets with coarse ticks (at KRX 30 is a good figure)."""
    quote_seconds: float | None = 10.0
    """The same for a quote older than this."""
    duplicate_seconds: float = 5.0
    """The same for an order like one that was sent so shortly before."""
    risk_fraction: Decimal = Decimal("0.005")
    """What `%` in a ticket with a stop loss risks at most: 0.005 is 0.5 % of the account's value."""
    armed_value: Decimal = Decimal(3_000_000)
    """Armed mode sends at once up to this value; what is larger is reviewed."""
    armed_minutes: float = 5.0
    """How long armed mode stays on when no time is named; 60 at most."""
    buy_template: str = "b 10 ."
    """The order line that F9 sends in armed mode; `.` is the selected symbol."""
    sell_template: str = "s 10 ."
    """The order line that F6 sends in armed mode."""

    def __post_init__(self) -> None:
        for name in ("soft_value", "soft_nav", "size_factor", "far_fraction", "risk_fraction", "armed_value"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above zero")
        if not 0 < self.armed_minutes <= 60:
            raise ValueError("armed_minutes must be above 0 and at most 60")
        if self.risk_fraction > 1:
            raise ValueError("risk_fraction is a part of the account's value: at most 1")


class Keys(_Section, frozen=True, kw_only=True):
    preset: Literal["hoga", "vim", "hts", "plain"] = "hoga"
    """Keys to begin with: hoga, vim (windows as in vim too), hts (F2, F4, F3, F8 too) or plain (no letters to move)."""
    bind: dict[str, Any] = {}
    """Keys of actions, instead of those they have: {"trade.buy" = ["b", "f2"]}. `hoga keys` lists the actions."""


class Engine(_Section, frozen=True, kw_only=True):
    base_currency: Currency = Currency("KRW")
    """Currency in which totals, limits and equity are counted."""
    feed: str = "paper"
    """Broker that streams quotes to the paper account; paper is the embedded market."""
    max_orders_age_seconds: float = 10.0
    """An order that waited longer than this for its turn is denied, not sent late."""
    dead_man_minutes: float = 0.0
    """An engine of its own that no console answered for so long lets only orders pass that shrink exposure, until
    somebody resumes; 0: off."""

    def __post_init__(self) -> None:
        if not 0 <= self.dead_man_minutes <= 7 * 24 * 60:
            raise ValueError("dead_man_minutes must be between 0 (off) and a week")


class Storage(_Section, frozen=True, kw_only=True):
    directory: str = ""
    """Folder of journal.db, market.db and tapes; default: the platform's data folder."""
    record_tape: bool = False
    """Write one tape a day of all that is streamed."""
    min_free_mb: int = 64
    """Below this much free disk no new order is accepted."""


class Log(_Section, frozen=True, kw_only=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    """What is worth a line."""
    file: str = ""
    """Log file; `-` is standard output. Default: the platform's log folder, for `hoga run` standard output."""
    max_mb: int = 20
    """Size at which the log file is rotated."""
    keep: int = 5
    """Rotated files that are kept."""


class StrategySettings(_Section, frozen=True, kw_only=True):
    kind: str = "ma_cross"
    """Which strategy: a name of the catalogue (`hoga strategies --kinds`)."""
    instruments: tuple[str, ...] = ()
    """What it trades, as market:code or plain code."""
    account: str = "paper:main"
    """Account its orders go to."""
    interval: Interval = Interval.M1
    """Length of its bars."""
    size: Decimal = Decimal(1)
    """Quantity of a full position (target 1), in units of the instrument."""
    autostart: bool = False
    """Start it with the engine, unless it was stopped by hand."""
    params: dict[str, Any] = {}
    """The strategy's own parameters, for example {fast = 10, slow = 30}."""


class Settings(_Section, frozen=True, kw_only=True):
    """The whole file. Every part may be left out."""

    console: Console = Console()
    confirm: Confirm = Confirm()
    keys: Keys = Keys()
    engine: Engine = Engine()
    risk: RiskLimits = RiskLimits()
    storage: Storage = Storage()
    log: Log = Log()
    brokers: dict[str, dict[str, Any]] = {}
    """One table per broker, read by that broker's own settings type: [brokers.paper]."""
    strategies: dict[str, StrategySettings] = {}
    """One table per running strategy: [strategies.NAME]."""
    watchlists: dict[str, tuple[str, ...]] = {}
    """Named lists of instruments."""
