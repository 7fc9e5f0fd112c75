"""Figures, times and names as they read on the screen."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui import format as f
from tui.look import tight

NS = 1_000_000_000
MOMENT = 1_763_603_527 * NS  # 2025-11-20 01:52:07 UTC


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (71_000, 0, "71,000"),
        (227.305, 2, "227.31"),
        (Decimal("142105000"), 0, "142,105,000"),
        (Decimal("-0.004"), 2, "0.00"),
        (-0.0, 0, "0"),
        (None, 2, "-"),
        (float("nan"), 2, "-"),
        (Decimal("NaN"), 2, "-"),
    ],
)
def test_numbers(value: float | Decimal | None, decimals: int, text: str) -> None:
    assert f.number(value, decimals) == text


def test_a_decimal_is_written_digit_by_digit() -> None:
    long = Decimal("12345678901234567890123456789012345.67")
    assert f.number(long, 2) == "12,345,678,901,234,567,890,123,456,789,012,345.67"
    assert f.quantity(Decimal("0.05000000")) == "0.05"
    assert f.quantity(Decimal("1E+3")) == "1,000"
    assert f.quantity(Decimal("100")) == "100"


def test_signs_and_glyphs() -> None:
    assert f.change(0.42) == "▲ +0.42"
    assert f.change(Decimal("-1.08")) == "▼ -1.08"
    assert f.change(0.0) == f.change(-0.001) == "  0.00"
    assert f.change(None) == "  -"
    assert f.signed(Decimal(312450)) == "+312,450"
    assert f.signed(-1, 0) == "-1"
    assert f.percent(0.0062) == "+0.62%"
    assert f.percent(Decimal("-0.5"), 1) == "-50.0%"
    assert f.percent(None) == "-"
    assert [f.direction(value) for value in (1.0, Decimal(-1), 0, None)] == ["up", "down", "flat", "faint"]


def test_a_price_fits_its_column_or_says_that_digits_are_missing() -> None:
    for price, decimals, text in (
        (0.000913, 6, ".000913"),
        (0.00000123, 8, "1.23e-6"),
        (0.0183, 4, "0.0183"),
        (149_997_000.0, 0, "150.00M"),
        (None, 2, "-"),
    ):
        assert tight(price, decimals, 7) == text


def test_compact_figures() -> None:
    assert f.compact(142_100_000.0) == "142.10M"
    assert f.compact(Decimal(-9_810_000)) == "-9.81M"
    assert f.compact(8_200_000, 1) == "8.2M"
    assert f.compact(312.0) == "312"
    assert f.compact(71_000) == "71,000"
    assert f.compact(0.05) == "0.05"
    assert f.compact(2_500_000_000_000) == "2.50T"
    assert f.compact(None) == "-"


def test_money_has_its_currency_unless_it_is_the_base() -> None:
    assert f.money(Decimal(312450), "KRW", base="KRW", sign=True) == "+312,450"
    assert f.money(Decimal("-310.5"), "USD", base="KRW") == "-$310.50"
    assert f.money(Decimal(310), "USD", base="KRW", sign=True) == "+$310.00"
    assert f.money(Decimal(5000), "KRW", base="USD") == "₩5,000"
    assert f.money(Decimal("0.5"), "BTC") == "0.50000000 BTC"
    assert f.money(Decimal(0), "KRW", sign=True) == "₩0"
    assert f.money(None, "USD") == "-"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0"), (0.14, "0.1"), (9.99, "9.9"), (10, "10s"), (99, "99s"), (100, "1m"), (3600, "60m"), (7200, "2h"),
     (86400, "24h"), (172_800, "2d"), (-5, "0.0")],
)  # fmt: skip
def test_ages_fit_five_cells(seconds: float, text: str) -> None:
    assert f.age(round(seconds * NS)) == text
    assert len(text) <= 5


def test_durations() -> None:
    assert [f.duration(s * NS) for s in (12, 72, 3723, 200_000)] == ["0:12", "1:12", "1:02:03", "2d"]


def test_times_are_shown_in_the_zone_of_the_settings() -> None:
    seoul, new_york = f.DisplayZone("Asia/Seoul"), f.DisplayZone("America/New_York")
    assert seoul.clock(MOMENT) == seoul.clock(MOMENT + NS // 2) == "10:52:07"
    assert seoul.clock(MOMENT + NS) == "10:52:08"
    assert new_york.moment(MOMENT) == "2025-11-19 20:52:07"
    assert (seoul.minute(MOMENT), seoul.day(MOMENT)) == ("10:52", "2025-11-20")
    with pytest.raises(ZoneInfoNotFoundError):
        f.DisplayZone("Asia/Nowhere")


def test_names_clip_and_numbers_never_do() -> None:
    assert f.fit("삼성전자", 7) == "삼성전…"
    assert f.fit("삼성전자", 6) == "삼성… "
    assert f.fit("AAPL", 6, "right") == "  AAPL"
    assert f.fit("ab", 5, "centre") == " ab  "
    assert f.fit("1,234,567", 9, "right", number=True) == "1,234,567"
    assert f.fit("1,234,567", 8, "right", number=True) == "########"
    assert f.clip("abc", 0) == ""
    assert f.width("삼성a") == 5


@given(st.text(max_size=40), st.integers(0, 30), st.sampled_from(["left", "right", "centre"]), st.booleans())
def test_fitted_text_is_exactly_as_wide_as_asked_and_clean(text: str, cells: int, align: f.Align, number: bool) -> None:
    fitted = f.fit(text, cells, align, number=number)
    assert f.width(fitted) == cells
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in fitted)
    if fitted.isascii() or all(0xAC00 <= ord(char) <= 0xD7A3 or char.isascii() for char in fitted):
        assert cell_len(fitted) == cells


@pytest.mark.parametrize(
    ("value", "cells", "shown"),
    [
        ("10", 8, "10"),
        ("1.14144436", 10, "1.14144436"),
        ("1.14144436", 8, "~1.14144"),
        ("-1.14144499", 8, "~-1.1414"),
        ("0.00000001", 8, "~0.00000"),
        ("12345678.9", 8, "~12.3M"),
        ("120000", 8, "120,000"),
        ("1E+30", 60, "1,000,000,000,000,000,000,000,000,000,000"),
        ("-0.00000000000001", 8, "0"),
    ],
)
def test_a_quantity_that_does_not_fit_says_that_it_was_cut(value: str, cells: int, shown: str) -> None:
    assert f.quantity_in(Decimal(value), cells) == shown
    assert len(shown) <= max(cells, len("~12.3M"))


@given(value=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=8))
def test_a_quantity_in_a_column_is_never_clipped_nor_larger_than_it_is(value: Decimal) -> None:
    shown = f.quantity_in(value, 8)
    assert len(shown) <= 8
    if shown[-1].isdigit():
        read = Decimal(shown.lstrip("~").replace(",", ""))
        assert abs(read) <= abs(value)
