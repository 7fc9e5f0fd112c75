"""The composition root: builds the program from settings, and may import every room to do so. What is heavy is imported
where it is needed. How the finished program runs is told in tui/run, one file a way."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec

from core.clock import SystemClock
from core.config import Settings, StrategySettings
from core.domain.account import Mode
from core.domain.commands import ControlStrategy, StrategyAction
from core.domain.errors import BrokerError, ConfigError, HogaError
from core.domain.events import InstrumentListed, Noticed, StrategyStatus
from core.domain.ids import AccountId, InstrumentId
from core.domain.instrument import Currency, Instrument
from core.domain.market import Freshness, Interval
from core.ports import Broker, Clock
from core.runtime.desk import LocalDesk
from core.runtime.ingress import washed
from core.runtime.runner import Runner
from core.trading.engine import Engine

if TYPE_CHECKING:
    from brokers.paper.broker import PaperBroker
    from core.secret import Secret
    from core.trading.strategist import Slot
    from storage.journal import Journal
    from storage.secrets import Vault

DEMO_STRATEGY = StrategySettings(
    kind="ma_cross",
    instruments=("KRW-BTC",),
    interval=Interval.S1,
    size=Decimal("0.05"),
    autostart=True,
    params={"fast": 10, "slow": 40},
)
WARM_BARS = 500
MOST_ROWS = 100
"""Of the first watchlist, where the settings name none."""
PAPER = "paper"
"""The feed that is the embedded market."""
RESERVED = frozenset({"api", "autostart", "chase", "cli", "clock", "engine", "keyboard", "panic", "signal", "twap"})
"""Who else may stand behind an order: a strategy of this name would be taken for a person."""


@runtime_checkable
class Restored(Protocol):
    """A venue of this process: it is put together again from our journal."""

    def restore(self, orders: Any, positions: Any, balances: Any, now: int) -> None: ...
    def on_market(self, event: Any) -> None: ...
    async def instruments(self, search: str = "") -> list[Instrument]: ...


class FeedSilent(HogaError):
    """The market that the paper account was to trade on does not answer."""


class Program:
    """Everything that runs, put together: engine, broker, journal, archive, desk."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        broker: PaperBroker | Broker,
        *,
        clock: Clock,
        pace: Clock | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
        directory: Path | None = None,
        badge: str = "PAPER",
        mode: Mode = Mode.PAPER,
        is_detached: bool = False,
        base_currency: Currency | None = None,
        is_driven: bool = False,
        on_log: Callable[[object], None] | None = None,
        replay: Callable[[], str] = lambda: "",
    ) -> None:
        """`is_detached`: no screen of its own, so nobody may be looking."""
        from core.backtest.costs import costs

        self.settings = settings
        self.journal = journal
        self.broker = broker
        self.mode = mode
        self.clock = clock
        self.engine = Engine(base_currency or settings.engine.base_currency, settings.risk, costs)
        self._recorder: Any = None
        self._archive = None
        free_mb: Callable[[], float] | None = None
        if directory is not None and not journal.is_read_only:
            from storage.archive import Archive
            from storage.files import free_mb as free_of

            self._archive = Archive(directory / "market.db")
            free_mb = lambda: free_of(directory)  # noqa: E731
            if settings.storage.record_tape:
                from storage.recorder import TapeRecorder

                self._recorder = TapeRecorder(directory / "tapes", instruments=self.engine.state.instruments.get)
        self.runner = Runner(
            self.engine,
            journal,
            clock,
            [broker],
            archive=self._archive,
            record=self._recorder.record if self._recorder else None,
            flush_tape=self._recorder.flush if self._recorder else None,
            on_log=on_log,
            halt_directory=directory,
            free_mb=free_mb,
            min_free_mb=settings.storage.min_free_mb,
            max_order_age_seconds=settings.engine.max_orders_age_seconds,
            is_driven=is_driven,
            is_live=mode is Mode.LIVE,
            dead_man_minutes=settings.engine.dead_man_minutes if is_detached else 0.0,
            language=settings.console.language,
        )
        is_rehearsal = settings.console.rehearsal and badge == "PAPER"
        self.desk = LocalDesk(
            self.runner,
            pace or SystemClock(),
            random_bytes,
            badge="REHEARSAL" if is_rehearsal else badge,
            mode=mode,
            replay=replay,
            confirm=settings.confirm,
            is_rehearsal=is_rehearsal,
        )

    async def prepare(self) -> None:
        """Everything before the market: the journal replayed, the paper venue as it was, the last quotes shown as
        cached, the watchlist, the strategies in their places."""
        state = self.engine.state
        listed = await self._listed()
        for instrument in listed:
            event = washed(InstrumentListed(ts=self.clock.now(), instrument=instrument))
            self.engine.step(event, self.clock.now())
        self.runner.recover()
        if self._archive is not None:
            for quote in await self._archive.last_quotes():
                self.engine.step(msgspec.structs.replace(quote, freshness=Freshness.CACHED), quote.received)
        if isinstance(self.broker, Restored):
            self.broker.restore(
                state.orders.values(),
                {place: p.quantity for place, p in state.positions.items() if p.quantity},
                _balances(self.engine),
                self.clock.now(),
            )
        self.engine.watchlists.seeds = seeds(self.settings, listed)

    async def _listed(self) -> list[Instrument]:
        """What the venue lists. One on a wire is called for it; where it does not answer the start goes on without, for
        who holds positions there must still be able to stop."""
        if isinstance(self.broker, Restored):
            is_own = self.settings.engine.feed == PAPER
            return await self.broker.instruments() if is_own else await self._listed_by_feed()
        try:
            await self.broker.connect()
            return await self.broker.instruments()
        except (BrokerError, OSError) as error:
            text = f"{self.broker.name} does not answer ({error}): watchlists are empty until the next start"
            self.runner.feed(Noticed(ts=self.clock.now(), level="warning", kind="FEED", text=text))
            return []

    async def _listed_by_feed(self) -> list[Instrument]:
        """What the paper account's feed lists; what it listed before may still be held. Raises FeedSilent."""
        feed = self.settings.engine.feed
        try:
            listed = await self.broker.instruments()
        except (BrokerError, OSError) as error:
            raise FeedSilent(
                f"{feed} cannot be reached ({error}). Nothing was started; try again when the network is back, or type "
                "`hoga demo` for the embedded market, which needs none"
            ) from error
        if self._archive is None:
            return listed
        known = {instrument.id for instrument in listed}
        before = [old for old in await self._archive.instruments() if old.id not in known]
        self._archive.put_instruments(listed)
        return [*listed, *(msgspec.structs.replace(old, is_tradable=False) for old in before)]

    def add_strategies(self, configured: dict[str, StrategySettings]) -> None:
        """Put the configured strategies in their places; raises ConfigError that names the section."""
        from core.strategies import catalog
        from core.strategies.params import texts
        from core.trading.strategist import Slot

        listed = list(self.engine.state.instruments.values())
        for name, section in configured.items():
            if name in RESERVED:
                raise ConfigError(f"[strategies.{name}] {name!r} is how a person's orders are named; choose another")
            try:
                ids = resolve(section.instruments, listed)
                instruments = tuple(self.engine.state.instruments[i] for i in ids)
                strategy = catalog.build(section.kind, name, section.params, instruments, section.interval)
            except ConfigError as error:
                raise ConfigError(f"[strategies.{name}] {error}") from error
            account = AccountId(section.account)
            slot = Slot(name, section.kind, strategy, account, ids, section.interval, section.size)
            slot.configured = texts(strategy.params)
            self.engine.strategist.add(slot)
            self._set_params(slot)

    def _set_params(self, slot: Slot) -> None:
        """What a person set last, unless the settings were changed since, or it is not allowed any more."""
        changed = self.engine.state.strategy_params.get(slot.name)
        if changed is None:
            return
        problem = "the settings were changed since" if changed.configured != slot.configured else ""
        problem = f"it is now of kind {slot.kind}" if changed.kind != slot.kind else problem
        if not problem:
            problem = self.engine.strategist.set_params(slot, changed.params)
        if problem:
            text = f"{slot.name}: parameters set by {changed.by} are left aside ({problem}); the settings count"
            self.runner.feed(Noticed(ts=self.clock.now(), level="warning", kind="STRAT", text=text))

    async def start_strategies(self, configured: dict[str, StrategySettings]) -> None:
        """Warm up from the past, then start those that ran before or start by themselves."""
        for name, section in configured.items():
            slot = self.engine.strategist.slots[name]
            now = self.clock.now()
            span = section.interval.ns * WARM_BARS
            for id in slot.instruments:
                coverage = await self.runner.past.bars(id, section.interval, now - span, now)
                self.runner.warm(name, [bar for bar in coverage.bars if bar.is_closed])
            if slot.status is StrategyStatus.FAILED:
                continue
            before = self.engine.state.strategies.get(name)
            if before is None:
                if section.autostart:
                    self.runner.ask(ControlStrategy(name=name, action=StrategyAction.START, by="autostart"))
            else:
                again = StrategyStatus.PAUSED if before.status is StrategyStatus.FAILED else before.status
                self.engine.strategist.control(name, again, self.clock.now())

    async def run(self, started: asyncio.Event | None = None) -> None:
        """Run until `stop`; strategies start when the venue has been read."""
        opened = started or asyncio.Event()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self.runner.run(opened), name="runner")
            await _first(opened.wait(), running)
            await self.start_strategies(_strategies(self.settings))

    def stop(self) -> None:
        self.runner.stop()


async def _first(wait: Any, task: asyncio.Task[None]) -> None:
    """Wait for an event, or for the task that would set it to end."""
    waiting = asyncio.ensure_future(wait)
    await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _balances(engine: Engine) -> dict[AccountId, list[Any]]:
    found: dict[AccountId, list[Any]] = {}
    for (account, _), balance in engine.state.balances.items():
        found.setdefault(account, []).append(balance)
    return found


def _strategies(settings: Settings) -> dict[str, StrategySettings]:
    return dict(settings.strategies)


def seeds(settings: Settings, listed: Iterable[Instrument]) -> dict[str, tuple[InstrumentId, ...]]:
    """The watchlists of the settings: [console] watchlist is the first, called main; raises ConfigError."""
    from core.trading.watchlists import MAIN

    listed = list(listed)
    first = settings.console.watchlist
    tradable = tuple(instrument.id for instrument in listed if instrument.is_tradable)
    found = {MAIN: resolve(first, listed) if first else (tradable or tuple(i.id for i in listed))[:MOST_ROWS]}
    for name, wanted in settings.watchlists.items():
        try:
            found[name] = resolve(wanted, listed)
        except ConfigError as error:
            raise ConfigError(f"[watchlists] {name}: {error}") from error
    return found


def resolve(wanted: Iterable[str], listed: Iterable[Instrument]) -> tuple[InstrumentId, ...]:
    """Instruments named in a file, as market:code or plain code; raises ConfigError with what is near."""
    from core.domain.errors import InvalidValue
    from core.trading.search import SymbolIndex

    index = SymbolIndex(listed)
    try:
        return tuple(index.one(text).id for text in wanted)
    except InvalidValue as error:
        raise ConfigError(str(error)) from error


# --- parts -----------------------------------------------------------------------------------------------------------


def data_directory(data_dir: Path | None, *, demo: bool = False, settings: Settings | None = None) -> Path:
    from storage.places import data_dir as default

    configured = settings.storage.directory if settings else ""
    base = data_dir or (Path(configured).expanduser() if configured else default())
    return base / "demo" if demo else base


def paper_broker(
    settings: Settings, clock: Clock, driven: Iterable[Instrument] | None = None, **more: Any
) -> PaperBroker:
    """On the market that [engine] feed names, which is the embedded one unless somebody chose; with `driven`
    instruments on what a driver plays to it. `more` overrides settings."""
    from brokers.paper.broker import PaperBroker
    from brokers.paper.settings import PaperSettings

    checked = PaperSettings()
    raw = settings.brokers.get("paper", {})
    if raw:
        from storage.settings import convert_section

        checked = convert_section(PaperSettings, raw, "brokers.paper")
    checked = msgspec.structs.replace(checked, **more)
    if driven is not None:
        return PaperBroker(checked, clock, feed="driver", instruments=driven)
    if settings.engine.feed == PAPER:
        return PaperBroker(checked, clock)
    if "cash" not in raw:  # a currency that this market has no rate for would leave every total unknown
        cash = {currency: amount for currency, amount in checked.cash.items() if currency == checked.base_currency}
        checked = msgspec.structs.replace(checked, cash=cash)
    return PaperBroker(checked, clock, feed=quote_feed(settings, clock, settings.engine.feed))


def quote_feed(settings: Settings, clock: Clock, name: str) -> Broker:
    """The broker of this name without any key: quotes, listings and bars. Raises ConfigError."""
    from brokers import registry
    from storage.settings import convert_section

    entry = registry.load(name)
    if entry.feed is None:
        raise ConfigError(f"{name} streams no quotes to the paper account; --feed {PAPER} is the embedded market")
    section = convert_section(entry.settings, settings.brokers.get(name, {}), f"brokers.{name}")
    return entry.feed(remembering(section, name), clock)


def remembering(section: Any, name: str) -> Any:
    """A broker's settings with a place where a block by its venue outlives this process, if it keeps one and nobody
    named another: the same for every data folder, because a venue blocks an address."""
    from storage.places import data_dir

    if getattr(section, "state_file", None) != "":
        return section
    return msgspec.structs.replace(section, state_file=str(data_dir().absolute() / f"{name}.block"))


def demo_settings(settings: Settings) -> Settings:
    """The demo runs one strategy when none is configured."""
    if settings.strategies:
        return settings
    return msgspec.structs.replace(settings, strategies={"ma-btc": DEMO_STRATEGY})


def vault(passphrase: Callable[[], Secret]) -> Vault:
    """Where brokers' secrets come from. From here on this process's memory is closed to others."""
    from storage.places import secrets_path
    from storage.sealed import SealedFile
    from storage.secrets import Vault

    return Vault(SealedFile(secrets_path()), passphrase)


def boot_id() -> str:
    return os.urandom(8).hex()
