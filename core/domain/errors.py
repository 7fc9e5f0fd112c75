"""The tree of errors. The class says the remedy; handlers never read the text."""

from __future__ import annotations


class HogaError(Exception):
    """Root of every error hoga raises on purpose. Its text is written for a person."""


class InvalidValue(HogaError, ValueError):
    """A number, identifier or text that cannot be used. Says which, and what would be accepted."""


class ConfigError(HogaError):
    """The user must fix a file. The text names file, key and the nearest valid key."""


class IllegalTransition(HogaError):
    """An order was asked to take a step the status table does not have."""


class BrokerError(HogaError):
    """Something about one venue. `broker` is its name."""

    def __init__(self, broker: str, text: str) -> None:
        super().__init__(text)
        self.broker = broker


class NotConnected(BrokerError):
    """Wait and reconnect."""


class AuthFailed(BrokerError):
    """Stop this broker and tell the user."""


class RateLimited(BrokerError):
    """Wait `retry_after` seconds."""

    def __init__(self, broker: str, text: str, retry_after: float) -> None:
        super().__init__(broker, text)
        self.retry_after = retry_after


class Unsupported(BrokerError):
    """Not among the broker's capabilities; nothing was sent."""


class OrderRejected(BrokerError):
    """Final: the venue said no, by a code from its table of proofs."""

    def __init__(self, broker: str, code: str, text: str) -> None:
        super().__init__(broker, text)
        self.code = code


class BadMessage(BrokerError):
    """A frame that cannot be read: keep it, count it, go on."""


class OutcomeUnknown(BrokerError):
    """The order may live or not. Never resend; reconcile."""


class RiskDenied(HogaError):
    """We refused. `rule`, `limit` and `actual` say why."""

    def __init__(self, rule: str, limit: str, actual: str, text: str) -> None:
        super().__init__(text)
        self.rule, self.limit, self.actual = rule, limit, actual


class StrategyError(HogaError):
    """Stop that strategy and show it; the others go on."""


class DeskUnavailable(HogaError):
    """No engine answers, or it stopped answering: look whether one runs. What was asked may have been done."""


class StorageError(HogaError):
    """A file of ours cannot be read or written. Says what was kept and what to do."""


class JournalUnavailable(StorageError):
    """The order journal cannot be written: trading halts."""


class JournalBroken(StorageError):
    """The journal's hash chain or schema does not hold: it is opened for reading only."""


class JournalInUse(StorageError):
    """Another hoga writes this journal: attach to it, or read only."""


class TapeError(StorageError):
    """A tape cannot be played from here on. Names file and line."""
