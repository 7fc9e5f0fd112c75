"""Reads the settings: one TOML file and HOGA_SECTION__KEY variables -> core.config.Settings. Whole or not at all: every
error names file, line, key and the nearest valid key. Secrets are never here; a field names where to look for one.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import msgspec

from core.config import Settings
from core.domain.errors import ConfigError
from storage.files import reason
from storage.places import HOME, config_path, data_dir, log_path
from storage.settings_text import render, render_default

__all__ = [
    "HOME",
    "Loaded",
    "config_path",
    "convert_section",
    "data_dir",
    "load",
    "log_path",
    "render",
    "render_default",
]

PREFIX = "HOGA_"
MAX_BYTES = 1_000_000
NAME = re.compile(r"[a-z0-9_-]{1,24}")
OFF = "off"
"""TOML has no null: this word switches a limit off."""

_T = TypeVar("_T")
_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$[^`]*|key in [^`]*)`)?$", re.S)
_Path = tuple[str, ...]


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What was read. `path` is None when there was no file. `sources` says for each dotted key that is not a default
    whether `file` or an environment variable (by its name) set it."""

    settings: Settings
    path: Path | None
    sources: dict[str, str]


class _Origin(msgspec.Struct):
    """Where values came from: to name the place of an error."""

    file: str = ""
    text: str = ""
    variables: dict[_Path, str] = {}

    def place(self, path: _Path) -> str:
        for length in range(len(path), 0, -1):
            if path[:length] in self.variables:
                return f"environment variable {self.variables[path[:length]]}"
        if not self.file:
            return ""
        line = find_line(self.text, path)
        below = next((name for key, name in self.variables.items() if key[: len(path)] == path), None)
        if not line and below:
            return f"environment variable {below}"
        return f"{self.file}, line {line}" if line else self.file


def load(path: Path | str | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Settings from `path` (None: the platform's place, where a missing file means defaults) and from `environ`
    (None: the process's), which wins. Raises ConfigError."""
    environ = os.environ if environ is None else environ
    file = config_path(environ) if path is None else Path(path).expanduser()
    text = _read(file, is_required=path is not None)
    tree: dict[str, Any] = {}
    if text is not None:
        import tomllib  # most starts read no file

        try:
            tree = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{file} is not valid TOML: {error}. Nothing of it was used; repair that line") from None
    origin = _Origin(file=str(file), text=text or "")
    sources = {".".join(key): "file" for key in _leaves(tree)}
    for name, key in _variables(environ):
        _put(tree, key, _read_variable(name, key, environ[name]), name)
        origin.variables[key] = name
        sources[".".join(key)] = name
    settings = _convert(Settings, tree, (), origin)
    _check(settings, origin)
    return Loaded(settings=settings, path=file if text is not None else None, sources=sources)


def line_of(loaded: Loaded, path: tuple[str, ...]) -> str:
    """Where `path` was set, for errors of checks that are not made here: `FILE, line N`, or the variable."""
    for length in range(len(path), 0, -1):
        source = loaded.sources.get(".".join(path[:length]), "")
        if source and source != "file":
            return f"environment variable {source}"
    text = _read(loaded.path, is_required=False) if loaded.path is not None else None
    return _Origin(file=str(loaded.path), text=text).place(path) if text is not None else ""


def convert_section(kind: type[_T], raw: Mapping[str, Any], where: str) -> _T:
    """A raw table (`[brokers.NAME]`, a strategy's params) as `kind`, with the same strictness and the same errors.
    `where` is its dotted name, and may begin with a file: `config.toml: brokers.paper`."""
    file, _, name = where.rpartition(": ")
    return _convert(kind, dict(raw), tuple(name.split(".")) if name else (), _Origin(file=file))


# --- file and environment ---------------------------------------------------------------------------------------------


def _read(file: Path, *, is_required: bool) -> str | None:
    try:
        with file.open("rb") as stream:
            found = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        if is_required:
            raise ConfigError(
                f"there is no file {file}. Nothing was started; `hoga config show` prints one to begin with"
            ) from None
        return None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {reason(error)}. Nothing was started") from None
    if len(found) > MAX_BYTES:
        raise ConfigError(f"{file} is larger than {MAX_BYTES:,} bytes: this is no settings file. Nothing was started")
    try:
        return found.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}, line {line} is not UTF-8 text. Nothing of it was used; save it as UTF-8") from None


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, _Path]]:
    """(variable, key) of those that set something: HOGA_CONSOLE__LANGUAGE is console.language. One without a double
    underscore is none of ours (HOGA_HOME, a secret somebody keeps there)."""
    for name in sorted(environ):
        if name.startswith(PREFIX) and "__" in name:
            yield name, tuple(part.lower() for part in name[len(PREFIX) :].split("__"))


def _read_variable(name: str, key: _Path, text: str) -> Any:
    """The variable's text as TOML would give it: text where the key takes text, else a number, true, false or a list
    (`a,b` will do)."""
    kind = _kind_of(Settings, key)
    plain = _strip_none(kind)
    if plain is str or get_origin(plain) is Literal or (isinstance(plain, type) and issubclass(plain, str)):
        return text
    if text.strip().lower() == OFF:
        return OFF
    if get_origin(plain) is tuple and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    import tomllib

    try:
        return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        if plain is Any or kind is None:
            return text
        raise ConfigError(
            f"environment variable {name}: {'.'.join(key)} cannot be {text[:40]!r}; write {_describe(plain)}. "
            "Nothing was started"
        ) from None


def _put(tree: dict[str, Any], key: _Path, value: Any, name: str) -> None:
    for part in key[:-1]:
        inner = tree.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"environment variable {name}: {part} is not a section. Nothing was started")
        tree = inner
    tree[key[-1]] = value


def _leaves(tree: Mapping[str, Any], at: _Path = ()) -> Iterator[_Path]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*at, key))
        else:
            yield (*at, key)


# --- checking ---------------------------------------------------------------------------------------------------------


def _convert(kind: type[_T], tree: dict[str, Any], at: _Path, origin: _Origin) -> _T:
    tree = _check_keys(kind, tree, at, origin)
    try:
        return msgspec.convert(tree, kind, strict=True)
    except msgspec.ValidationError as error:
        raise _refusal(kind, tree, at, origin, str(error)) from None


def _check_keys(kind: Any, tree: dict[str, Any], at: _Path, origin: _Origin) -> dict[str, Any]:
    """Refuse unknown keys with the nearest valid one, and turn `off` into None where None is allowed."""
    kinds = _fields(kind)
    checked: dict[str, Any] = {}
    for key, value in tree.items():
        if kinds is not None and key not in kinds:
            raise _error(origin, (*at, key), f"there is no such key{_nearest(key, kinds, at)}")
        inner = kinds[key] if kinds is not None else _item(kind)
        if isinstance(value, dict):
            checked[key] = _check_keys(_strip_none(inner), value, (*at, key), origin)
        else:
            checked[key] = None if value == OFF and _takes_none(inner) else value
    return checked


def _nearest(key: str, kinds: Mapping[str, Any], at: _Path) -> str:
    near = difflib.get_close_matches(key.lower().replace("-", "_"), kinds, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {'.'.join((*at, near[0]))}?"
    if not at:
        for section, kind in kinds.items():
            if key in (_fields(kind) or {}):
                return f"; did you mean {section}.{key}?"
    return f"; there are: {', '.join(sorted(kinds))}" if kinds else ""


def _refusal(kind: Any, tree: Any, at: _Path, origin: _Origin, text: str) -> ConfigError:
    match = _AT.match(text)
    what, where = (match["what"], match["path"] or "$") if match else (text, "$")
    path = tuple(item or name for item, name in re.findall(r"\[(\.\.\.|\d+)\]|\.([^.\[\]]+)", where))
    names: _Path = ()
    value: Any = tree
    for step in path:
        part = step
        if step == "...":  # a key of a table with free names: find the one that does not fit
            part = next((name for name in value if not _fits(kind, (*names, name), value[name])), step)
        names = (*names, part)
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
    wanted = _kind_of(kind, names)
    if not isinstance(value, dict) and wanted is not None and (what.startswith(("Expected", "Invalid"))):
        told = _describe(_strip_none(wanted))
        near = _near_value(value, wanted)
        return _error(origin, (*at, *names), f"it cannot be {_shown(value)}; write {told}{near}")
    return _error(origin, (*at, *names), what)


def _fits(kind: Any, path: _Path, value: Any) -> bool:
    try:
        msgspec.convert(value, _kind_of(kind, path) or Any, strict=True)
    except msgspec.ValidationError:
        return False
    return True


def _error(origin: _Origin, path: _Path, what: str) -> ConfigError:
    place = origin.place(path)
    key = ".".join(path)
    start = ": ".join(part for part in (place, key) if part)
    return ConfigError(f"{start}: {what}. Nothing of the settings was used")


def _check(settings: Settings, origin: _Origin) -> None:
    """What the types cannot say."""
    try:
        ZoneInfo(settings.console.zone)
    except (ValueError, OSError, LookupError):
        raise _error(
            origin,
            ("console", "zone"),
            f"there is no time zone {settings.console.zone[:40]!r}; write one like Asia/Seoul",
        ) from None
    if not re.fullmatch(r"[A-Z0-9]{2,10}", settings.engine.base_currency):
        text = f"{settings.engine.base_currency[:20]!r} is not a currency; write one like KRW"
        raise _error(origin, ("engine", "base_currency"), text)
    for section, names in (("strategies", settings.strategies), ("watchlists", settings.watchlists)):
        for name in names:
            if not NAME.fullmatch(name):
                text = "a name has 1 to 24 characters of a-z, 0-9, _ and -"
                raise _error(origin, (section, name), text)


# --- types ------------------------------------------------------------------------------------------------------------


def _fields(kind: Any) -> dict[str, Any] | None:
    """Field name -> type of a struct; None for anything else."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return {name: hints[name] for name in kind.__struct_fields__}
    return None


def _item(kind: Any) -> Any:
    """Type of the values of a table with free names."""
    arguments = get_args(kind)
    return arguments[1] if get_origin(kind) is dict and len(arguments) == 2 else Any


def _kind_of(kind: Any, path: _Path) -> Any:
    """Type at `path` below `kind`; None when there is no such place."""
    for part in path:
        kind = _strip_none(kind)
        kinds = _fields(kind)
        if kinds is not None:
            if part not in kinds:
                return None
            kind = kinds[part]
        elif get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        else:
            kind = _item(kind)
    return kind


def _takes_none(kind: Any) -> bool:
    return NoneType in get_args(kind)


def _strip_none(kind: Any) -> Any:
    left = [option for option in get_args(kind) if option is not NoneType]
    return left[0] if _takes_none(kind) and len(left) == 1 else kind


def _describe(kind: Any) -> str:
    """What may be written, in words."""
    choices = _choices(kind)
    if choices:
        return "one of " + ", ".join(choices)
    if get_origin(kind) is tuple:
        return 'a list of texts, like ["a", "b"]'
    if get_origin(kind) is dict or _fields(kind) is not None:
        return "a table"
    words = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        Decimal: "a number",
        str: "a text in quotes",
    }
    found = getattr(kind, "__supertype__", kind)
    return words.get(found, "another value")


def _choices(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    members = getattr(kind, "__members__", None)
    return [str(member.value) for member in members.values()] if members else []


def _near_value(value: Any, kind: Any) -> str:
    near = difflib.get_close_matches(str(value).lower(), _choices(_strip_none(kind)), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def find_line(text: str, path: _Path) -> int | None:
    """The line that sets `path`, or its nearest table's header; None when it cannot be told."""
    table: _Path = ()
    best, depth = None, 0
    for number, line in enumerate(text.split("\n"), 1):
        head = re.match(r"\s*\[\[?([^\]]+)\]", line)
        assigned = re.match(r"\s*([\w.\"'-]+)\s*=", line)
        if head:
            table = _dotted(head[1])
            key = table
        elif assigned:
            key = (*table, *_dotted(assigned[1]))
        else:
            continue
        if path[: len(key)] == key and len(key) > depth:
            best, depth = number, len(key)
    return best


def _dotted(text: str) -> _Path:
    return tuple(part.strip().strip("\"'") for part in text.split("."))
