"""What the console asks of the desk: what an order would do, and to do it. Everything that is sent goes through
here: the policy says what is asked first, one send at a time, and a form stays open until the desk has taken it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from core.domain.account import Mode
from core.domain.commands import Cancel, Command, Panic, Replace, Submit, Unlock
from core.domain.errors import HogaError
from core.domain.order import OrderRequest
from core.ports import Preview, Receipt
from core.trading.caution import FIRST_LIVE, NO_FIGURES, kind_of
from core.trading.view import OrderRow
from tui.forms.params import ParamsForm
from tui.forms.policy import Ask, Kind, asked, kind_of_command, needs_figures
from tui.forms.review import Review, Subject, request_of
from tui.forms.strips import Confirm, LineForm, PanicMenu
from tui.forms.ticket import Ticket
from tui.keyboard import BURST_SECONDS
from tui.messages import Form, Wanted

if TYPE_CHECKING:
    from tui.app import HogaApp

PREVIEW_SECONDS = 1.0
"""Figures that take longer are none: they count as a caution, and the order waits for no desk that hangs."""
_MEANT = {"duplicate": "same order again", "lane": "one is on its way", "live lock": FIRST_LIVE}
"""Rules that a person may overrule, and the caution by which he is asked."""


class Asking:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self.is_sending = False
        """A command is on its way; its form takes no sending key until the answer is there."""
        self._unseen: list[Form] = []
        """Forms that were open while there was no engine: each must be looked at again before it sends."""

    @property
    def is_live(self) -> bool:
        """Is real money asked about? Anything not known to be paper is; a rehearsal asks as if it were."""
        status = self._app.picture.status
        if status is None or status.mode is not Mode.PAPER:
            return True
        return status.is_rehearsal or self._app.settings.console.rehearsal

    # ---- figures

    def preview(self) -> None:
        app = self._app
        form = app.top_form
        request: OrderRequest | None = None
        if isinstance(form, Ticket) and not form.is_denied:
            try:
                request, form.problem = form.request(), ""
            except HogaError as error:
                form.preview, form.problem = None, str(error)
                request = form.probe()
        elif isinstance(form, Review):
            request = form.subject.request
        elif isinstance(form, LineForm) and form.place == "command":
            request = app.typed.look(form)
        if request is not None and form is not None:
            app.work(partial(self._preview_of, form, request), "preview", exclusive=True)
        else:  # figures still on their way are of what stood there before
            app.workers.cancel_group(app, "preview")

    async def _preview_of(self, form: Form, request: OrderRequest) -> None:
        app = self._app
        preview = await self.figures(request)
        if preview is None or form is not app.top_form:
            return  # no figures is what the ticket then says
        if isinstance(form, Ticket):
            form.learn(preview)
            if form.problem:  # it was a probe: with what it told the size may be known now
                form.preview = None
                self.preview()
        elif isinstance(form, Review):
            form.preview = preview
        elif isinstance(form, LineForm):
            app.typed.previewed(form, preview)
        app.show_form()

    async def figures(self, request: OrderRequest | None) -> Preview | None:
        """What the desk says of it; None when it says nothing in time."""
        if request is None:
            return None
        try:
            async with asyncio.timeout(PREVIEW_SECONDS):
                return await self._app.desk.preview(request)
        except (HogaError, OSError, TimeoutError):
            return None

    def follow(self, *, has_second_passed: bool = False) -> None:
        """The market moved, or a second passed: open forms show it, armed mode looks around."""
        self._app.armed.watch()
        self._app.trading.tell_canceled()
        form = self._app.top_form
        if isinstance(form, Ticket):
            moved = form.see(*self._app.trading.seen(form.instrument, form.account)) and not self.is_sending
            if moved or has_second_passed:
                form.has_probed = False
                self._app.form_changed(keeps_problem=form.is_denied)
        elif isinstance(form, Review):
            self._app.show_form()
            if has_second_passed:
                self.preview()
        elif has_second_passed and isinstance(form, LineForm) and form.place == "command" and not form.is_wrong:
            self.preview()

    # ---- what is asked

    def distrust(self) -> None:
        """The engine was gone: reviews are of what was before and close, other forms keep what was typed and must be
        looked at again. Panic needs no second look."""
        app = self._app
        app.close(*(form for form in app.forms if isinstance(form, Confirm)))
        self._unseen = [form for form in app.forms if not isinstance(form, PanicMenu)]
        app.form_changed()

    def _is_seen(self, form: Form | None) -> bool:
        """Did a person look at this form since the engine came back? The first key that would send is that look."""
        if not any(form is unseen for unseen in self._unseen):
            return True
        self._unseen = [unseen for unseen in self._unseen if unseen is not form]
        self._app.say("warning", "nothing was sent: the engine was gone; look at the figures, then press it again")
        self._app.show_form()
        return False

    def ask(self, form: Form, wanted: Wanted) -> None:
        """Do what a form wants, after whatever the policy asks for first."""
        app = self._app
        if not self._is_seen(form):
            return
        order = self._order(wanted.command)
        kind = wanted.kind or kind_of_command(wanted.command, is_reducing=order is not None and order.reduce_only)
        if isinstance(form, Review) or (self.is_live and needs_figures(kind)):
            self.is_sending = True
            app.show_form()
            alone = partial(self._was_alone, app.keys.now, app.keys.gap, app.keys.count)
            app.work(partial(self._weigh, form, wanted, kind, order, alone), "send")
            return
        ask = asked(kind, is_live=self.is_live)
        if ask is Ask.ENTER and not isinstance(form, Confirm):
            app.open(Confirm(wanted))
        elif ask is Ask.Y:
            app.open(Review(wanted, self.subject(wanted, order), ask))
        else:
            self.send(form, wanted)

    async def _weigh(
        self, form: Form, wanted: Wanted, kind: Kind, order: OrderRow | None, was_alone: Callable[[], Awaitable[bool]]
    ) -> None:
        """Look once more, right before it would be sent or reviewed: new reasons to hesitate are asked about anew."""
        app = self._app
        answered: frozenset[str] = frozenset()
        try:
            if isinstance(form, Review):
                answered = form.answered
                if not await was_alone():
                    return
                wanted = _unlocking(form, wanted)
            subject = self.subject(wanted, order)
            preview = await self.figures(subject.request)
        finally:
            self.is_sending = False
        if app.top_form is not form:
            return  # it was dropped, or panic came in between
        cautions = (preview.cautions if preview is not None else (NO_FIGURES,)) if needs_figures(kind) else ()
        if preview is not None and self._is_refused(preview) and needs_figures(kind):
            self._refused(form, wanted.command, f"{preview.rule}: {preview.text}", was_denied=False)
            app.say("error", f"{preview.rule}: {preview.text}")
            return
        left = tuple(caution for caution in cautions if kind_of(caution) not in answered)
        ask = asked(kind, is_live=True, cautions=left)
        if isinstance(form, Review):
            if not left:
                self.send(form, _confirmed(wanted, answered))
                return
            app.close(form)
        app.open(
            Review(
                wanted,
                subject,
                ask,
                cautions=left,
                answered=answered,
                preview=preview,
                is_again=isinstance(form, Review) and not set(map(kind_of, left)) <= set(map(kind_of, form.cautions)),
            )
        )

    async def _was_alone(self, at: float, gap: float, count: int) -> bool:
        """Did no other key come with it? A read of the terminal that holds more than this one is no hand's."""
        app = self._app
        await app.clock.sleep(BURST_SECONDS)
        if gap <= BURST_SECONDS or (app.keys.count != count and app.keys.now - at <= BURST_SECONDS):
            app.say("warning", "nothing was sent: other keys came with it")
            app.show_form()
            return False
        return True

    def _is_refused(self, preview: Preview) -> bool:
        """A rule refuses, and it is not one that a person is asked about."""
        return bool(preview.rule) and _MEANT.get(preview.rule, "") not in {kind_of(c) for c in preview.cautions}

    def _order(self, command: Command) -> OrderRow | None:
        return self._app.picture.order(command.client_order_id) if isinstance(command, Replace) else None

    def subject(self, wanted: Wanted, order: OrderRow | None = None) -> Subject:
        """What a review is about."""
        app = self._app
        subject = Subject(wanted, request_of(wanted, order), None, order)
        if subject.instrument_id is not None:
            subject.instrument = app.instruments.get(subject.instrument_id)
            subject.position = app.picture.position(subject.instrument_id, subject.account)
        return subject

    # ---- sending

    def send(self, form: Form | None, wanted: Wanted) -> None:
        """Send it; nothing more is asked. `form` closes when the desk has taken it."""
        if not self._is_seen(form):
            return
        self.is_sending = True
        self._app.show_form()
        self._app.work(partial(self._send, form, wanted), "send")

    async def _send(self, form: Form | None, wanted: Wanted) -> None:
        app = self._app
        receipts: list[Receipt] = []
        try:
            for command in (*wanted.before, wanted.command, *wanted.more):
                receipts.append(await app.desk.send(command))
                if not receipts[-1].is_ok and len(receipts) <= len(wanted.before):
                    self._not_taken(form, wanted, receipts[-1:], 1)
                    return
            receipts = receipts[len(wanted.before) :]
        except (HogaError, OSError) as error:
            if isinstance(wanted.command, Submit):
                app.last_sent = wanted.command.request.client_order_id
            app.say("error", f"no answer to: {wanted.text}. It may have been taken; look at Orders first. {error}")
            return
        finally:
            self.is_sending = False
            app.show_form()
        refused = [receipt for receipt in receipts if not receipt.is_ok]
        if not refused:
            self._taken(form, wanted.command, receipts[0].text)
            app.say("ok", receipts[0].text if len(receipts) == 1 else f"{len(receipts)} times: {wanted.text}")
            return
        self._not_taken(form, wanted, refused, len(receipts))

    def _not_taken(self, form: Form | None, wanted: Wanted, refused: list[Receipt], count: int) -> None:
        receipt = refused[0]
        self._refused(form, wanted.command, receipt.text, was_denied=bool(receipt.rule))
        lead = f"{len(refused)} of {count} refused: " if count > 1 else ""
        self._app.say("error", lead + receipt.text)

    def _taken(self, form: Form | None, command: Command, text: str) -> None:
        app = self._app
        if isinstance(command, Submit):
            app.last_sent = command.request.client_order_id
            app.trading.sent(command.request)
        elif isinstance(command, Cancel):
            app.trading.canceling.add(command.client_order_id)
        if form is None or (isinstance(form, PanicMenu) and not _is_whole(command) and form.goes_on(text)):
            return
        below = app.forms[: app.forms.index(form)][-1:] if isinstance(form, Confirm) and form in app.forms else []
        app.close(*(app.forms if isinstance(form, PanicMenu) else [form, *below]))

    def _refused(self, form: Form | None, command: Command, text: str, *, was_denied: bool) -> None:
        """The form stays open to be mended. A denied order has ended, so its next try is another order."""
        app = self._app
        if isinstance(form, Confirm):
            app.close(form)
        asked_by = app.top_form if isinstance(form, Confirm) else form
        if isinstance(asked_by, Ticket):
            asked_by.denied(text)
            if was_denied and isinstance(command, Submit):
                asked_by.id = app.desk.new_order_id()
        elif isinstance(asked_by, LineForm):
            asked_by.is_wrong, asked_by.remark = True, text
            if was_denied:
                app.typed.renew()
        elif isinstance(asked_by, ParamsForm):
            asked_by.problem = text
        elif isinstance(asked_by, PanicMenu) and asked_by.goes_on(text):
            pass  # who was not named was only stopped
        elif asked_by is not None:
            app.close(asked_by)
        app.show_form()


def _is_whole(command: Command) -> bool:
    """Nothing more was meant: not what stops while names are still asked for."""
    return not isinstance(command, Panic) or command.flatten


def _confirmed(wanted: Wanted, answered: frozenset[str]) -> Wanted:
    """A person was told that the same order left a moment ago, or that one is on its way, and means it."""
    if answered & set(_MEANT.values()) and isinstance(wanted.command, Submit):
        return msgspec.structs.replace(wanted, command=msgspec.structs.replace(wanted.command, is_confirmed=True))
    return wanted


def _unlocking(form: Review, wanted: Wanted) -> Wanted:
    """The account's name was typed: that unlocks it as well, for the desk takes nobody's word that it was."""
    account = form.subject.account
    if form.ask is not Ask.TAIL or account is None:
        return wanted
    return msgspec.structs.replace(wanted, before=(Unlock(account=account, tail=form.typed.text),))
