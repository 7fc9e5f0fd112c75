"""Keeps one feed running: restarts what is expected to fail, with backoff, and says how it is. Any other exception is
a bug and falls through to the task group."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from core.domain.errors import AuthFailed, BadMessage, BrokerError, NotConnected, RateLimited
from core.ports import Clock

FIRST_SECONDS, SOON_SECONDS, LAST_SECONDS = 0.25, 1.0, 30.0
SOON_TIMES = 5


def pause(attempt: int, chance: random.Random) -> float:
    """Seconds before a line is tried again, `attempt` counted from 1. A server that restarts is back within seconds:
    the first tries are soon. Then less and less, with full jitter, so that many consoles do not come back together; no
    more than twelve in a minute are to be expected."""
    longest = SOON_SECONDS if attempt <= SOON_TIMES else SOON_SECONDS * 2 ** min(attempt - SOON_TIMES, 8)
    return chance.uniform(FIRST_SECONDS, min(longest, LAST_SECONDS))


async def supervise(
    run: Callable[[], Awaitable[None]], clock: Clock, down: Callable[[str], None], jitter: random.Random | None = None
) -> None:
    """Await `run()` again and again; `down(text)` is told each time it fails.
    Returns when `run` does, or when the broker refuses us for good (AuthFailed)."""
    chance = jitter or random.Random()
    attempt = 0
    while True:
        started = clock.monotonic()
        try:
            await run()
            return
        except AuthFailed as error:
            down(f"{error}; this broker stays off until it is fixed")
            return
        except RateLimited as error:
            down(str(error))
            await clock.sleep(error.retry_after)
        except (NotConnected, BadMessage, BrokerError, OSError) as error:
            down(str(error) or type(error).__name__)
            attempt = 0 if clock.monotonic() - started > 60 * 10**9 else attempt + 1
            await clock.sleep(pause(max(attempt, 1), chance))
