"""docs/risk.md, from the rules themselves: their codes and words out of the source, their limits out of RiskLimits."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap

from core.domain.limits import RiskLimits
from core.trading import risk
from core.trading.limits import text_of
from tests.house.sources import ROOT


def rules() -> list[tuple[str, list[str], list[str]]]:
    """(codes, words, limits) of each rule in the order they are asked."""
    found = []
    for check in risk.CHECKS:
        source = textwrap.dedent(inspect.getsource(check))
        codes: list[str] = []
        words: list[str] = []
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Denial", "_short_of"):
                place = 0 if node.func.id == "Denial" else 1  # type: ignore[attr-defined]
                code, text = node.args[place], node.args[3]
                codes += [code.value] if isinstance(code, ast.Constant) and code.value not in codes else []
                said = _said(text)
                words += [said] if said and said not in words else []
        limits = [name for name in RiskLimits.__struct_fields__ if re.search(rf"limits\.{name}\b", source)]
        if "collar_of" in source:
            limits += [name for name in RiskLimits.__struct_fields__ if name.startswith("price_collar")]
        first = (check.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
        found.append((", ".join(codes), [re.sub(r"\s+", " ", first)] if first else words, limits))
    return found


def _said(text: ast.expr) -> str:
    """A sentence of the source; what varies in it is left open."""
    if isinstance(text, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in text.values)
    return str(text.value) if isinstance(text, ast.Constant) else ""


def risk_page(note: str) -> str:
    head = (ROOT / "docs" / "risk-head.md").read_text("utf-8")
    parts = ["# Limits and the kill switch\n", note, head, "## The rules, in the order they are asked\n"]
    parts += ["| code | refuses, or why it is there | limits and their defaults |", "|---|---|---|"]
    for codes, words, limits in rules():
        named = ", ".join(f"`{name}` = {text_of(getattr(RiskLimits(), name))}" for name in limits)
        parts.append(f"| {codes} | {'; '.join(words)} | {named} |")
    parts.append(
        "\n`cancel rate`: `max_cancels_per_minute`, for strategies alone; protective cancels are never refused.\n"
    )
    parts.append("A refusal names its code, the limit and the actual value; `hoga config show` explains every limit.")
    return "\n".join(parts) + "\n"
