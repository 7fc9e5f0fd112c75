"""The planted defects: the exact source, once in its file, what stands in its place, and the tests that must notice."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    name: str
    patches: tuple[tuple[str, str, str], ...]
    """(file, old, new)."""
    tests: tuple[str, ...]


OUTBOX, RUNNER, WRITER = "core/runtime/outbox.py", "core/runtime/runner.py", "storage/writer.py"
STATE, FACTS, CONTROL = "core/trading/state.py", "core/trading/facts.py", "core/trading/control.py"
STANDING, PACE, SIZE = "core/trading/risk/standing.py", "core/trading/risk/pace.py", "core/trading/risk/size.py"
SCRIBE, HTTP_PY = "core/runtime/scribe.py", "brokers/http.py"
GAPS = ("tests/core/runtime/test_order_gaps.py",)
JOURNAL = ("tests/storage/test_journal_durability.py", "tests/storage/test_journal.py")
FAULTS = (
    "tests/core/runtime/test_order_faults.py",
    "tests/core/runtime/test_line_faults.py",
    "tests/core/runtime/test_order_path.py",
)
RISK = ("tests/core/trading/test_risk.py", "tests/chaos/test_gate.py")
SETTLE = (
    "tests/core/runtime/test_settle.py",
    "tests/core/runtime/test_readings.py",
    "tests/core/runtime/test_reconcile.py",
)
FILLS = (
    "tests/core/trading/test_engine_faults.py",
    "tests/core/trading/test_engine.py",
    "tests/properties/test_fold.py",
)
LOCK = ("tests/core/trading/test_lock.py",)
HTTP = ("tests/brokers/test_http.py",)


def mutant(name: str, file: str, old: str, new: str, tests: tuple[str, ...]) -> Mutant:
    return Mutant(name, ((file, old, new),), tests)


MUTANTS: tuple[Mutant, ...] = (
    # --- the journal before the wire
    mutant(
        "the permit is handed out before the commit",
        WRITER,
        '            self.connection.execute("COMMIT")\n            return answers\n',
        '            self._answer(answers)\n            self.connection.execute("COMMIT")\n            return []\n',
        JOURNAL,
    ),
    mutant(
        "a change is carried on before it is journalled",
        SCRIBE,
        "            self._out = batch, asyncio.ensure_future(self._journal.append(events))\n",
        "            for _, commands, _ in batch:\n                self._carry(commands)\n"
        "            self._out = batch, asyncio.ensure_future(self._journal.append(events))\n",
        GAPS,
    ),
    mutant(
        "nobody looks whether the claim changed a row",
        WRITER,
        "if done.rowcount != 1:",
        "if done.rowcount > 1:",
        JOURNAL,
    ),
    mutant("FULL -> NORMAL", "storage/schema.py", "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL", JOURNAL),
    mutant(
        "the claim does not look at halts",
        WRITER,
        "AND NOT EXISTS (SELECT 1 FROM halt WHERE scope IN (?, ?) AND state='halted')",
        "AND ? IS NOT NULL AND ? IS NOT NULL",
        (*FAULTS, "tests/properties/test_halt.py"),
    ),
    mutant(
        "nobody asks whether the journal is written",
        STANDING,
        "    if q.journal_problem:\n",
        "    if False:\n",
        RISK,
    ),
    mutant(
        "an order whose commit took for ever is sent late",
        OUTBOX,
        "        if self._clock.monotonic() - since > self._max_age:\n",
        "        if False:\n",
        GAPS,
    ),
    mutant(
        "a permit is not asked whether somebody halted while a connection was made",
        "core/ports.py",
        "    why = stopped()\n",
        '    why = ""\n',
        GAPS,
    ),
    mutant(
        "a claim whose commit failed sends all the same",
        OUTBOX,
        '            self._deny(order, Denial("journal", "a writable journal", "not writable", str(error)))\n'
        "            return None\n",
        "            return SendPermit(order.id, sealed.digest)\n",
        FAULTS,
    ),
    mutant(
        "the projection is not compared with the events",
        "storage/chain.py",
        "    problem = _differing(connection, orders, fills, halts)\n",
        '    problem = ""\n',
        JOURNAL,
    ),
    mutant(
        "a second process may write",
        "storage/journal.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        JOURNAL,
    ),
    mutant(
        "a full disk takes no room from what is kept back",
        WRITER,
        "            if self.ballast.give_way(error):\n",
        "            if False:\n",
        JOURNAL,
    ),
    mutant(
        "orders eat the room that is kept back for cancels",
        WRITER,
        "if self.shortage else (job, self._claim(wish), None)",
        "if False else (job, self._claim(wish), None)",
        JOURNAL,
    ),
    # --- at most once
    mutant(
        "a permit sends twice",
        "core/ports.py",
        "        if self._spent:\n            raise",
        "        if False:\n            raise",
        ("tests/contract/test_submit.py", "tests/brokers/test_paper_broker.py"),
    ),
    mutant(
        "one retry of a submit",
        OUTBOX,
        "                answer = await self._broker.submit(sealed, permit)\n",
        "                try:\n                    answer = await self._broker.submit(sealed, permit)\n"
        "                except Exception:\n                    answer = await self._broker.submit(sealed, permit)\n",
        FAULTS,
    ),
    mutant("redirects are followed", "brokers/http.py", "follow_redirects=False", "follow_redirects=True", HTTP),
    mutant("the library connects again by itself", "brokers/http.py", "retries=0", "retries=1", HTTP),
    mutant(
        "an answer of 500 is judged",
        "brokers/http.py",
        "if reply.status >= 500 or 300 <= reply.status < 400:",
        "if 300 <= reply.status < 400:",
        HTTP,
    ),
    mutant(
        "silence is a rejection",
        OUTBOX,
        "        except OrderRejected as error:\n            self.answered(id)\n"
        "            self._feed(Rejected(ts=self._clock.now(), client_order_id=id, code=error.code, "
        "text=str(error)))\n",
        "        except (OrderRejected, TimeoutError) as error:\n            self.answered(id)\n"
        '            self._feed(Rejected(ts=self._clock.now(), client_order_id=id, code="", text=str(error)))\n',
        FAULTS,
    ),
    mutant(
        "nothing is looked at between the commit and the write",
        OUTBOX,
        "        permit.stopped = lambda: self._stopped(id, since)\n",
        "",
        FAULTS,
    ),
    mutant(
        "a start takes SENDING for never sent",
        RUNNER,
        '                text = "hoga stopped while this was being sent; asking the venue"\n',
        '                text = "hoga stopped while this was being sent; asking the venue"\n'
        '                self.feed(OrderRejected(ts=now, client_order_id=order.id, code="", text=text))\n'
        "                continue\n",
        ("tests/properties/test_start_matrix.py", *FAULTS),
    ),
    mutant(
        "a request sealed for another account is claimed",
        "storage/journal.py",
        "if (prepared.client_order_id, prepared.account) != (order.id, order.account):",
        "if prepared.client_order_id != order.id:",
        GAPS,
    ),
    mutant(
        "the socket is not told whose account it is",
        "brokers/http.py",
        "            account=prepared.account,\n",
        '            account="",\n',
        (*HTTP, "tests/brokers/test_endpoint.py", "tests/contract/test_submit.py"),
    ),
    # --- what is true at the venue
    mutant(
        "the baseline is not journalled",
        OUTBOX,
        "facts={**sealed.facts, **known}",
        "facts=sealed.facts",
        SETTLE,
    ),
    mutant("lanes are ignored", "core/trading/risk/origin.py", "if not q.is_laned or", "if True or", (*SETTLE, *RISK)),
    mutant("absence by one listing", "core/trading/settle.py", "LISTINGS = 2", "LISTINGS = 1", (*GAPS, *SETTLE)),
    mutant("absence by one answer", "core/trading/settle.py", "ABSENT_TIMES = 3", "ABSENT_TIMES = 1", (*GAPS, *SETTLE)),
    mutant(
        "a failed read is flat",
        "core/trading/reconcile.py",
        "    if isinstance(snapshot.positions, Unread) or isinstance(snapshot.fills, Unread):\n",
        "    if isinstance(snapshot.positions, Unread):\n"
        "        snapshot = msgspec.structs.replace(snapshot, positions={})\n"
        "    if isinstance(snapshot.fills, Unread):\n",
        SETTLE,
    ),
    mutant(
        "the gate opens before the venue was read",
        "core/runtime/reconciler.py",
        "        state, capabilities = self._engine.state, broker.capabilities\n",
        "        state, capabilities = self._engine.state, broker.capabilities\n"
        '        self._set_gate(broker, account, "")\n',
        (*GAPS, *SETTLE),
    ),
    mutant(
        "a refused cancel is taken for the end of the order",
        OUTBOX,
        "        except (OrderRejected, Unsupported) as error:\n            self._refused(order, str(error))\n",
        "        except (OrderRejected, Unsupported) as error:\n"
        "            from core.domain.events import OrderCanceled\n\n"
        "            self._feed(OrderCanceled(ts=self._clock.now(), client_order_id=order.id, text=str(error)))\n",
        GAPS,
    ),
    mutant(
        "a cancel that was sent is taken for done",
        OUTBOX,
        "                await call\n",
        "                await call\n"
        "                from core.domain.events import OrderCanceled\n\n"
        "                if order.requested is not None and order.requested.kind is RequestKind.CANCEL:\n"
        "                    self._feed(OrderCanceled(ts=self._clock.now(), client_order_id=order.id))\n",
        (*SETTLE, *FAULTS, "tests/contract/test_changes.py"),
    ),
    # --- money
    Mutant(
        "a fill is booked twice",
        (
            (
                FACTS,
                "            if fill.revision <= was.revision:\n",
                "            if fill.revision < was.revision:\n",
            ),
            (
                FACTS,
                "            emit(self.state, FillCorrected(ts=now, was=was, fill=fill), out)\n",
                '            fill = msgspec.structs.replace(fill, fill_id=f"{fill.fill_id}+")\n'
                "            emit(self.state, OrderFilled(ts=now, fill=fill), out)\n",
            ),
        ),
        FILLS,
    ),
    mutant(
        "a correction is added",
        STATE,
        "self.positions[place] = ledger.correct(before, was, fill, event.ts)\n",
        "self.positions[place] = ledger.book_fill(before, fill)\n",
        (*FILLS, "tests/properties/test_fills.py"),
    ),
    mutant(
        "what overfills is dropped",
        FACTS,
        "        emit(self.state, event, out)\n        if late and order is not None:\n",
        "        if late:\n            return out\n        emit(self.state, event, out)\n"
        "        if late and order is not None:\n",
        FILLS,
    ),
    mutant(
        "the rest of a canceled order is taken for filled",
        STATE,
        "        self._end(event, OrderStatus.CANCELED, event.text)\n",
        "        self._end(event, OrderStatus.CANCELED, event.text)\n"
        "        self._change(event.client_order_id, event.ts, filled=self.orders[event.client_order_id].quantity)\n",
        GAPS,
    ),
    # --- the gate
    mutant("reduce-only is not looked at", SIZE, "if request.reduce_only and not q.is_reducing:", "if False:", RISK),
    mutant(
        "UNKNOWN does not count in limits",
        STATE,
        "    if order.status is OrderStatus.HELD:\n        return ZERO\n",
        "    if order.status in (OrderStatus.HELD, OrderStatus.UNKNOWN):\n        return ZERO\n",
        RISK,
    ),
    mutant("a stale quote passes", STANDING, "    if age > limit:\n", "    if age > limit * 100:\n", RISK),
    mutant(
        "NaN passes",
        STANDING,
        "if not all(0 <= side < inf for side in (q.quote.bid, q.quote.ask)):",
        "if any(side < 0 or side == inf for side in (q.quote.bid, q.quote.ask)):",
        RISK,
    ),
    mutant("the duplicate guard is off", PACE, "        if _terms(request) == mine:\n", "        if False:\n", RISK),
    mutant(
        "the day's loss begins anew at a restart",
        CONTROL,
        '        if command.day <= self.state.days.get(command.account, ""):\n',
        '        if command.day < self.state.days.get(command.account, ""):\n',
        FILLS[:1],
    ),
    mutant(
        "cancels have no reserve",
        "core/runtime/throttle.py",
        "RESERVE = 0.2",
        "RESERVE = 0.0",
        ("tests/core/runtime/test_throttle.py",),
    ),
    # --- the way out
    mutant(
        "the kill state is not journalled",
        RUNNER,
        "            if item.__class__ in DURABLE_SET:\n",
        '            if item.__class__ in DURABLE_SET and item.__class__.__name__ != "TradingStateChanged":\n',
        GAPS,
    ),
    mutant(
        "panic cancels protective stops",
        CONTROL,
        "Sweep.ALL if command.protections else Sweep.ENTRIES",
        "Sweep.ALL",
        ("tests/core/runtime/test_sweep.py", *FAULTS),
    ),
    mutant(
        "a stop is lost at a restart",
        "core/trading/engine.py",
        "        self.legs.is_loaded = self.algos.is_loaded = self.algos.is_told = False\n",
        "        self.legs.is_loaded = True\n        self.algos.is_loaded = self.algos.is_told = False\n",
        ("tests/core/runtime/test_legs.py", "tests/core/trading/test_legs.py", "tests/core/trading/test_legs_again.py"),
    ),
    mutant(
        "a panic does not go on after a restart",
        "core/trading/curbs.py",
        "            self.sweeps[event.account] = event.sweep\n",
        "            pass\n",
        ("tests/core/runtime/test_sweep.py",),
    ),
    # --- real money
    mutant(
        "one name closes every account", CONTROL, "if a in named or a not in real}", "if named or a not in real}", LOCK
    ),
    mutant(
        "names that end alike are one",
        "core/trading/lock.py",
        "for other in among) <= 1:",
        "for other in among):",
        LOCK,
    ),
    mutant("what is left of play money closes real money", CONTROL, "        self._narrow(now, out)\n", "", LOCK),
    mutant(
        "a word for play money loosens limits of real money",
        "core/trading/limits.py",
        "        if left:\n",
        "        if left and typed != WORD:\n",
        ("tests/core/trading/test_limits.py",),
    ),
    mutant(
        "an engine for real money starts without an account",
        "tui/run/venues.py",
        'not settings.brokers[name].get("accounts")',
        "False",
        ("tests/tui/test_cli.py",),
    ),
    # --- the line of an attached console, and the end of an engine
    mutant(
        "a command that was given up is obeyed late",
        "core/runtime/desk_socket.py",
        "if self._desk.now() > question.until and",
        "if False and",
        ("tests/core/runtime/test_desk_attached.py",),
    ),
    mutant(
        "a command waits behind questions",
        "core/runtime/desk_socket.py",
        "case question if self._questions.locked():",
        "case question if False:",
        ("tests/core/runtime/test_desk_hostile.py",),
    ),
    mutant(
        "an engine that is being stopped takes orders",
        RUNNER,
        '        self.engine.gate.ending = "hoga is being stopped"\n',
        "",
        ("tests/core/runtime/test_stopping.py",),
    ),
    mutant(
        "what a venue does not list is not held",
        "core/trading/reconcile.py",
        "(ours.keys() & state.instruments.keys())",
        "ours.keys()",
        ("tests/brokers/upbit/test_unkind.py",),
    ),
    # --- what falls silent
    mutant(
        "a task that is gone stays gone",
        "core/runtime/crew.py",
        "        self.start(name, run)\n        if",
        "        if",
        ("tests/chaos/test_silent.py",),
    ),
    mutant(
        "nobody hears that a part is silent",
        "core/runtime/watch.py",
        "                self._silent(name, by)\n",
        "                pass\n",
        ("tests/chaos/test_silent.py",),
    ),
)
