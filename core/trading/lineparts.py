"""The words of the order line, one at a time: how a quantity, a price and an option are written, in English and in
Korean. Nothing here knows an instrument, a quote or an account; orderline.py puts the words together."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

import msgspec

from core.domain.instrument import Currency
from core.trading.hangul import keys
from core.trading.line import LineError

MAX_LINE = 240

# Full-width forms that Korean and Japanese input methods leave behind, one for one so that positions stay.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0xFFE6: ord("₩"), 0x3000: ord(" ")}

VERBS = {
    **dict.fromkeys(("b", "buy", "매수"), "buy"),
    **dict.fromkeys(("s", "sell", "매도"), "sell"),
    **dict.fromkeys(("x", "close", "청산"), "close"),
    **dict.fromkeys(("rev", "reverse", "반전"), "reverse"),
    **dict.fromkeys(("m", "modify", "정정"), "modify"),
    **dict.fromkeys(("c", "cancel", "취소"), "cancel"),
    **dict.fromkeys(("!", "panic", "비상"), "panic"),
    **dict.fromkeys(("p", "protect", "보호"), "protect"),
}
FLAGS = {
    **{word: word for word in ("day", "gtc", "ioc", "fok", "opg", "ext", "ro", "po", "pair", "oco")},
    **{"당일": "day", "장개시": "opg", "시간외": "ext", "감소": "ro", "쌍": "pair", "!": "!"},
}
KEYS = {
    **{word: word for word in ("stop", "sl", "tp", "tr", "acct", "chase", "twap")},
    **{"oco": "tp", "손절": "sl", "익절": "tp", "추적": "tr", "계좌": "acct", "추격": "chase", "분할": "twap"},
}
"""What may stand before `=`, and what it means."""
ABSENT = {"vwap": "nothing here slices by volume: twap=10m slices evenly over ten minutes"}
"""Words that other programs know and nobody here can carry out, and what to write instead."""
EVERYTHING = frozenset({"all", "전량", "전부"})


class Word(msgspec.Struct, frozen=True):
    """A word of the line, in narrow characters, and where it begins."""

    text: str
    start: int

    def wrong(self, text: str, *suggestions: str) -> LineError:
        return LineError(text, self.start, suggestions, len(self.text))

    @property
    def shown(self) -> str:
        return self.text if len(self.text) <= 24 else self.text[:23] + "…"


def split(line: str) -> list[Word]:
    """The words of a line. Raises LineError for what no person types: too long, control characters."""
    if len(line) > MAX_LINE:
        raise LineError(f"the line is too long ({len(line)} characters, at most {MAX_LINE})", MAX_LINE)
    narrow = line.translate(_NARROW)
    for at, character in enumerate(narrow):
        if unicodedata.category(character)[0] == "C" and character != "\t":
            raise LineError(f"an invisible character stands at place {at + 1}: delete it", at, ("",), 1)
    return [Word(found.group(), found.start()) for found in re.finditer(r"\S+", narrow)]


# --- quantities ------------------------------------------------------------------------------------------------------


class Units(msgspec.Struct, frozen=True):
    """So many shares, coins or contracts."""

    value: Decimal


class Cash(msgspec.Struct, frozen=True):
    """As many as this money buys."""

    amount: Decimal
    currency: Currency


class Share(msgspec.Struct, frozen=True):
    """A part (0 < f <= 1) of the buying power, or of the position."""

    fraction: Decimal


class Risk(msgspec.Struct, frozen=True):
    """As many as lose this part of the equity at the stop loss."""

    fraction: Decimal


Amount = Units | Cash | Share | Risk

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,15})(?:\.[0-9]{1,12})?|\.[0-9]{1,12}"
_SCALES = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_SCALES |= {"천": 10**3, "만": 10**4, "십만": 10**5, "백만": 10**6, "천만": 10**7, "억": 10**8}
_SCALE = "|".join(sorted((re.escape(scale) for scale in _SCALES), key=len, reverse=True))
_UNITS = re.compile(rf"({_NUMBER})(k|m|천|만|십만|백만|천만)?(?:주|개|계약)?", re.IGNORECASE)
_CASH = re.compile(rf"(?:([₩$])({_NUMBER})({_SCALE})원?|({_NUMBER})({_SCALE})(원|달러))", re.IGNORECASE)
_PERCENT = re.compile(rf"(r?)({_NUMBER})%", re.IGNORECASE)
_CODE = re.compile(r"[0-9]{6}")
_CURRENCIES = {"₩": Currency("KRW"), "원": Currency("KRW"), "$": Currency("USD"), "달러": Currency("USD")}


def number(text: str) -> Decimal | None:
    """A plain number as people write it, thousands separators allowed; None for anything else."""
    return Decimal(text.replace(",", "")) if re.fullmatch(_NUMBER, text) else None


def is_korean_code(word: str) -> bool:
    """A bare six-digit number is always a Korean code, never a quantity."""
    return _CODE.fullmatch(word) is not None


def read_amount(word: Word) -> Amount | None:
    """The quantity a word says; None when it says none. Raises LineError for zero and for more than all."""
    text = word.text
    if text.casefold() in EVERYTHING:
        return Share(Decimal(1))
    if found := _PERCENT.fullmatch(text):
        fraction = _above_zero(word, found[2]) / 100
        if fraction > 1:
            raise word.wrong(f"{word.shown} is more than all: at most 100%", "100%")
        return Risk(fraction) if found[1] else Share(fraction)
    if found := _CASH.fullmatch(text):
        mark, digits, scale = (found[1], found[2], found[3]) if found[1] else (found[6], found[4], found[5])
        return Cash(_above_zero(word, digits) * _SCALES[scale.lower()], _CURRENCIES[mark])
    if is_korean_code(text):
        return None
    if found := _UNITS.fullmatch(text):
        return Units(_above_zero(word, found[1]) * _SCALES[(found[2] or "").lower()])
    return None


def _above_zero(word: Word, digits: str) -> Decimal:
    value = Decimal(digits.replace(",", ""))
    if value <= 0:
        raise word.wrong(f"{word.shown}: a quantity must be above zero")
    return value


# --- prices ----------------------------------------------------------------------------------------------------------


class At(msgspec.Struct, frozen=True):
    """The price that was written."""

    price: Decimal


class Pegged(msgspec.Struct, frozen=True):
    """A price beside another: `anchor` is bid, ask, last or mid; moved by ticks, or by a fraction."""

    anchor: str
    ticks: int = 0
    fraction: Decimal = Decimal(0)


class Market(msgspec.Struct, frozen=True):
    """No price: whatever the book gives."""


class Auction(msgspec.Struct, frozen=True):
    """The price of an auction: at the open, or at the close; with a limit (`has_limit`), which is the next word."""

    at_open: bool
    has_limit: bool = False


PriceWord = At | Pegged | Market | Auction

_ANCHORS = {"b": "bid", "bid": "bid", "매수호가": "bid", "a": "ask", "ask": "ask", "매도호가": "ask"}
_ANCHORS |= {"l": "last", "last": "last", "현재가": "last", "mid": "mid", "중간가": "mid"}
_PEGGED = re.compile(rf"([a-z가-힣]+)(?:([+-])(?:([0-9]{{1,3}})t?|({_NUMBER})%))?")
_WORDS: dict[str, PriceWord] = {"mkt": Market(), "market": Market(), "시장가": Market()}
_WORDS |= dict.fromkeys(("moc", "종가", "장마감시장가"), Auction(at_open=False))
_WORDS |= dict.fromkeys(("moo", "시가", "장개시시장가"), Auction(at_open=True))
_WORDS |= dict.fromkeys(("loc", "지정종가", "장마감지정가"), Auction(at_open=False, has_limit=True))
_WORDS |= dict.fromkeys(("loo", "지정시가", "장개시지정가"), Auction(at_open=True, has_limit=True))


def read_price(word: Word) -> PriceWord:
    """A word that begins with @. Raises LineError when no price is behind it."""
    body = word.text[1:]
    plain_number = number(body)
    if plain_number is not None:
        if plain_number <= 0:
            raise word.wrong("a price must be above zero")
        return At(plain_number)
    for text in (body.casefold(), keys(body).casefold()):
        if text in _WORDS:
            return _WORDS[text]
        found = _PEGGED.fullmatch(text)
        if found and found[1] in _ANCHORS:
            sign = -1 if found[2] == "-" else 1
            fraction = Decimal((found[4] or "0").replace(",", "")) / 100 * sign
            if abs(fraction) >= 1:
                raise word.wrong(f"{word.shown} is too far: less than 100%")
            return Pegged(_ANCHORS[found[1]], sign * int(found[3] or 0), fraction)
    raise word.wrong(f"{word.shown} is not a price: write @71000, @b, @a, @l, @mid, @a+2, @l-0.3%, @mkt or @moc")


class Distance(msgspec.Struct, frozen=True):
    """How far from a price: in price units, ticks, or as a fraction of it."""

    value: Decimal
    kind: str
    """price, ticks or fraction."""
    sign: str = ""
    """As it was written: + above, - below; empty when none was."""


def read_leg(word: Word, text: str) -> Distance:
    """Where a leg stands: at a price (`69500`), or so far from the entry (`-2%`, `+10t`)."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    value = number(text[len(sign) :])
    if value is not None and value > 0:
        if sign:
            raise word.wrong(f"{word.shown}: a price has no sign; a distance is written {sign}2% or {sign}5t")
        return Distance(value, "price")
    if text[-1:] in ("%", "t"):
        distance = read_distance(word, text[len(sign) :])
        return Distance(distance.value, distance.kind, sign)
    raise word.wrong(f"{word.shown} says no price and no distance: write sl=69500, sl=-2% or sl=-5t")


def read_distance(word: Word, text: str) -> Distance:
    """`500`, `5t` or `1%`. Raises LineError for anything else."""
    for suffix, kind in (("t", "ticks"), ("%", "fraction"), ("", "price")):
        value = number(text.removesuffix(suffix)) if text.endswith(suffix) else None
        if value is None or value <= 0:
            continue
        if kind == "fraction":
            value /= 100
        if (kind == "fraction" and value >= 1) or (kind == "ticks" and (value % 1 or value > 999)):
            break
        return Distance(value, kind)
    raise word.wrong(f"{word.shown} is not a distance: write tr=1%, tr=5t (ticks) or tr=500 (price)")
