"""Writes settings as TOML with the doc line of every field above it: what `hoga config show` and the manual's page on
configuration print. What it writes reads back as the same settings.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from core.config import Settings, StrategySettings
from core.domain.decimals import plain

_OPENING = """\
# Settings of hoga. Every key may be left out; what stands here are the values in force.
# A variable of the environment wins over the file: HOGA_CONSOLE__LANGUAGE=ko is language in [console].
# "off" switches a limit of [risk] off. Secrets never stand here.
"""


def render_default(sections: Mapping[str, type[msgspec.Struct]] | None = None) -> str:
    """The full commented TOML of the defaults. `sections` adds tables of brokers: {"brokers.paper": PaperSettings}."""
    return render(Settings(), sections)


def render(settings: Settings, sections: Mapping[str, type[msgspec.Struct]] | None = None) -> str:
    """`settings` as commented TOML. Tables of brokers are written as they were read, or with the defaults of their type
    in `sections` as comments."""
    parts = [_OPENING]
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if isinstance(value, msgspec.Struct):
            parts.append("\n".join((f"[{name}]", *_struct_lines(value))))
    for name, raw in settings.brokers.items():
        parts.append("\n".join((f"[brokers.{_key(name)}]", *(f"{_key(k)} = {toml(v)}" for k, v in raw.items()))))
    for name, kind in (sections or {}).items():
        if name.removeprefix("brokers.") not in settings.brokers:
            parts.append("\n".join((f"[{name}]", *_struct_lines(kind(), is_comment=True))))
    for name, strategy in settings.strategies.items():
        parts.append("\n".join((f"[strategies.{_key(name)}]", *_struct_lines(strategy))))
    if not settings.strategies:
        example = ["# One table per strategy; NAME is yours, of a-z 0-9 _ -", "# [strategies.NAME]"]
        parts.append("\n".join((*example, *_struct_lines(StrategySettings(), is_comment=True))))
    lists = [f"{_key(name)} = {toml(items)}" for name, items in settings.watchlists.items()]
    lists = lists or ['# mine = ["005930", "AAPL"]']
    parts.append("\n".join(("# Named lists of instruments.", "[watchlists]", *lists)))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _struct_lines(value: msgspec.Struct, *, is_comment: bool = False) -> Iterator[str]:
    docs = field_docs(type(value))
    hints = get_type_hints(type(value))
    for name in value.__struct_fields__:
        found = getattr(value, name)
        doc = docs.get(name, "")
        choices = _choices(hints[name])
        if choices:
            doc = f"{doc} One of: {', '.join(choices)}.".strip()
        yield from textwrap.wrap(doc, 116, initial_indent="# ", subsequent_indent="# ", break_long_words=False)
        if found is None:
            yield f'# {name} = "off"' if not choices else f'# {name} = "{choices[0]}"'
        else:
            yield f"{'# ' if is_comment else ''}{name} = {toml(found)}"


def toml(value: Any) -> str:
    """A value as TOML writes it. Decimals are written plain, so they read back exactly."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Enum):
        return toml(value.value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return msgspec.json.encode(str(value)).decode().replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name) else toml(name)


def _choices(kind: Any) -> list[str]:
    for option in (kind, *get_args(kind)):
        if get_origin(option) is Literal:
            return [str(choice) for choice in get_args(option)]
        if isinstance(option, type) and issubclass(option, Enum):
            return [str(member.value) for member in option]
    return []


@cache
def field_docs(kind: type) -> dict[str, str]:
    """Field -> the text that stands under it in the source. Empty where the source is not at hand."""
    import ast
    import inspect

    try:
        tree = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    except (OSError, TypeError, KeyError):
        return {}
    docs: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            for field, text in zip(node.body, node.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    match text:
                        case ast.Expr(value=ast.Constant(value=str() as doc)):
                            docs[field.target.id] = " ".join(doc.split())
    return docs
