"""Every order of events, to a depth: orders, a twin of somebody else's, a halt, a cancel, crashes, every answer a venue
can give, events told twice and before their time; in both dialects. What is explored is the program itself (engine,
runner, outbox, settler), driven step by step; worlds that behave alike are looked at once. Two planted breaks must be
found. `--points` is the depth."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from time import perf_counter
from typing import Any

import msgspec

from core.domain.events import OrderNotPlaced, OrderUnknown
from core.domain.order import OrderStatus
from core.runtime.outbox import Outbox
from core.runtime.runner import Runner
from tests.chaos._explore_world import SCENES, World, stepped, unstepped

POINTS, MID, SHORT = 14, 10, 6
STATES = 400_000
"""Of one scene in one dialect, at most; a search that was cut says so."""
PLANTED_DEPTH = 9

Path = tuple[tuple[str, ...], ...]


class Found(msgspec.Struct):
    scene: str
    has_ids: bool
    states: int = 0
    steps: int = 0
    is_cut: bool = False
    broken: str = ""
    """How to get there, and what is broken then; empty when nothing is."""


class Search:
    """Depth first. A state is looked at again only with more steps left than before."""

    def __init__(self, scene: str, has_ids: bool, depth: int) -> None:
        self.found = Found(scene, has_ids)
        self._depth = depth
        self._seen: dict[int, int] = {}

    def run(self) -> Found:
        self._visit(self._world(()), ())
        self.found.states = len(self._seen)
        return self.found

    def _world(self, path: Path) -> World:
        world = World(self.found.has_ids, SCENES[self.found.scene])
        for action in path:
            world.act(action)
        return world

    def _visit(self, world: World, path: Path) -> None:
        found, left = self.found, self._depth - len(path)
        if left <= 0:
            return
        for n, action in enumerate(world.actions()):
            if found.broken or len(self._seen) >= STATES:
                found.is_cut = True
                return
            here = (*path, action)
            next_world = self._world(path) if n else world  # the first goes on from where we are
            found.steps += 1
            try:
                next_world.act(action)
                wrong = "; ".join(next_world.breaks())
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
            if wrong:
                found.broken = f"{' > '.join(' '.join(word[-4:] for word in step) for step in here)}: {wrong}"
                return
            key = next_world.key()
            if self._seen.get(key, -1) < left - 1:
                self._seen[key] = left - 1
                self._visit(next_world, here)
            next_world.close()


def explored(scene: str, has_ids: bool, depth: int) -> Found:
    stepped()
    try:
        return Search(scene, has_ids, depth).run()
    finally:
        unstepped()


# --- planted breaks --------------------------------------------------------------------------------------------------


def no_last_moment(patch: Callable[[Any, str, Any], None]) -> None:
    """What happens while the claim is on its way stops nothing."""
    patch(Outbox, "_stopped", lambda self, id, since: "")


def sending_is_not_placed(patch: Callable[[Any, str, Any], None]) -> None:
    """A restart takes what was being sent for never sent."""
    settle = Runner._settle_interrupted

    def settled(self: Runner) -> None:
        for order in list(self.engine.state.live_orders()):
            if order.status is OrderStatus.SENDING:
                now = self.clock.now()
                self.feed(OrderUnknown(ts=now, client_order_id=order.id, text="planted"))
                self.feed(OrderNotPlaced(ts=now, client_order_id=order.id, text="planted"))
        settle(self)

    patch(Runner, "_settle_interrupted", settled)


PLANTED = {
    "nothing is looked at after the claim": (no_last_moment, "was sent after the halt was committed"),
    "a restart forgets a send": (sending_is_not_placed, "lives at the venue and is not_placed here"),
}
"""What is planted, and the promise that it breaks: one that only raises was not seen through."""


def planted(name: str) -> str:
    """The break that was found, or nothing where it is another one than was planted."""
    plant, promise = PLANTED[name]
    kept: list[tuple[Any, str, Any]] = []

    def patch(owner: Any, name: str, new: Any) -> None:
        kept.append((owner, name, getattr(owner, name)))
        setattr(owner, name, new)

    plant(patch)
    try:
        broken = explored(next(iter(SCENES)), True, PLANTED_DEPTH).broken
        return broken if broken.endswith(promise) else ""
    finally:
        for owner, attribute, real in kept:
            setattr(owner, attribute, real)


def run(points: int, seed: int) -> dict[str, Any]:
    """To a depth of `points`. Nothing is drawn by lot: the seed is not used."""
    started = perf_counter()
    jobs = list(product(SCENES, (True, False)))
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), mp_context=get_context("fork")) as pool:
        found = list(pool.map(explored, *zip(*((*job, points) for job in jobs), strict=True)))
        defects = dict(zip(PLANTED, pool.map(planted, PLANTED), strict=True))
    breaks = [f"{one.scene}, {'ids' if one.has_ids else 'no ids'}: {one.broken}" for one in found if one.broken]
    blind = [name for name, text in defects.items() if not text]
    cut = [f"{one.scene} ({'ids' if one.has_ids else 'no ids'})" for one in found if one.is_cut]
    states, steps = sum(one.states for one in found), sum(one.steps for one in found)
    whole = f"not all of: {', '.join(cut)}" if cut else "every reachable state"
    return {
        **{"name": "explore", "depth": points, "states": states, "steps": steps, "points": states},
        "scenes": {f"{one.scene} ({'ids' if one.has_ids else 'no ids'})": (one.states, one.steps) for one in found},
        **{"whole": whole, "breaks": breaks, "planted": defects, "seconds": round(perf_counter() - started, 1)},
        "result": f"{len(breaks)} breaks in {states:,} states at depth {points} ({whole}); "
        f"{len(defects) - len(blind)} of {len(defects)} planted found",
        "target": "0 breaks, depth 14; all found",
        "ok": not (breaks or blind or cut),
    }
