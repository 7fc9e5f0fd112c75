"""Settings from TOML and environment: strict, exact, and with errors a person can act on."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import Settings
from core.domain.errors import ConfigError
from storage.settings import Loaded, config_path, convert_section, data_dir, load, log_path, render, render_default

ROOT = Path(__file__).resolve().parents[2]


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str, **environ: str) -> Loaded:
    return load(write(folder, text), environ)


def test_nothing_written_means_defaults(tmp_path: Path) -> None:
    loaded = load(None, {"HOGA_HOME": str(tmp_path)})
    assert loaded == Loaded(settings=Settings(), path=None, sources={})


def test_a_file_is_read_exactly(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        """
        [console]
        language = "ko"
        [risk]
        daily_loss = 0.1
        max_open_orders = "off"
        [brokers.paper]
        seed = 3
        [strategies.ma-btc]
        instruments = ["UPBIT:KRW-BTC"]
        size = 0.30000000000000000001
        params = {fast = 5, slow = 20}
        [watchlists]
        mine = ["005930"]
        """,
    )
    settings = loaded.settings
    assert settings.console.language == "ko"
    assert settings.risk.daily_loss == Decimal("0.1")
    assert settings.risk.max_open_orders is None
    assert settings.brokers == {"paper": {"seed": 3}}
    assert settings.strategies["ma-btc"].size == Decimal("0.30000000000000000001")
    assert settings.watchlists == {"mine": ("005930",)}
    assert loaded.sources["risk.daily_loss"] == "file"


def test_the_environment_wins_and_is_checked_alike(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        '[console]\nlanguage = "en"\nflush_hz = 5\n',
        HOGA_CONSOLE__LANGUAGE="ko",
        HOGA_CONSOLE__BELL="true",
        HOGA_CONSOLE__WATCHLIST="005930, AAPL",
        HOGA_RISK__DAILY_LOSS="0.1",
        HOGA_RISK__MAX_OPEN_ORDERS="off",
        HOGA_BROKERS__PAPER__SEED="9",
        HOGA_LOG__FILE="123",
        HOGA_HOME="/nowhere",
        HOGA_TOKEN="unrelated",
    )
    settings = loaded.settings
    assert settings.console.language == "ko" and settings.console.bell is True
    assert settings.console.flush_hz == 5.0
    assert settings.console.watchlist == ("005930", "AAPL")
    assert settings.risk.daily_loss == Decimal("0.1") and settings.risk.max_open_orders is None
    assert settings.brokers["paper"] == {"seed": 9}
    assert settings.log.file == "123"
    assert loaded.sources["console.language"] == "HOGA_CONSOLE__LANGUAGE"
    assert loaded.sources["console.flush_hz"] == "file"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[console]\n\nlanguge = "ko"\n', ["line 3", "console.languge", "did you mean console.language?"]),
        ('[consle]\nlanguage = "ko"\n', ["line 1", "consle", "did you mean console?"]),
        ('language = "ko"\n', ["line 1", "did you mean console.language?"]),
        ('[console]\nlanguage = "kr"\n', ["line 2", "console.language", "'kr'", "en, ko"]),
        ("[console]\nflush_hz = 99\n", ["console", "between 1 and 20"]),
        ('[log]\nkeep = "many"\n', ["line 2", "log.keep", "whole number"]),
        ("[log]\nkeep = 1.5\n", ["log.keep", "whole number"]),
        ("[risk]\ndaily_loss = nan\n", ["risk", "daily_loss", "finite"]),
        ("[risk]\ndaily_loss = -1\n", ["daily_loss", "above zero"]),
        ("[risk]\ndaily_loss = true\n", ["line 2", "risk.daily_loss", "true", "a number"]),
        ("[console]\nwatchlist = [1]\n", ["line 2", "console.watchlist"]),
        ("console = 3\n", ["line 1", "console"]),
        ("[strategies.'My Bot']\n", ["strategies.My Bot", "a-z"]),
        ('[strategies.x]\ninterval = "1min"\n', ["strategies.x.interval", "1m"]),
        ('[console]\nzone = "Asia/Soul"\n', ["line 2", "console.zone", "Asia/Soul"]),
        ('[console]\nzone = "../../etc/passwd"\n', ["console.zone"]),
        ('[engine]\nbase_currency = "won"\n', ["engine.base_currency", "won"]),
        ("[console\n", ["not valid TOML", "line 1"]),
        ("a = 1\na = 2\n", ["not valid TOML", "line 2"]),
    ],
)
def test_an_error_names_file_line_key_and_what_would_do(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    for part in [str(tmp_path / "config.toml"), "Nothing", *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("HOGA_CONSOLE__LANGUGE", "ko", "did you mean console.language?"),
        ("HOGA_CONSOLE__LANGUAGE", "kr", "en, ko"),
        ("HOGA_LOG__KEEP", "many", "whole number"),
        ("HOGA_NOPE__X", "1", "there is no such key"),
        ("HOGA_CONSOLE__LANGUAGE__X", "1", "HOGA_CONSOLE__LANGUAGE__X"),
    ],
)
def test_an_error_names_the_variable(tmp_path: Path, name: str, value: str, part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, {"HOGA_HOME": str(tmp_path), name: value})
    assert part in str(caught.value) and name in str(caught.value)


def test_files_that_cannot_be_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        load(tmp_path / "absent.toml", {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {})
    path = tmp_path / "config.toml"
    path.write_bytes(b"# one\n\xff\xfe\n")
    with pytest.raises(ConfigError, match="line 2 is not UTF-8"):
        load(path, {})
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="larger than"):
        load(path, {})
    path.write_bytes("\ufeff[console]\r\nbell = true\r\n".encode())
    assert load(path, {}).settings.console.bell


@given(st.text(max_size=80))
def test_no_text_raises_anything_else(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            load(path, {})
        except ConfigError as error:
            assert str(path) in str(error)


class Demo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    seed: int = 7
    """A number."""
    rates: dict[str, Decimal] = {}


def test_a_brokers_own_table_is_checked_alike() -> None:
    assert convert_section(Demo, {"seed": 3, "rates": {"X": Decimal("0.1")}}, "brokers.demo") == Demo(
        seed=3, rates={"X": Decimal("0.1")}
    )
    with pytest.raises(ConfigError, match=r"brokers\.demo\.sed: .*did you mean brokers\.demo\.seed\?"):
        convert_section(Demo, {"sed": 3}, "brokers.demo")
    with pytest.raises(ConfigError, match=r"brokers\.demo\.rates\.X: .*'lots'.*a number"):
        convert_section(Demo, {"rates": {"W": Decimal(1), "X": "lots"}}, "brokers.demo")
    with pytest.raises(ConfigError, match=r"c\.toml: brokers\.demo\.seed"):
        convert_section(Demo, {"seed": "x"}, "c.toml: brokers.demo")


def test_what_is_rendered_reads_back_as_the_same(tmp_path: Path) -> None:
    text = render_default({"brokers.demo": Demo})
    loaded = read(tmp_path, text)
    assert msgspec.structs.replace(loaded.settings, brokers={}) == Settings()
    assert "# Language of the screen." in text and "[brokers.demo]" in text and "# seed = 7" in text
    full = read(
        tmp_path,
        '[risk]\ndaily_loss = 0.25\n[brokers.x]\n"a b" = "q\\"uote"\n[strategies.s-1]\nparams = {fast = 3}\n'
        '[watchlists]\nw = ["A"]\n',
    ).settings
    assert read(tmp_path, render(full)).settings == full


def test_every_field_of_the_settings_has_its_line() -> None:
    text = render_default()
    for section in ("console", "engine", "risk", "storage", "log"):
        for name in getattr(Settings(), section).__struct_fields__:
            assert f"\n{name} = " in text or f"\n# {name} = " in text


def test_places_follow_hoga_home(tmp_path: Path) -> None:
    environ = {"HOGA_HOME": str(tmp_path)}
    assert config_path(environ) == tmp_path / "config.toml"
    assert data_dir(environ) == tmp_path / "data"
    assert log_path(environ) == tmp_path / "log" / "hoga.log"
    assert config_path({}).name == "config.toml" and "hoga" in str(data_dir({}))


def test_reading_settings_imports_nothing_heavy() -> None:
    program = (
        "import sys, storage.settings, storage.journal, storage.archive, storage.tape\n"
        "heavy = {'sqlalchemy', 'alembic', 'aiosqlite', 'platformdirs', 'pandas', 'numpy', 'textual'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
