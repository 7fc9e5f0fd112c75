"""What a line of the order line means, in words: for the preview while it is typed, and for what is said after."""

from __future__ import annotations

from core.domain.commands import Panic
from core.trading.line import CloseOrder, Line, ModifyOrder, NewOrder
from tui import format as f
from tui.forms.ticket import HAS_LIMIT
from tui.look import SIDE_WORDS, TYPE_WORDS


def is_reverse(text: str) -> bool:
    """Does the line turn a position around? The order it makes looks like any other."""
    from core.trading.hangul import keys
    from core.trading.lineparts import VERBS, split

    word = split(text)[0].text.casefold()
    return "reverse" in (VERBS.get(word), VERBS.get(keys(word)))


def say(line: Line, language: str = "", where: str = "") -> str:
    """What a line means, in words. With a `language` the instrument is called by its name there beside the code.
    `where`: the account, before the instrument; of a cancel the one account that is meant."""
    if isinstance(line, NewOrder):
        price = f.quantity(line.limit_price) if line.type in HAS_LIMIT else ""
        stop = f"stop {f.quantity(line.stop_price)}" if line.stop_price is not None else ""
        trail = f"trail {f.quantity(line.trail)}" if line.trail is not None else ""
        legs = [f"SL {f.quantity(line.stop_loss)}"] if line.stop_loss is not None else []
        legs += [f"TP {f.quantity(line.take_profit)}"] if line.take_profit is not None else []
        flags = ("reduce-only" if line.reduce_only else "", "post-only" if line.post_only else "")
        known = line.instrument
        name = known.code
        if language and known.code[:1].isdigit():
            name = f"{f.clip((known.name_ko if language == 'ko' else '') or known.name, 12)} {known.code}"
        words = (SIDE_WORDS[line.side], f.quantity(line.quantity), where + name, TYPE_WORDS[line.type], price)
        tail = (stop, trail, *legs, line.time_in_force.value.upper(), *flags, *line.remarks)
        return " ".join(part for part in (*words, *tail) if part)
    if isinstance(line, CloseOrder):
        how = "at market" if line.at_market else "at the opposite touch"
        share = "" if line.fraction == 1 else f"{f.quantity(line.fraction * 100)}% of "
        return f"close {share}{where}{line.instrument.code} {how}, reduce-only"
    if isinstance(line, ModifyOrder):
        terms = [f"quantity {f.quantity(line.quantity)}" if line.quantity is not None else ""]
        terms += [f"price {f.quantity(line.limit_price)}" if line.limit_price is not None else ""]
        terms += [f"stop {f.quantity(line.stop_price)}" if line.stop_price is not None else "", *line.remarks]
        return f"modify {line.client_order_id[-4:]} {line.instrument.code}: {' '.join(t for t in terms if t)}"
    command = line.command()
    if isinstance(command, Panic):
        return "panic: flatten" if command.flatten else "panic: stop automatic orders, cancel entries"
    one = getattr(line, "client_order_id", None)
    instrument = getattr(line, "instrument", None)
    if one:
        return f"cancel {one[-4:]}"
    whose = f"{where}{instrument.code if instrument else ''}".strip()
    return f"cancel all of {whose}" if whose else "cancel all orders"
