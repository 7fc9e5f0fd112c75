"""Orders that go on by themselves: chases, which follow the quote, and orders that are sent in slices (TWAP). It reads
State and returns wishes; the engine carries them out, and whatever leaves passes the gate as every order does.

All of it is in the journal: a chase is its order, with the price it began at; slices bear ids that follow from their
whole and their place in the row. So a restart goes on where it was, and nothing is sent twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from core.domain.account import TradingState
from core.domain.algo import CHASE, SPACING_NS, TWAP, Chase, Peg, Twap
from core.domain.commands import Cancel, Replace, SendOrder
from core.domain.decimals import ZERO, exact, plain, round_to
from core.domain.events import AlgoEnded, Noticed, OrderCanceled, OrderStaged, event_order
from core.domain.ids import ClientOrderId, InstrumentId, derived_client_order_id
from core.domain.instrument import Instrument
from core.domain.market import NS, Freshness, Phase, Quote
from core.domain.order import Order, OrderRequest, OrderStatus, RequestKind, RequestPhase, Side, TimeInForce
from core.trading.gate import Gate
from core.trading.legplan import FAILED
from core.trading.legs import MoveDenial, is_asked
from core.trading.market import is_price
from core.trading.outputs import Output
from core.trading.risk import least_order
from core.trading.state import State, exposure

FRESH_NS = 10 * NS
"""An older quote is followed nowhere."""
SETTLED_NS = 2 * NS
"""What a canceled slice left is offered again only after this: a fill may have been on its way."""
MOST_FAILURES = 5
"""Slices refused in a row before the rest is given up."""
MOST_SHARES = 2
"""A slice that makes up for others is at most so many times an even one."""

Wish = AlgoEnded | Noticed | OrderCanceled | OrderStaged | SendOrder | Cancel | Replace


class Turn(msgspec.Struct, frozen=True):
    """Somebody's algo may have something to do."""

    order: ClientOrderId


class Algos:
    def __init__(self, state: State, gate: Gate) -> None:
        self.state = state
        self.gate = gate
        self.replace_denial: MoveDenial = lambda _, __: (None, "")
        """Why a move would be refused: asked before it is wished for."""
        self.is_loaded = True
        self.is_told = True
        """Was said what goes on after a restart?"""
        self.roots: dict[ClientOrderId, None] = {}
        """Orders whose algo is not over, oldest first."""
        self.is_changed = False
        """Set when the instruments to listen to changed; whoever listens clears it."""
        self._asked: dict[ClientOrderId, int] = {}
        self._said: dict[ClientOrderId, str] = {}

    # --- what is known --------------------------------------------------------------------------------------------

    def load(self) -> None:
        """After the journal was folded. A whole that has ended while slices of it live is one of them too."""
        self.is_loaded = True
        for order in list(self.state.live_orders()):
            self._know(order)

    def resumed(self, now: int) -> Sequence[Noticed]:
        """What goes on after a restart, said once."""
        self.is_told = True
        self.load()
        texts = []
        for id in self.roots:
            order = self.state.orders[id]
            if order.status.is_end:
                continue
            if isinstance(order.request.algo, Twap):
                left = max(order.created + order.request.algo.duration - now, 0)
                texts.append(f"{id[-4:]} goes on: {_done(order)}, {left // NS} s are left; no slice is made up at once")
            else:
                texts.append(f"{id[-4:]} goes on following: {tag(self.state, order)}")
        return [Noticed(ts=now, level="info", kind="ALGO", text=text) for text in texts]

    def _know(self, order: Order) -> None:
        root = self.state.orders.get(order.request.slice_of or order.id)
        if root is None or root.request.algo is None or root.stopped or root.id in self.roots:
            return
        self.roots[root.id] = None
        self.is_changed = True

    def touched(self, out: Iterable[Output]) -> list[ClientOrderId]:
        """Whose algo something happened to."""
        if not self.is_loaded:
            self.load()
        found: dict[ClientOrderId, None] = {}
        for item in out:
            order = self.state.orders.get(event_order(item) or ClientOrderId(""))  # type: ignore[arg-type]
            if order is None or (order.request.algo is None and order.request.slice_of is None):
                continue
            self._know(order)
            root = order.request.slice_of or order.id
            if root in self.roots:
                found[root] = None
        return list(found)

    @property
    def instruments(self) -> set[InstrumentId]:
        """Whose quotes matter: those of chases."""
        found = (self.state.orders[id] for id in self.roots)
        return {order.instrument for order in found if not order.request.is_sliced}

    def quoted(self, instrument: InstrumentId) -> list[Turn]:
        found = (self.state.orders[id] for id in self.roots)
        return [Turn(o.id) for o in found if o.instrument == instrument and not o.request.is_sliced]

    # --- what must be done now ------------------------------------------------------------------------------------

    def wishes(self, id: ClientOrderId, now: int) -> Sequence[Wish]:
        """The next steps of one algo; none when all is as it should be."""
        if id not in self.roots:
            return ()
        order = self.state.orders[id]
        if isinstance(order.request.algo, Chase):
            return self._chase(order, order.request.algo, now)
        if isinstance(order.request.algo, Twap):
            return self._slice(order, order.request.algo, now)
        return ()

    def _forget(self, id: ClientOrderId) -> None:
        self.roots.pop(id, None)
        self._asked.pop(id, None)
        self._said.pop(id, None)
        self.is_changed = True

    def _say(self, order: Order, text: str, now: int) -> list[Wish]:
        """Why it waits; once, until it goes on."""
        rule = text.partition(":")[0]  # the figures behind it change with every look
        if self._said.get(order.id) == rule:
            return []
        self._said[order.id] = rule
        name = f"{order.id[-4:]} {order.instrument}"
        return [Noticed(ts=now, level="warning", kind="ALGO", text=f"{name} waits: {text}")]

    # --- chase ----------------------------------------------------------------------------------------------------

    def _chase(self, order: Order, chase: Chase, now: int) -> list[Wish]:
        if order.status.is_end or order.stopped:
            self._forget(order.id)
            return []
        over = self._over(order)
        if over:
            return [AlgoEnded(ts=now, client_order_id=order.id, text=over)]
        begun, instrument = order.request.limit_price, self.state.instruments.get(order.instrument)
        if order.status is not OrderStatus.OPEN or order.requested is not None or begun is None or instrument is None:
            return []  # not there yet, or a move is under way
        quote = self._quote(order.instrument, now)
        wanted = None if quote is None else price_of(chase.peg, order.side, instrument, quote, self._last(order, now))
        if wanted is None or self.state.phase(order.instrument) is not Phase.OPEN:
            return []
        low, high = (instrument.ticks.move(begun, ticks) for ticks in (-chase.most, chase.most))
        target = min(max(wanted, low), high)
        if target == order.limit_price:
            if target == wanted:
                return []
            text = f"it went its {chase.most} ticks to {plain(target)} and rests there"
            return [AlgoEnded(ts=now, client_order_id=order.id, text=text)]
        if abs(now - max(self._asked.get(order.id, order.updated), order.updated)) < SPACING_NS:
            return []
        self._asked[order.id] = now
        move = Replace(client_order_id=order.id, limit_price=target, by=CHASE)
        why = self.replace_denial(move, now)[1]
        if why:
            return self._say(order, why, now)
        self._said.pop(order.id, None)
        return [move]

    def _over(self, order: Order) -> str:
        """Why an order must not be moved by itself any more; empty while it may."""
        wish, phase = order.requested, self.state.phase(order.instrument)
        if order.status is OrderStatus.UNKNOWN:
            return "its answer was lost"
        if wish is not None and wish.kind is RequestKind.CANCEL:
            # While it is on its way nothing moves; where it failed, somebody wanted an end all the same.
            return "" if wish.phase is RequestPhase.SENDING else "a cancel was asked for"
        if wish is not None and wish.phase is RequestPhase.UNKNOWN:
            return "a move got no answer"
        if wish is not None and wish.phase is RequestPhase.REFUSED:
            return f"a move was refused: {wish.text[:80]}"
        if wish is not None and wish.text != CHASE:
            return f"{wish.text[:24]} changed it"
        if phase in (Phase.HALTED, Phase.VI):
            return f"the market is {phase}"
        state = self.state.told_state(order.account)  # while it is only locked, a move waits
        return f"trading is {state.upper()}" if state.severity >= TradingState.REDUCING.severity else ""

    # --- slices ---------------------------------------------------------------------------------------------------

    def _slice(self, root: Order, twap: Twap, now: int) -> list[Wish]:
        slices = [self.state.orders[id] for id in self.state.slices.get(root.id, ())]
        live = [order for order in slices if not order.status.is_end]
        if root.status.is_end:
            if not live:
                self._forget(root.id)
            return [wish for order in live for wish in _cancel(order, now)]
        given = sum((o.filled for o in slices), ZERO) + sum((exposure(o) for o in live), ZERO)
        budget = root.quantity - given  # of an UNKNOWN slice all of it is given
        if root.filled >= root.quantity and not live:
            return [AlgoEnded(ts=now, client_order_id=root.id, text="all of it is filled", is_complete=True)]
        if now >= root.created + twap.duration:
            return [wish for order in live for wish in _cancel(order, now)] or self._end(root, live, "its time", now)
        last = slices[-1] if slices else None
        if now < (root if last is None else last).created:
            return self._say(root, "the clock was set back, and slices go on once it is there again", now)
        turn = (now - root.created) // twap.spacing
        if last is not None and not _is_next(root, twap, last, turn, now):
            return []
        if live:
            return [wish for order in live for wish in _cancel(order, now)] or self._await(root, live, now)
        if last is not None and last.remaining and now - last.updated < SETTLED_NS:
            return []
        if len(slices) >= MOST_FAILURES and all(order.status in FAILED for order in slices[-MOST_FAILURES:]):
            return self._end(root, [], "it was refused too often, which", now)
        return self._next(root, twap, budget, max(twap.slices - turn, 1), now)

    def _await(self, root: Order, live: list[Order], now: int) -> list[Wish]:
        """What is not known yet still counts."""
        lost = [order.id[-4:] for order in live if order.status is OrderStatus.UNKNOWN]
        return self._say(root, f"the answer of its slice was lost: {', '.join(lost)}", now) if lost else []

    def _end(self, root: Order, live: list[Order], what: str, now: int) -> list[Wish]:
        if live:
            return self._await(root, live, now)
        text = f"{what} is over: {_done(root)}, {plain(root.quantity - root.filled)} left undone"
        return [OrderCanceled(ts=now, client_order_id=root.id, text=text, by=TWAP)]

    def _next(self, root: Order, twap: Twap, budget: Decimal, left: int, now: int) -> list[Wish]:
        instrument, price = self.state.instruments.get(root.instrument), root.limit_price
        if instrument is None or budget <= 0:
            return []
        quote = self._quote(root.instrument, now)
        if twap.peg is not None:
            last = self._last(root, now)
            price = None if quote is None else price_of(twap.peg, root.side, instrument, quote, last)
            if price is None:
                return self._say(root, "there is no live quote to follow", now)
        touch = 0.0 if quote is None else quote.ask if root.side is Side.BUY else quote.bid
        known = price or (exact(touch) if is_price(touch) else None)
        least = least_order(instrument, known)
        if budget < least:
            text = f"what is left is less than {instrument.code} takes; its part"
            return self._end(root, [], text, now)
        even = round_to(root.quantity / twap.slices, instrument.lot, "up")
        size = max(min(round_to(budget / left, instrument.lot, "up"), MOST_SHARES * even), least)
        if budget - size < least:
            size = budget
        request = OrderRequest(
            # Always the same for the same place in the row: a repeat makes the same slice.
            client_order_id=derived_client_order_id(root.id, "slice", str(len(self.state.slices.get(root.id, ())))),
            account=root.account,
            instrument=root.instrument,
            side=root.side,
            quantity=size,
            type=root.request.type,
            limit_price=price,
            time_in_force=TimeInForce.DAY,
            reduce_only=root.request.reduce_only,
            post_only=root.request.post_only,
            source=root.request.source,
            note=root.request.note,
            slice_of=root.id,
        )
        denial = self.gate.refusal(request, now)
        if denial is not None:
            return self._say(root, f"{denial.rule}: {denial.text}", now)
        self._said.pop(root.id, None)
        return [OrderStaged(ts=now, request=request), SendOrder(request.client_order_id)]

    # --- prices ---------------------------------------------------------------------------------------------------

    def _quote(self, id: InstrumentId, now: int) -> Quote | None:
        quote = self.state.quotes.get(id)
        is_live = quote is not None and quote.freshness is Freshness.LIVE
        return quote if is_live and quote is not None and abs(now - quote.received) <= FRESH_NS else None

    def _last(self, order: Order, now: int) -> float:
        trade = self.state.trades.get(order.instrument)
        return trade.price if trade is not None and abs(now - trade.received) <= FRESH_NS else 0.0


def price_of(peg: Peg, side: Side, instrument: Instrument, quote: Quote, last: float) -> Decimal | None:
    """Where a peg stands now, on tick and never paying more than its anchor; None while that is no price."""
    bid, ask = quote.bid, quote.ask
    is_whole = is_price(bid) and is_price(ask)
    anchor = {"bid": bid, "ask": ask, "last": last, "mid": (bid + ask) / 2 if is_whole else 0.0}[peg.anchor]
    if not is_price(anchor):
        return None
    price = instrument.ticks.move(instrument.price(anchor, "down" if side is Side.BUY else "up"), peg.ticks)
    return price if price > 0 else None


def tag(state: State, order: Order) -> str:
    """How far an algo has come, in the fewest words: `CHASE 2/3t`, `TWAP 4/10 40%`. Empty for orders without one."""
    algo, request = order.request.algo, order.request
    if isinstance(algo, Chase):
        instrument = state.instruments.get(order.instrument)
        if instrument is None or request.limit_price is None or order.limit_price is None:
            return ""
        ticks = _ticks_between(instrument, request.limit_price, order.limit_price, algo.most)
        return f"CHASE {ticks}/{algo.most}t over" if order.stopped else f"CHASE {ticks}/{algo.most}t"
    if isinstance(algo, Twap):
        return f"TWAP {len(state.slices.get(order.id, ()))}/{algo.slices} {int(100 * order.filled / order.quantity)}%"
    return ""


def _ticks_between(instrument: Instrument, begun: Decimal, now: Decimal, most: int) -> int:
    way = 1 if now > begun else -1
    return next((n for n in range(most) if instrument.ticks.move(begun, way * n) == now), most)


def _is_next(root: Order, twap: Twap, last: Order, turn: int, now: int) -> bool:
    """Is it another slice's turn, and late enough after the one before?"""
    return (last.created - root.created) // twap.spacing < turn and now - last.created >= SPACING_NS


def _cancel(order: Order, now: int) -> list[Wish]:
    if order.status is not OrderStatus.OPEN or is_asked(order, now, RequestKind.CANCEL):
        return []
    return [Cancel(client_order_id=order.id, by=TWAP)]


def _done(order: Order) -> str:
    return f"{plain(order.filled)} of {plain(order.quantity)} filled"
