"""Limits in force. They are tightened at any time and loosened only by the settings and a restart: of what the settings
say and what was in force when the journal ended, the tighter counts, and what the settings would loosen waits until
somebody accepts it by typing a word: for real money the end of the name of each account, for they bound all of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from core.domain.commands import AcceptLimits, TightenLimit
from core.domain.decimals import parse, plain
from core.domain.errors import InvalidValue
from core.domain.events import LimitsChanged, Noticed
from core.domain.limits import RiskLimits
from core.trading import lock
from core.trading.gate import Gate
from core.trading.outputs import NOTHING, Output, emit
from core.trading.risk import usage
from core.trading.risk.usage import LimitRow
from core.trading.state import State

WORD = "LOOSEN"
OFF = "off"
LARGER_IS_TIGHTER = frozenset({"duplicate_window_seconds", "loss_cooldown_seconds"})
_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9}
Value = Decimal | float | int | bool | None


class Limits:
    """`waiting`: what the settings would loosen, found at the start."""

    def __init__(self, state: State, gate: Gate) -> None:
        self.state = state
        self.gate = gate
        self.waiting: dict[str, Value] = {}
        self.is_live = False
        """The engine was started for real money, whether or not its accounts are known yet."""

    def begin(self, now: int) -> Sequence[Output]:
        """Call once, when the journal was read and before anything is asked."""
        out: list[Output] = []
        last, configured = self.state.curbs.limits, values(self.gate.limits)
        if last is None:
            emit(self.state, LimitsChanged(ts=now, limits=texts(self.gate.limits), by="settings"), out)
            return out
        effective = dict(configured)
        for name, value in configured.items():
            before = known(name, last.limits.get(name), value)
            if is_tighter(name, before, value):
                effective[name], self.waiting[name] = before, value
        self.gate.limits = RiskLimits(**effective)  # type: ignore[arg-type]
        if texts(self.gate.limits) != last.limits:
            emit(self.state, LimitsChanged(ts=now, limits=texts(self.gate.limits), by="settings"), out)
        if self.waiting:
            names = ", ".join(self.waiting)
            text = f"the settings would loosen {names}: the tighter limits stay until `hoga risk accept`"
            emit(self.state, Noticed(ts=now, level="warning", kind="RISK", text=text), out)
        return out

    def rows(self, now: int) -> tuple[LimitRow, ...]:
        waiting = {name: text_of(value) for name, value in self.waiting.items()}
        return usage.rows(self.state, self.gate.limits, text_of, waiting, now)

    def problem(self, command: TightenLimit | AcceptLimits) -> str:
        """Why not; empty when it may be done."""
        if isinstance(command, AcceptLimits):
            if not self.waiting:
                return "no limit waits to be loosened: write it into [risk] of the settings and start hoga again"
            return self._unconfirmed(command.typed)
        if command.name not in RiskLimits.__struct_fields__:
            return f"there is no limit {command.name[:40]!r}; `hoga risk` lists them"
        held = getattr(self.gate.limits, command.name)
        try:
            value = read(command.name, command.value)
            self._with(command.name, value)
        except InvalidValue as error:
            return str(error)
        if is_tighter(command.name, value, held):
            return ""
        return (
            f"{command.name} is {text_of(held)} and can only be tightened here; to loosen it, write it into [risk] of "
            "the settings and start hoga again"
        )

    def _unconfirmed(self, typed: str) -> str:
        """Why what was typed does not let looser limits count; empty when it does."""
        real = lock.real_accounts(self.state, None)
        if not self.state.accounts or (self.is_live and not real):
            return "nothing was loosened: no account is known yet; ask again once it was read"
        left = [account for account in real if account not in lock.named(real, typed)]
        if left:
            names = ", ".join(lock.told(account, real) for account in left)
            return f"nothing was loosened: real money asks for the end of the name of {names}"
        return "" if real or typed == WORD else f"nothing was loosened: type {WORD}"

    def tighten(self, command: TightenLimit, now: int) -> Sequence[Output]:
        out: list[Output] = []
        problem = self.problem(command)
        if problem:
            emit(self.state, Noticed(ts=now, level="warning", kind="RISK", text=problem), out)
            return out
        self.gate.limits = self._with(command.name, read(command.name, command.value))
        self.waiting.pop(command.name, None)  # what was just tightened is not loosened without another start
        said = f"{command.name} {text_of(getattr(self.gate.limits, command.name))}"
        emit(self.state, LimitsChanged(ts=now, limits=texts(self.gate.limits), by=command.by, text=said), out)
        return out

    def accept(self, command: AcceptLimits, now: int) -> Sequence[Output]:
        if self.problem(command):
            return NOTHING
        out: list[Output] = []
        said = ", ".join(f"{name} {text_of(value)}" for name, value in self.waiting.items())
        self.gate.limits = msgspec.structs.replace(self.gate.limits, **self.waiting)
        self.waiting.clear()
        emit(self.state, LimitsChanged(ts=now, limits=texts(self.gate.limits), by=command.by, text=said), out)
        return out

    def _with(self, name: str, value: Value) -> RiskLimits:
        return msgspec.structs.replace(self.gate.limits, **{name: value})


def is_tighter(name: str, value: Value, than: Value) -> bool:
    """None is no limit at all."""
    if isinstance(value, bool) or isinstance(than, bool):
        return bool(value) and not than
    if value is None or than is None:
        return value is not None
    return value > than if name in LARGER_IS_TIGHTER else value < than


def read(name: str, text: str) -> Value:
    """A value as a person writes it; raises InvalidValue."""
    kind, text = RiskLimits.__annotations__[name], text.strip().lower()
    if kind == "bool":
        if text not in ("on", "off", "true", "false"):
            raise InvalidValue(f"{name} is on or off")
        return text in ("on", "true")
    if text == OFF:
        return None
    number = parse(text.rstrip("kmb%"), name)
    unit = text[len(text.rstrip("kmb%")) :]
    if unit == "%":
        if not name.startswith("price_collar"):
            raise InvalidValue(f"{name} is an amount, not a share: {text[:40]!r}")
        number /= 100
    elif unit:
        if unit not in _SCALES:
            raise InvalidValue(f"{name} is not a number: {text[:40]!r}")
        number *= _SCALES[unit]
    if kind.startswith("int"):
        if number != int(number):
            raise InvalidValue(f"{name} must be a whole number")
        return int(number)
    return float(number) if kind.startswith("float") else number


def known(name: str, text: str | None, otherwise: Value) -> Value:
    """A limit as the journal has it; `otherwise` when it was not known then."""
    try:
        return otherwise if text is None else read(name, text)
    except InvalidValue:
        return otherwise


def values(limits: RiskLimits) -> dict[str, Value]:
    return {name: getattr(limits, name) for name in limits.__struct_fields__}


def texts(limits: RiskLimits) -> dict[str, str]:
    return {name: text_of(value) for name, value in values(limits).items()}


def text_of(value: Any) -> str:
    if value is None or value is False:
        return OFF
    if value is True:
        return "on"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)  # a restart reads it: not a digit may be lost
    return plain(value) if isinstance(value, Decimal) else str(value)
