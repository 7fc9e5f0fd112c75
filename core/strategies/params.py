"""A strategy's parameters as people write them: checked against its `Params`, explained, and as plain text for the
journal and the screen. Scalars only: numbers, words, yes and no."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from math import isfinite
from typing import Any

import msgspec

from core.domain.errors import ConfigError


def check(kind: str, wanted: type[msgspec.Struct], raw: Mapping[str, Any]) -> Any:
    """The checked `Params`, numbers written as text allowed; ConfigError names the key and what is near."""
    known = wanted.__struct_fields__
    for key in raw:
        if key not in known:
            raise ConfigError(f"params: {kind} has no parameter {str(key)[:40]!r}{near(key, known)}")
    try:
        found = msgspec.convert(dict(raw), wanted, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"params: {error}") from None
    for name in known:
        value = getattr(found, name)
        if isinstance(value, float) and not isfinite(value):
            raise ConfigError(f"params: {name} must be a number, not {value}")
    return found


def problem_of(kind: str, wanted: type[msgspec.Struct], raw: Mapping[str, Any]) -> str:
    """Why `check` would refuse; empty when it would not."""
    try:
        check(kind, wanted, raw)
    except ConfigError as error:
        return str(error)
    return ""


def texts(params: Any) -> dict[str, str]:
    """Every parameter as text that `check` reads back as the same value."""
    if params is None:
        return {}
    return {name: text(getattr(params, name)) for name in params.__struct_fields__}


def text(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)


def near(word: object, known: Iterable[str]) -> str:
    names = list(known)
    found = get_close_matches(str(word), names, 1)
    return f"; did you mean {found[0]!r}?" if found else f"; known: {', '.join(names) or 'none'}"


@cache
def docs(kind: type) -> dict[str, str]:
    """Field -> the text under it in the source, of a class and those it is nested in. Empty without the source."""
    import ast
    import inspect

    try:
        tree = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    except (OSError, TypeError, KeyError, SyntaxError):
        return {}
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            for field, doc in zip(node.body, node.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    match doc:
                        case ast.Expr(value=ast.Constant(value=str() as words)):
                            found[field.target.id] = " ".join(words.split())
    return found
