"""What stands behind the simulated Upbit: markets with a book that others fill, wallets, orders and their matching, by
the venue's own rules. It knows nothing of HTTP; what happens is told to `tell`, and its ledger is the truth."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec

ZERO = Decimal(0)
EIGHT = Decimal("0.00000001")
FEES = {"KRW": Decimal("0.0005")}
OTHER_FEE = Decimal("0.0025")
MINIMUM = {"KRW": Decimal(5000), "BTC": Decimal("0.00005"), "USDT": Decimal("0.5")}
MAXIMUM = {"KRW": Decimal(1_000_000_000), "BTC": Decimal(10)}
KRW_STEPS = (
    *(("1000000", "1000"), ("500000", "500"), ("100000", "100"), ("50000", "50"), ("10000", "10"), ("5000", "5")),
    *(("100", "1"), ("10", "0.1"), ("1", "0.01"), ("0.1", "0.001"), ("0.01", "0.0001"), ("0.001", "0.00001")),
    *(("0.0001", "0.000001"), ("0.00001", "0.0000001"), ("0", "0.00000001")),
)
USDT_STEPS = (
    *(("10", "0.01"), ("1", "0.001"), ("0.1", "0.0001"), ("0.01", "0.00001"), ("0.001", "0.000001")),
    *(("0.0001", "0.0000001"), ("0", "0.00000001")),
)
LEVELS = 30


class Refused(Exception):
    def __init__(self, status: int, name: str | int, message: str = "") -> None:
        super().__init__(name)
        self.status, self.name, self.message = status, name, message


def step_of(code: str, price: Decimal) -> Decimal:
    steps = {"KRW": KRW_STEPS, "USDT": USDT_STEPS}.get(code.partition("-")[0], (("0", "0.00000001"),))
    return next(Decimal(step) for start, step in steps if price >= Decimal(start))


class Listed(msgspec.Struct, eq=False):
    """A market. `bids` and `asks` are what others offer: [price, size], best first."""

    code: str
    korean: str
    english: str
    bids: list[list[Decimal]] = []
    asks: list[list[Decimal]] = []
    last: Decimal = ZERO
    close: Decimal = ZERO
    is_halted: bool = False
    is_warned: bool = False
    cautions: set[str] = set()
    volume: Decimal = ZERO
    traded_at: int = 0
    taker: str = "BID"

    @property
    def quote(self) -> str:
        return self.code.partition("-")[0]

    @property
    def base(self) -> str:
        return self.code.partition("-")[2]

    @property
    def fee(self) -> Decimal:
        return FEES.get(self.quote, OTHER_FEE)


class Wallet(msgspec.Struct, eq=False):
    free: Decimal = ZERO
    locked: Decimal = ZERO


class Execution(msgspec.Struct, eq=False):
    uuid: str
    price: Decimal
    volume: Decimal
    fee: Decimal
    is_maker: bool
    t: int


class Placed(msgspec.Struct, eq=False):
    """An order as the venue keeps it."""

    uuid: str
    account: str
    market: Listed
    side: str
    ord_type: str
    price: Decimal | None
    volume: Decimal | None
    identifier: str | None
    time_in_force: str | None
    smp_type: str
    created: int
    number: int
    state: str = "wait"
    remaining: Decimal = ZERO
    executed: Decimal = ZERO
    funds: Decimal = ZERO
    reserved_fee: Decimal = ZERO
    paid_fee: Decimal = ZERO
    locked: Decimal = ZERO
    """What is held of the wallet for it now."""
    prevented: Decimal = ZERO
    prevented_locked: Decimal = ZERO
    ended: int = 0
    trades: list[Execution] = []

    @property
    def is_open(self) -> bool:
        return self.state in ("wait", "watch")

    @property
    def is_total(self) -> bool:
        return self.ord_type == "price" or (self.ord_type == "best" and self.side == "bid")

    @property
    def held_in(self) -> str:
        return self.market.quote if self.side == "bid" else self.market.base

    @property
    def remaining_fee(self) -> Decimal:
        if self.side == "ask":
            return ZERO
        if self.is_total:
            return max(self.reserved_fee - self.paid_fee, ZERO)
        return (self.price or ZERO) * self.remaining * self.market.fee


Tell = Callable[[str, Placed, Execution | None], None]


class Exchange:
    def __init__(self, listed: list[Listed], funds: dict[str, dict[str, str]], now: Callable[[], int]) -> None:
        """`funds`: by account and currency."""
        self.markets = {market.code: market for market in listed}
        self.wallets = {
            account: {currency: Wallet(Decimal(amount)) for currency, amount in cash.items()}
            for account, cash in funds.items()
        }
        self.orders: dict[str, Placed] = {}
        self.by_identifier: dict[str, str] = {}
        self.burnt: set[str] = set()
        """Identifiers that were ever named, also by an order that was refused."""
        self.tell: Tell = lambda what, order, trade: None
        self.moved: Callable[[str, set[str]], None] = lambda account, currencies: None
        self.printed: Callable[[Listed, Decimal, Decimal, str], None] = lambda market, price, volume, side: None
        self._now = now
        self._numbers = count(1)

    def wallet(self, account: str, currency: str) -> Wallet:
        return self.wallets[account].setdefault(currency, Wallet())

    # --- the market of others -------------------------------------------------------------------------------------

    def quote(self, code: str, bid: Decimal, ask: Decimal, size: Decimal) -> None:
        """The market moves there: the best levels have `size`; orders that it reaches fill at their own price."""
        market = self.markets[code]
        market.bids = self._side(code, bid, size, -1)
        market.asks = self._side(code, ask, size, 1)
        if not market.close:
            market.close = market.last = bid
        self.cross(market)

    def _side(self, code: str, best: Decimal, size: Decimal, way: int) -> list[list[Decimal]]:
        levels, price = [], best
        for _ in range(LEVELS):
            if price <= 0:
                break
            levels.append([price, size])
            price += way * step_of(code, price)
        return levels

    def cross(self, market: Listed) -> None:
        """Resting orders that the market of others reaches."""
        resting = [order for order in self.orders.values() if order.market is market and order.state == "wait"]
        for order in sorted(resting, key=lambda o: (-(o.price or ZERO) if o.side == "bid" else o.price, o.number)):
            levels = market.asks if order.side == "bid" else market.bids
            for level in list(levels):
                price, size = level
                reached = price <= (order.price or ZERO) if order.side == "bid" else price >= (order.price or ZERO)
                if not reached or not order.is_open:
                    break
                volume = min(order.remaining, size)
                if volume > 0:
                    self._execute(order, order.price or ZERO, volume, is_maker=True)
                    level[1] -= volume
            levels[:] = [level for level in levels if level[1] > 0]

    # --- placing --------------------------------------------------------------------------------------------------

    def place(self, account: str, body: dict[str, str], *, is_test: bool = False) -> Placed:
        """Checked in the venue's order; the identifier is burnt whatever comes of it."""
        market = self._market(body.get("market", ""))
        identifier = body.get("identifier")
        if identifier is not None:
            if not 0 < len(identifier) <= 64:
                raise Refused(400, "invalid_parameter", "잘못된 파라미터")
            if identifier in self.burnt:
                raise Refused(400, "duplicated_identifier", "이미 사용된 identifier입니다.")
            if not is_test:
                self.burnt.add(identifier)
        order = self._checked(account, market, body, identifier)
        need = self._need(order)
        wallet = self.wallet(account, order.held_in)
        if need > wallet.free:
            name = f"insufficient_funds_{order.side}"
            raise Refused(400, name, f"주문 가능한 금액({order.held_in})이 부족합니다.")
        if is_test:
            return order
        wallet.free -= need
        wallet.locked += need
        order.locked = need
        self.orders[order.uuid] = order
        if identifier is not None:
            self.by_identifier[identifier] = order.uuid
        return order

    def _market(self, code: str) -> Listed:
        market = self.markets.get(code)
        if market is None:
            raise Refused(404, "notfoundmarket", "마켓을 찾을 수 없습니다.")
        if market.is_halted:
            raise Refused(403, "market_offline", "거래가 일시 중지된 마켓입니다.")
        return market

    def _checked(self, account: str, market: Listed, body: dict[str, str], identifier: str | None) -> Placed:
        side, kind, time = body.get("side", ""), body.get("ord_type", ""), body.get("time_in_force")
        if side not in ("bid", "ask"):
            raise Refused(400, "validation_error", "side is missing")
        wrong = Refused(400, f"create_{side}_error", "주문 요청 정보가 올바르지 않습니다.")
        needs = {
            ("bid", "limit"): {"price", "volume"},
            ("ask", "limit"): {"price", "volume"},
            ("bid", "price"): {"price"},
            ("ask", "market"): {"volume"},
            ("bid", "best"): {"price"},
            ("ask", "best"): {"volume"},
        }.get((side, kind))
        if needs is None or needs != {name for name in ("price", "volume") if name in body}:
            raise wrong
        if time not in (None, "ioc", "fok", "post_only") or (kind == "best" and time not in ("ioc", "fok")):
            raise Refused(400, "invalid_time_in_force", "주문조건을 다시 확인해 주세요.")
        if time is not None and kind not in ("limit", "best"):
            raise Refused(400, "invalid_time_in_force", "주문조건을 다시 확인해 주세요.")
        smp = body.get("smp_type")
        if smp not in (None, "cancel_maker", "cancel_taker", "reduce", "none"):
            raise Refused(400, "invalid_parameter", "잘못된 파라미터")
        if time == "post_only" and (kind != "limit" or smp not in (None, "none")):
            raise Refused(400, "invalid_post_only", "post_only 주문은 smp_type을 사용할 수 없습니다.")
        price, volume = self._number(body.get("price")), self._number(body.get("volume"))
        if volume is not None and volume != volume.quantize(EIGHT):
            raise Refused(400, "validation_error", "volume has more than 8 decimals")
        self._check_value(market, side, kind, price, volume)
        order = Placed(
            uuid=str(uuid4()),
            account=account,
            market=market,
            side=side,
            ord_type=kind,
            price=price,
            volume=volume,
            identifier=identifier,
            time_in_force=time,
            smp_type=smp or "cancel_maker",
            created=self._now(),
            number=next(self._numbers),
            remaining=volume or ZERO,
        )
        if side == "bid":
            order.reserved_fee = (price or ZERO) * (volume if kind == "limit" and volume else Decimal(1)) * market.fee
        return order

    def _number(self, text: str | None) -> Decimal | None:
        if text is None:
            return None
        try:
            value = Decimal(text)
        except ArithmeticError:
            raise Refused(400, "validation_error", "not a number") from None
        if not value.is_finite() or value <= 0:
            raise Refused(400, "validation_error", "not above zero")
        return value

    def _check_value(self, market: Listed, side: str, kind: str, price: Decimal | None, volume: Decimal | None) -> None:
        if kind == "limit" and price is not None and price % step_of(market.code, price):
            name = f"invalid_price_{side}"
            raise Refused(400, name, "주문가격 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요.")
        levels = market.asks if side == "bid" else market.bids
        best = levels[0][0] if levels else market.last
        total = price if kind in ("price", "best") and side == "bid" else (price or best) * (volume or ZERO)
        if total is None or total < MINIMUM.get(market.quote, ZERO):
            raise Refused(400, f"under_min_total_{side}", "최소주문금액 이상으로 주문해주세요")
        if total > MAXIMUM.get(market.quote, total):
            raise Refused(400, "over_krw_funds_bid", "최대 주문 가능 금액을 초과했습니다.")
        if kind == "price" and total > sum(level[0] * level[1] for level in levels):
            raise Refused(400, "volume_too_large", "주문 가능한 호가 수량을 초과했습니다.")
        if kind == "market" and (volume or ZERO) > sum(level[1] for level in levels):
            raise Refused(400, "volume_too_large", "주문 가능한 호가 수량을 초과했습니다.")

    def _need(self, order: Placed) -> Decimal:
        if order.side == "ask":
            return order.volume or ZERO
        value = (order.price or ZERO) * (Decimal(1) if order.is_total else order.volume or ZERO)
        return value + order.reserved_fee

    def enter(self, order: Placed) -> None:
        """The order meets the market: told first as waiting, then whatever it does."""
        self.tell("accepted", order, None)
        self.moved(order.account, {order.held_in})
        self.meet(order)

    def meet(self, order: Placed) -> None:
        if order.time_in_force == "post_only" and self._takes(order):
            self.end(order, "cancel")
            return
        if order.time_in_force == "fok" and not self._fills_whole(order):
            self.end(order, "cancel")
            return
        self._take(order)
        if order.is_open and (order.time_in_force in ("ioc", "fok") or order.ord_type in ("price", "market", "best")):
            self.end(order, "done" if self._is_spent(order) else "cancel")

    def _is_spent(self, order: Placed) -> bool:
        return order.funds == order.price if order.is_total else order.remaining == 0

    def _reaches(self, order: Placed, price: Decimal) -> bool:
        if order.ord_type != "limit":
            return True
        limit = order.price or ZERO
        return price <= limit if order.side == "bid" else price >= limit

    def _offers(self, order: Placed) -> list[tuple[Decimal, Decimal, Placed | None, list[Decimal] | None]]:
        """(price, volume, whose order, whose level) that this one may take, best first; ours before others'."""
        market, is_bid = order.market, order.side == "bid"
        found: list[Any] = [
            (o.price or ZERO, o.remaining, o, None)
            for o in self.orders.values()
            if o.market is market and o.state == "wait" and o.side != order.side and o.ord_type == "limit"
        ]
        found += [(level[0], level[1], None, level) for level in (market.asks if is_bid else market.bids)]
        found = [offer for offer in found if self._reaches(order, offer[0])]
        found.sort(key=lambda offer: (offer[0] if is_bid else -offer[0], offer[2] is None))
        if order.ord_type == "best":
            found = [offer for offer in found if offer[0] == found[0][0]]
        return found

    def _takes(self, order: Placed) -> bool:
        return bool(self._offers(order))

    def _fills_whole(self, order: Placed) -> bool:
        offers = [offer for offer in self._offers(order) if offer[2] is None or offer[2].account != order.account]
        if order.is_total:
            return sum((price * volume for price, volume, _, _ in offers), ZERO) >= (order.price or ZERO)
        return sum((volume for _, volume, _, _ in offers), ZERO) >= order.remaining

    def _take(self, order: Placed) -> None:
        for price, _, other, level in self._offers(order):
            if not order.is_open:
                return
            offered = other.remaining if other is not None else level[1] if level is not None else ZERO
            volume = min(self._wants(order, price), offered)
            if volume <= 0:
                continue
            if other is not None and other.account == order.account and order.smp_type != "none":
                if not self._prevent(order, other, volume):
                    return
                continue
            if other is not None:
                trade = str(uuid4())
                self._execute(other, price, volume, is_maker=True, trade=trade)
                self._execute(order, price, volume, is_maker=False, trade=trade)
            else:
                self._execute(order, price, volume, is_maker=False)
            if level is not None:
                level[1] -= volume
        order.market.asks = [level for level in order.market.asks if level[1] > 0]
        order.market.bids = [level for level in order.market.bids if level[1] > 0]

    def _wants(self, order: Placed, price: Decimal) -> Decimal:
        if not order.is_total:
            return order.remaining
        left = (order.price or ZERO) - order.funds
        return (left / price).quantize(EIGHT, ROUND_DOWN)

    def _prevent(self, taker: Placed, maker: Placed, volume: Decimal) -> bool:
        """Two orders of one account meet; by the taker's word. False: the taker is gone."""
        match taker.smp_type:
            case "cancel_taker":
                self._prevented(taker, taker.remaining)
                self.end(taker, "cancel")
                return False
            case "reduce":
                for order in (maker, taker):
                    self._prevented(order, volume)
                    if order.remaining == 0:
                        self.end(order, "cancel")
                return taker.is_open
            case _:
                self._prevented(maker, maker.remaining)
                self.end(maker, "cancel")
                return True

    def _prevented(self, order: Placed, volume: Decimal) -> None:
        held = volume if order.side == "ask" else (order.price or ZERO) * volume * (1 + order.market.fee)
        order.prevented += volume
        order.prevented_locked += held
        order.remaining -= volume
        self._release(order, min(held, order.locked))
        self.tell("prevented", order, None)

    # --- what becomes of them -------------------------------------------------------------------------------------

    def _execute(
        self, order: Placed, price: Decimal, volume: Decimal, *, is_maker: bool, trade: str | None = None
    ) -> None:
        market, funds = order.market, price * volume
        fee = funds * market.fee
        done = Execution(trade or str(uuid4()), price, volume, fee, is_maker, self._now())
        order.executed += volume
        order.funds += funds
        order.paid_fee += fee
        order.trades.append(done)
        base, quote = self.wallet(order.account, market.base), self.wallet(order.account, market.quote)
        if order.side == "bid":
            spent = funds + fee
            freed = spent if order.is_total else (order.price or ZERO) * volume * (1 + market.fee)
            order.locked -= freed
            quote.locked -= freed
            quote.free += freed - spent
            base.free += volume
        else:
            order.locked -= volume
            base.locked -= volume
            quote.free += funds - fee
        if not order.is_total:
            order.remaining -= volume
        market.last, market.traded_at = price, done.t
        market.volume += volume
        market.taker = ("ASK" if order.side == "bid" else "BID") if is_maker else order.side.upper()
        self.tell("filled", order, done)
        self.moved(order.account, {market.base, market.quote})
        self.printed(market, price, volume, market.taker)
        if not order.is_total and order.remaining == 0:
            self.end(order, "done")

    def _release(self, order: Placed, amount: Decimal) -> None:
        wallet = self.wallet(order.account, order.held_in)
        order.locked -= amount
        wallet.locked -= amount
        wallet.free += amount
        self.moved(order.account, {order.held_in})

    def end(self, order: Placed, state: str) -> None:
        if not order.is_open:
            return
        order.state, order.ended = state, self._now()
        self._release(order, order.locked)
        self.tell("done" if state == "done" else "canceled", order, None)

    # --- changes --------------------------------------------------------------------------------------------------

    def named(self, account: str, uuid: str = "", identifier: str = "") -> Placed:
        order = self.orders.get(uuid or self.by_identifier.get(identifier, ""))
        if order is None or order.account != account:
            raise Refused(404, "order_not_found", "주문을 찾지 못했습니다.")
        return order

    def waiting(self, account: str, uuid: str = "", identifier: str = "") -> Placed:
        order = self.named(account, uuid, identifier)
        if not order.is_open:
            raise Refused(404, "order_not_found", "취소할 주문을 찾지 못했습니다.")
        return order

    def replace(self, account: str, body: dict[str, str]) -> tuple[Placed, Placed | None]:
        """Cancel and new: (the old one, the new one if the old was still there). Terms are looked at first: what is
        refused leaves the old one as it was."""
        old = self.waiting(account, body.get("prev_order_uuid", ""), body.get("prev_order_identifier", ""))
        volume = body.get("new_volume")
        wanted = {
            "market": old.market.code,
            "side": old.side,
            "ord_type": body.get("new_ord_type", ""),
            "volume": str(old.remaining) if volume == "remain_only" else volume,
            "price": body.get("new_price"),
            "time_in_force": body.get("new_time_in_force"),
            "smp_type": body.get("new_smp_type"),
        }
        identifier = body.get("new_identifier")
        if identifier is not None and (identifier in self.burnt or identifier == old.identifier):
            raise Refused(400, "duplicated_identifier", "이미 사용된 identifier입니다.")
        if identifier is not None:
            self.burnt.add(identifier)
        new = self._checked(account, old.market, {k: v for k, v in wanted.items() if v is not None}, identifier)
        wallet = self.wallet(account, old.held_in)
        if self._need(new) > wallet.free + old.locked:
            raise Refused(400, f"insufficient_funds_{old.side}", f"주문 가능한 금액({old.held_in})이 부족합니다.")
        return old, new

    def take_over(self, old: Placed, new: Placed, *, is_rest: bool = False) -> bool:
        """The second half of a replacement; False when the old one filled first. `is_rest`: the new one is of what is
        left by now."""
        if not old.is_open:
            return False
        if is_rest:
            new.volume = new.remaining = old.remaining
            new.reserved_fee = (new.price or ZERO) * new.volume * new.market.fee if new.side == "bid" else ZERO
        self.end(old, "cancel")
        need, wallet = self._need(new), self.wallet(old.account, new.held_in)
        if need > wallet.free:
            return False
        wallet.free -= need
        wallet.locked += need
        new.locked = need
        new.created = self._now()
        self.orders[new.uuid] = new
        if new.identifier is not None:
            self.by_identifier[new.identifier] = new.uuid
        self.tell("replaced", new, None)
        self.moved(new.account, {new.held_in})
        self.meet(new)
        return True
