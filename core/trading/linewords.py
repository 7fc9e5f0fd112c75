"""The words of an order line put in their places: options, account, quantity and symbol, each at most once and in one
reading only. What the figures come to is the business of linefigures.py, what a verb makes of them of orderline.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from difflib import get_close_matches

import msgspec

from core.domain.account import Mode
from core.domain.ids import AccountId
from core.domain.instrument import Instrument
from core.domain.order import TimeInForce
from core.trading.hangul import keys
from core.trading.line import LineContext, LineError
from core.trading.lineparts import (
    ABSENT,
    EVERYTHING,
    FLAGS,
    KEYS,
    Amount,
    At,
    Auction,
    Distance,
    Pegged,
    PriceWord,
    Word,
    is_korean_code,
    number,
    read_amount,
    read_distance,
    read_leg,
    read_price,
)


class Options:
    """The words behind @ and with = or a fixed spelling, each at most once; `rest` is quantity and symbol."""

    def __init__(self, words: Iterable[Word], context: LineContext) -> None:
        self.price: tuple[Word, PriceWord] | None = None
        self.limit: tuple[Word, PriceWord] | None = None
        """Behind @loc and @loo."""
        self.chase: tuple[Word, str] | None = None
        self.twap: tuple[Word, str] | None = None
        self.time_in_force: TimeInForce | None = None
        self.stop: tuple[Word, Decimal] | None = None
        self.trail: tuple[Word, Distance] | None = None
        self.stop_loss: tuple[Word, Distance] | None = None
        self.take_profit: tuple[Word, Distance] | None = None
        self.both: Word | None = None
        """`pair` or `oco`: the line means both legs."""
        self.reduce_only = False
        self.post_only: Word | None = None
        self.account: AccountId | None = None
        self.note = ""
        self.is_immediate = False
        self.rest: list[Word] = []
        self.given: dict[str, Word] = {}
        """What was written, and where; `rest` and the account are not among it."""
        self._context = context
        self._read(iter(words))

    def _read(self, words: Iterator[Word]) -> None:
        for word in words:
            self._take(word)
            price = self.price[1] if self.price is not None and self.price[0] is word else None
            if isinstance(price, Auction) and price.has_limit:
                self.limit = _limit_of(word, next(words, None))

    def _once(self, word: Word, what: str) -> None:
        if what in self.given:
            raise word.wrong(f"{word.shown}: the {what} is written twice", "")
        self.given[what] = word

    def _take(self, word: Word) -> None:
        text = word.text.casefold()
        flag = FLAGS.get(text) or FLAGS.get(keys(text) if not text.isascii() else "")
        if text.startswith("@"):
            self._once(word, "price")
            self.price = (word, read_price(word))
        elif text.startswith("#"):
            self._once(word, "tag")
            self.note = _tag(word)
        elif "=" in text:
            self._pair(word, *text.split("=", 1))
        elif flag is not None:
            self._flag(word, flag)
        elif text in ABSENT:
            raise word.wrong(ABSENT[text], "")
        else:
            self.rest.append(word)

    def _flag(self, word: Word, flag: str) -> None:
        if flag == "!":
            self._once(word, "!")
            if self._context.mode is not Mode.PAPER:
                raise word.wrong("! sends at once and is for paper only: leave it out and confirm", "")
            self.is_immediate = True
        elif flag == "ro":
            self._once(word, "ro")
            self.reduce_only = True
        elif flag in ("pair", "oco"):
            self._once(word, "pair")
            self.both = word
        elif flag == "po":
            self._once(word, "po")
            self.post_only = word
        else:
            self._once(word, "time in force")
            self.time_in_force = TimeInForce(flag)

    def _pair(self, word: Word, written: str, value: str) -> None:
        key = KEYS.get(written) or KEYS.get(keys(written), written)
        if key == "stop":
            self._once(word, "stop")
            price = number(value)
            if price is None or price <= 0:
                raise word.wrong(f"{word.shown} is not a stop price: write stop=72000")
            self.stop = (word, price)
        elif key == "tr":
            self._once(word, "tr")
            self.trail = (word, read_distance(word, value))
        elif key == "sl":
            self._once(word, "sl")
            self.stop_loss = (word, read_leg(word, value))
        elif key == "tp":
            self._once(word, "tp")
            self.take_profit = (word, read_leg(word, value))
        elif key in ("chase", "twap"):
            self._once(word, key)
            setattr(self, key, (word, value))
        elif key == "acct":
            if self.account is not None:
                raise word.wrong(f"{word.shown}: the account is written twice", "")
            self.account = named_account(word, value, self._context)
        elif key in ABSENT:
            raise word.wrong(ABSENT[key], "")
        else:
            near = get_close_matches(key[:24], ["stop", "sl", "tp", "tr", "acct", "chase", "twap"], 1)
            text = f"{word.shown}: options are sl=, tp=, stop=, tr=, chase=, twap= and acct="
            raise word.wrong(text, *(f"{k}={value}" for k in near))


def _limit_of(word: Word, next_word: Word | None) -> tuple[Word, PriceWord]:
    """The price behind `@loc` and `@loo`: a number, or a word with @ of its own."""
    text = next_word.text if next_word is not None else ""
    if next_word is not None and is_korean_code(text):
        raise next_word.wrong(f"six digits are always a code: write {word.shown} @{text}", f"@{text}")
    if next_word is not None and (text.startswith("@") or number(text) is not None):
        price = read_price(next_word if text.startswith("@") else Word(f"@{text}", next_word.start - 1))
        if isinstance(price, At | Pegged):
            return next_word, price
    raise word.wrong(f"{word.shown} needs its limit right behind it: {word.shown} 71000")


def _tag(word: Word) -> str:
    tag = word.text[1:]
    if not 0 < len(tag) <= 24 or not all(c.isalnum() or c in "_-" for c in tag):
        raise word.wrong(f"{word.shown} is not a tag: # and up to 24 letters or digits")
    return tag


def _accounts(name: str, context: LineContext) -> list[AccountId]:
    """Accounts a name may mean: the whole id, or the broker's or the account's own part of it."""
    wanted = name.casefold()
    return [a for a in context.accounts if wanted in (a.casefold(), *a.casefold().split(":"))]


def named_account(word: Word, name: str, context: LineContext) -> AccountId:
    found = _accounts(name, context)
    if len(found) == 1:
        return found[0]
    what = "may be several accounts" if found else "is not an account"
    shown = found or context.accounts
    raise word.wrong(f"{word.shown}: {name[:24]!r} {what}: {', '.join(shown)}", *(f"acct={a}" for a in shown))


def which_account(verb: Word, options: Options, named: AccountId | None, context: LineContext) -> AccountId:
    """The account of a line: named in an option or before the symbol, else the first."""
    if options.account is not None and named not in (None, options.account):
        raise verb.wrong(f"two accounts are named: {named} and {options.account}")
    account = options.account or named
    if account is None and not context.accounts:
        raise verb.wrong("no account is known yet: wait until the broker is connected")
    return account or context.accounts[0]


class Subject(msgspec.Struct, frozen=True):
    """What a line is about: one reading of its words without @, = and #."""

    amount: Amount | None
    amount_word: Word | None
    instrument: Instrument
    account: AccountId | None

    @property
    def shown(self) -> str:
        named = f"{self.instrument.id} {self.instrument.name}"
        return f"{self.amount_word.text} of {named}" if self.amount_word else f"{named}, no quantity"


def read_subject(verb: Word, options: Options, context: LineContext, *, needs_amount: bool) -> Subject:
    """The one reading of quantity and symbol words. Raises LineError for none and for more than one, and where the
    selected instrument would be taken although a word may name another."""
    words = options.rest
    subject = _one_reading(verb, words, context, needs_amount=needs_amount)
    if [word for word in words if word is not subject.amount_word]:
        return subject
    for word in (*options.given.values(), *words):
        found = _overlooked(word, context)
        if found:
            shown, choices = ", ".join(f"{i.id} {i.name}" for i in found[:6]), [i.id for i in found[:6]]
            text = f"{word.shown} is also {shown}: write that, or a . for the selected {subject.instrument.code}"
            raise word.wrong(text, *choices, f". {word.text}")
    return subject


def _overlooked(word: Word, context: LineContext) -> Sequence[Instrument]:
    """What a word that was read as an option or a quantity may name: DAY and ALL are tickers, 00104K is a code, and
    ㅎㅅㅊ, the keys of gtc, are initials. Bare digits are none: b 700 is a quantity."""
    text = word.text.casefold()
    if text in FLAGS or (text.isascii() and text.isalnum() and not text.isdecimal()):
        return [i for i in context.find(word.text) if text in _whole(i)]
    return context.find(word.text) if FLAGS.get(keys(text)) is not None else ()


def _whole(instrument: Instrument) -> tuple[str, ...]:
    """What names it whole: GTC is the coin of `KRW-GTC` too."""
    code = instrument.code.casefold()
    return code, code.rpartition("-")[2], instrument.name.casefold(), instrument.name_ko


def _one_reading(verb: Word, words: Sequence[Word], context: LineContext, *, needs_amount: bool) -> Subject:
    amounts = [read_amount(word) for word in words]
    choices: list[int | None] = [at for at, amount in enumerate(amounts) if amount is not None]
    if not needs_amount:
        choices.append(None)
    readings: list[Subject] = []
    problems: list[LineError] = []
    for chosen in choices:
        rest = [at for at in range(len(words)) if at != chosen]
        if rest and rest[-1] - rest[0] != len(rest) - 1:
            continue
        try:
            instrument, account = read_symbol(verb, [words[at] for at in rest], context)
        except LineError as problem:
            problems.append(problem)
            continue
        amount, word = (None, None) if chosen is None else (amounts[chosen], words[chosen])
        readings.append(Subject(amount, word, instrument, account))
    if len(readings) == 1:
        return readings[0]
    first, last = (words[0], words[-1]) if words else (verb, verb)
    length = last.start + len(last.text) - first.start
    if readings:
        shown = " or ".join(reading.shown for reading in readings)
        raise LineError(f"this can be read in several ways: {shown}", first.start, (), length)
    if needs_amount and not choices:
        raise _no_amount(verb, words, context)
    problems.sort(key=lambda problem: not problem.suggestions)
    raise problems[0] if problems else first.wrong(f"{first.shown}: one quantity and one symbol, please")


def _no_amount(verb: Word, words: Sequence[Word], context: LineContext) -> LineError:
    codes = [word for word in words if is_korean_code(word.text)]
    if len(codes) > 1:
        one, two = codes[0], codes[1]
        shown = [f"{int(one.text):,} {two.text}", f"{one.text} {int(two.text):,}"]
        length = two.start + len(two.text) - one.start
        text = f"six digits are always a code, and here are two: write {shown[0]} or {shown[1]}"
        return LineError(text, one.start, shown, length)
    if words:
        if len(words) > 1 and not _candidates(" ".join(word.text for word in words), context):
            for word in words:
                if word.text != "." and not _candidates(word.text, context):
                    return word.wrong(f"{word.shown!r} is neither a quantity nor an instrument: write 10, 25% or all")
        read_symbol(verb, words, context)
    return LineError("how many? write 10, 0.05, ₩5m, 25% or all", verb.start + len(verb.text))


def read_symbol(verb: Word, words: Sequence[Word], context: LineContext) -> tuple[Instrument, AccountId | None]:
    """The instrument that words name, and the account in front of its colon, if one is."""
    if not words or (len(words) == 1 and words[0].text == "."):
        if context.selected is None:
            at = words[0] if words else verb
            raise LineError("which instrument? none is selected: write its code", at.start, (), len(at.text))
        return context.selected, None
    text, word = " ".join(word.text for word in words), words[0]
    length = words[-1].start + len(words[-1].text) - word.start
    found = _candidates(text, context)
    account = None
    if not found and ":" in text:
        account, text = _in_front(text, context)
        if account is not None and text == "." and context.selected is not None:
            return context.selected, account
        found = _candidates(text, context)
    if len(found) == 1:
        return found[0], account
    shown = text if len(text) <= 24 else text[:23] + "…"
    if not found:
        hint = "use its code (005930, AAPL, KRW-BTC), its name, or . for the selected one"
        raise LineError(f"no instrument fits {shown!r}: {hint}", word.start, (), length)
    names = ", ".join(f"{i.id} {i.name}" for i in found[:6])
    choices = [i.id if len({c.code for c in found}) < len(found) else i.code for i in found[:6]]
    raise LineError(f"{shown!r} may mean {names}", word.start, choices, length)


def _in_front(text: str, context: LineContext) -> tuple[AccountId | None, str]:
    """The account in front of a symbol, as in `ib2:AAPL` and `paper:main:XNAS:AAPL`, and the symbol."""
    for at in reversed([at for at, character in enumerate(text) if character == ":"]):
        found = _accounts(text[:at], context)
        if len(found) == 1:
            return found[0], text[at + 1 :]
    return None, text


def _candidates(text: str, context: LineContext) -> Sequence[Instrument]:
    """What a text may mean. A word that is a quantity by its form is a symbol only when it is a whole code."""
    found = context.find(text)
    reads_as_amount = text.casefold() in EVERYTHING or text[:1].isdigit() or text[:1] in ".₩$"
    if reads_as_amount and ":" not in text:
        found = [i for i in found if text.casefold() in (i.code.casefold(), i.name.casefold(), i.name_ko)]
    return found
