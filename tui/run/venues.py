"""Where a run trades, and with whose money. Real money takes two words, each said on purpose: `mode = "live"` in that
broker's section of the settings, and `--live` when the engine is started. One of them alone starts nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.config import Settings
from core.domain.account import Mode
from core.domain.errors import ConfigError
from core.ports import Broker, Clock

if TYPE_CHECKING:
    from core.secret import Secret


def live_names(settings: Settings) -> tuple[str, ...]:
    """Brokers whose section says real money. Raises ConfigError for a mode that is none: whoever wrote "LIVE" shall not
    get paper without a word."""
    modes = {name: section.get("mode", Mode.PAPER.value) for name, section in settings.brokers.items()}
    for name, mode in modes.items():
        if mode not in [known.value for known in Mode]:
            raise ConfigError(f'brokers.{name}: mode is "paper" or "live", not {str(mode)[:20]!r}. Nothing was started')
    return tuple(name for name, mode in modes.items() if mode == Mode.LIVE.value)


def play_name(settings: Settings) -> str:
    """The broker that is traded with play money on a wire: one whose section names an account and an endpoint of one's
    own, where neither real money nor a feed for the paper account was asked for. Empty: none. Raises ConfigError for
    more than one."""
    if live_names(settings) or settings.engine.feed != "paper":
        return ""
    found = [name for name, part in settings.brokers.items() if part.get("endpoint") and part.get("accounts")]
    if len(found) > 1:
        raise ConfigError(f"one engine trades at one broker, and here are endpoints of {', '.join(found)}")
    return found[0] if found else ""


def check(settings: Settings, *, is_live: bool, is_demo: bool = False) -> None:
    """Raises ConfigError that names everything that is missing for what was asked."""
    from brokers.registry import load

    names = live_names(settings)
    if is_demo:
        if is_live:
            raise ConfigError("--live and the demo do not go together: the demo is play money. Nothing was started")
        return
    missing = []
    if names and not is_live:
        missing.append(f'--live at the start (the settings say mode = "live" of {", ".join(names)})')
    if is_live and not names:
        missing.append('mode = "live" in [brokers.NAME] of the settings')
    for name in names:
        entry = load(name)
        if not entry.has_live:
            missing.append(f"a live venue of the broker {name}: this version has none")
        elif "accounts" in entry.settings.__struct_fields__ and not settings.brokers[name].get("accounts"):
            missing.append(
                f"an account: write [brokers.{name}.accounts.main] into the settings, and under it where its keys are "
                f"kept (`hoga secrets set`; docs/{name}.md shows it)"
            )
    if missing:
        raise ConfigError(f"real money is not traded: missing is {'; and '.join(missing)}. Nothing was started")
    if len(names) > 1:
        raise ConfigError(f"one engine trades real money at one broker, and here are {', '.join(names)}")


def build(
    settings: Settings, clock: Clock, passphrase: Callable[[], Secret], *, is_live: bool, is_demo: bool = False
) -> Broker:
    """The broker of this run, not yet connected: the live one; else the one that plays on a wire, where the settings
    name one; else paper. Never on the loop: it may ask for a passphrase."""
    from tui.compose import paper_broker, remembering, vault

    check(settings, is_live=is_live, is_demo=is_demo)
    name = live_names(settings)[0] if is_live else "" if is_demo else play_name(settings)
    if not name:
        return paper_broker(settings, clock)
    from brokers.registry import load
    from storage.settings import convert_section

    entry = load(name)
    section = convert_section(entry.settings, settings.brokers[name], f"brokers.{name}")
    return entry.build(remembering(section, name), clock, vault(passphrase))
