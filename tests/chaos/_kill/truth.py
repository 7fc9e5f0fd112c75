"""What was true, by the venue's own ledger, held against what the console believes."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from core.domain.events import OrderAccepted, OrderFilled, OrderNotPlaced, OrderSending, OrderUnknown, event_order
from core.domain.order import Binding, OrderStatus
from storage.journal import Journal, verify
from tests.simulators.plug import Deed

NEVER = frozenset({OrderStatus.DENIED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED})
SHOWN = frozenset({OrderStatus.UNKNOWN, OrderStatus.SENDING})
KINDS = ("lost", "duplicated", "phantom", "unjournalled", "wrong bind", "money", "other")


class Truth:
    """`problems`: what was found, with its kind. A venue without ids whose accounts somebody else trades too (`twins`)
    has cases that nothing can decide: ours never arrived and a twin did. Those binds are counted apart."""

    def __init__(self, folder: Path, *, twins: bool) -> None:
        self.folder, self.twins = folder, twins
        self.problems: list[tuple[str, str]] = []
        self.undecidable: set[str] = set()
        self.received: Counter[str] = Counter()
        self.accepted: dict[str, list[str]] = {}
        self.filled: dict[str, Decimal] = {}
        self.quantity: dict[str, Decimal] = {}
        self.ended: set[str] = set()
        self._ledger = (folder / "ledger.jsonl").open("rb")

    def say(self, kind: str, text: str) -> None:
        if (kind, text) not in self.problems:
            self.problems.append((kind, text))

    def read(self) -> None:
        """What the ledger has since the last call; a line that is being written waits."""
        while True:
            place = self._ledger.tell()
            line = self._ledger.readline()
            if not line.endswith(b"\n"):
                self._ledger.seek(place)
                return
            deed = msgspec.json.decode(line, type=Deed)
            intent = deed.intent
            if intent is None:
                continue
            match deed.what:
                case "received":
                    self.received[intent] += 1
                case "accepted":
                    self.accepted.setdefault(intent, []).append(deed.ref)
                    self.quantity[intent] = Decimal(deed.quantity)
                case "replaced":
                    self.quantity[intent] = Decimal(deed.quantity)
                case "filled":
                    self.filled[intent] = self.filled.get(intent, Decimal(0)) + Decimal(deed.quantity)
                case "canceled" | "expired":
                    self.ended.add(intent)

    def check(self, picture: dict[str, Any]) -> None:
        """After a recovery: at most once, never lost, nothing invented."""
        self.read()
        orders = picture["orders"]
        for intent, count in self.received.items():
            if count > 1:
                self.say("duplicated", f"{intent} was on the wire {count} times")
            if intent not in orders or orders[intent][0] in ("staged", "held"):
                self.say("unjournalled", f"{intent} was on the wire and is not in the journal as sent")
        for intent, refs in self.accepted.items():
            if len(refs) > 1:
                self.say("duplicated", f"{intent} lives {len(refs)} times")
            if intent not in orders:
                self.say("lost", f"{intent}: the venue has it, and nobody here knows it")
            elif orders[intent][0] in NEVER and intent not in self.undecidable:
                self.say("lost", f"{intent}: the venue has it, and it is {orders[intent][0]} here")
        for id, (status, _, _, refs, binding) in orders.items():
            mine = self.accepted.get(id, [])
            foreign = [ref for ref in refs if ref not in mine]
            if foreign and self.twins and binding == Binding.INFERRED:
                self.undecidable.add(id)
            elif foreign:
                self.say("wrong bind", f"{id} is bound to {foreign}, its own are {mine} ({binding})")
            elif not mine and status not in NEVER | SHOWN and (refs or status in ("open", "filled", "expired")):
                self.say("phantom", f"{id} is {status} here, and the venue never had it")

    def agrees(self, picture: dict[str, Any]) -> list[str]:
        """At the end, all settled: what differs from the ledger. What the stream has yet to tell may differ for a
        moment."""
        self.read()
        wrong = list(picture["unexplained"])
        for id, (status, _, filled, refs, _) in picture["orders"].items():
            mine = self.accepted.get(id)
            if id in self.undecidable:
                continue
            if status in ("sending", "unknown", "staged"):
                wrong.append(f"{id} is still {status}")
            elif mine is None:
                if status not in (*NEVER, "held") and (refs or status != "canceled"):
                    wrong.append(f"{id} is {status}, the venue never had it")
            else:
                theirs = self.filled.get(id, Decimal(0))
                is_over = id in self.ended or theirs >= self.quantity[id]
                if Decimal(filled) != theirs:
                    wrong.append(f"{id} has {filled} filled, the venue {theirs}")
                if OrderStatus(status).is_end != is_over:
                    wrong.append(f"{id} is {status}, at the venue it is {'over' if is_over else 'open'}")
        return wrong

    def story(self) -> Counter[str]:
        """How each UNKNOWN was settled, from the journal; and whether its chain holds."""
        path = self.folder / "journal.db"
        checked = verify(path)
        if checked.first_bad is not None:
            self.say("other", f"the journal: {checked.text}")
        counts: Counter[str] = Counter()
        waiting: set[str] = set()
        sent: Counter[str] = Counter()
        for _, event in Journal.open(path, read_only=True).replay():
            id = event_order(event)
            if isinstance(event, OrderSending):
                sent[event.client_order_id] += 1
            if isinstance(event, OrderUnknown):
                waiting.add(event.client_order_id)
                counts["UNKNOWN"] += 1
            elif id in waiting and (how := _settled(event)):
                waiting.discard(str(id))
                counts[how] += 1
        for id, count in sent.items():
            if count > 1:
                self.say("duplicated", f"{id} stands {count} times as SENDING in the journal")
        counts["orders sent"] += len(self.received)
        counts["orders accepted"] += len(self.accepted)
        counts["binds nobody could decide (twins)"] += len(self.undecidable)
        return counts


def _settled(event: Any) -> str:
    match event:
        case OrderAccepted(binding=Binding.INFERRED):
            return "inferred"
        case OrderAccepted(binding=Binding.BY_PERSON):
            return "operator"
        case OrderAccepted():
            return "by id"
        case OrderFilled():
            return "by its fill"
        case OrderNotPlaced(text=text) if "settled by" in text:
            return "operator"
        case OrderNotPlaced(text=text) if "nothing was sent" in text:
            return "permit unspent"
        case OrderNotPlaced():
            return "absence proof"
    return "by its end" if type(event).__name__ in ("OrderCanceled", "OrderExpired", "OrderRejected") else ""
