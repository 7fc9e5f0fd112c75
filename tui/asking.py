"""What the console asks of the desk: what an order would do, and to do it. Everything that is sent goes through here:
in LIVE a review first, one send at a time, and a form that stays open until the desk has taken what it holds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.domain.commands import Close, Command, Replace, Submit
from core.domain.errors import HogaError
from core.domain.order import OrderRequest
from tui.forms.strips import LineForm, PanicMenu, Review
from tui.forms.ticket import Ticket
from tui.messages import Form, Wanted

if TYPE_CHECKING:
    from tui.app import HogaApp


class Asking:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self.is_sending = False
        """A command is on its way; its form takes no sending key until the answer is there."""

    def preview(self) -> None:
        app = self._app
        form = app.top_form
        request: OrderRequest | None = None
        if isinstance(form, Ticket) and not form.is_denied:
            try:
                request, form.problem = form.request(), ""
            except HogaError as error:
                form.preview, form.problem = None, str(error)
        elif isinstance(form, LineForm) and form.place == "command":
            request = app.typed.look(form)
        if request is not None and form is not None:
            app.work(partial(self._preview_of, form, request), "preview", exclusive=True)

    async def _preview_of(self, form: Form, request: OrderRequest) -> None:
        app = self._app
        try:
            preview = await app.desk.preview(request)
        except (HogaError, OSError):
            return  # no figures is what the ticket then says
        if form is not app.top_form:
            return
        if isinstance(form, Ticket):
            form.preview = preview
        elif isinstance(form, LineForm):
            app.typed.previewed(form, preview)
        app.show_form()

    def ask(self, form: Form, wanted: Wanted) -> None:
        """Send, in LIVE after a review of everything that may open exposure."""
        app = self._app
        needs_review = isinstance(wanted.command, (Submit, Replace, Close)) and not isinstance(form, Review)
        if needs_review and self._is_live():
            app.open(Review(wanted.command, wanted.text))
            return
        self.is_sending = True
        app.show_form()
        app.work(partial(self._send, form, wanted), "send")

    def _is_live(self) -> bool:
        """Anything not known to be paper is treated as real money."""
        app = self._app
        status = app.picture.status
        return status is None or status.mode.value != "paper"

    async def _send(self, form: Form, wanted: Wanted) -> None:
        app = self._app
        command = wanted.command
        try:
            receipt = await app.desk.send(command)
        except (HogaError, OSError) as error:
            app.say("error", f"no answer to: {wanted.text}. It may have been taken; look at Orders first. {error}")
            return
        finally:
            self.is_sending = False
        if receipt.is_ok:
            self._taken(form, command)
            app.say("ok", receipt.text)
            return
        self._refused(form, command, receipt.text, was_denied=bool(receipt.rule))
        app.say("error", receipt.text)

    def _taken(self, form: Form, command: Command) -> None:
        app = self._app
        if isinstance(command, Submit):
            app.last_sent = command.request.client_order_id
            app.trading.sent(command.request.instrument, command.request.quantity)
        below = app.forms[: app.forms.index(form)][-1:] if isinstance(form, Review) and form in app.forms else []
        app.close(*(app.forms if isinstance(form, PanicMenu) else [form, *below]))

    def _refused(self, form: Form, command: Command, text: str, *, was_denied: bool) -> None:
        """The form stays open to be mended. A denied order has ended, so its next try is another order."""
        app = self._app
        if isinstance(form, Review):
            app.close(form)
        asked = app.top_form if isinstance(form, Review) else form
        if isinstance(asked, Ticket):
            asked.denied(text)
            if was_denied and isinstance(command, Submit):
                asked.id = app.desk.new_order_id()
        elif isinstance(asked, LineForm):
            asked.is_wrong, asked.remark = True, text
            if was_denied:
                app.typed.opened()
        elif asked is not None:
            app.close(asked)
        app.show_form()
