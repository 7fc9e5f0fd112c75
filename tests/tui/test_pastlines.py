"""Lines kept for the next session: what is kept, in what kind of file, and that no file of others does harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.config import Settings
from tests.tui.scripted import ScriptedDesk
from tui.app import HogaApp
from tui.pastlines import LONGEST, MOST, NAME, keep, read
from tui.places import Places


def test_lines_are_kept_once_newest_last_for_this_user_alone(tmp_path: Path) -> None:
    for line in ("b 10 005930", "x 005930", "매수 10 삼성전자", "b 10 005930"):
        assert keep(tmp_path, line)
    assert read(tmp_path) == ["x 005930", "매수 10 삼성전자", "b 10 005930"]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_only_so_many_are_kept_and_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    for number in range(3 * MOST):
        keep(tmp_path, f"b {number} 005930")
    assert read(tmp_path) == [f"b {number} 005930" for number in range(2 * MOST, 3 * MOST)]
    assert len((tmp_path / NAME).read_text("utf-8").splitlines()) == MOST
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x" * (LONGEST + 1),
        "b 10\n005930",
        "b 10 \u202e005930",
        "note app_key=PSabcDEF0123456789abcdef",
        "b 10 005930 acct=12345678-01",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
    ],
)
def test_what_looks_like_a_secret_or_is_no_line_is_not_kept(tmp_path: Path, line: str) -> None:
    assert not keep(tmp_path, line)
    assert not (tmp_path / NAME).exists()


def test_hostile_files_do_no_harm(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("secret\n", "utf-8")
    (tmp_path / NAME).symlink_to(other)
    assert read(tmp_path) == [] and not keep(tmp_path, "b 10 005930")
    assert other.read_text("utf-8") == "secret\n"
    (tmp_path / NAME).unlink()
    os.mkfifo(tmp_path / NAME)
    assert read(tmp_path) == [] and not keep(tmp_path, "b 10 005930")
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).write_bytes(b"\xff\xfe\x00b 10\x1b[2J\n" + b"a" * 10_000 + b"\nx 005930\n\n")
    assert read(tmp_path) == ["x 005930"]
    assert read(tmp_path / "nowhere") == [] and not keep(tmp_path / "nowhere", "x")


async def test_only_what_was_understood_comes_back_in_the_next_session(tmp_path: Path) -> None:
    app = HogaApp(ScriptedDesk(), Settings(), places=Places(data=tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        while app.picture.status is None:
            await pilot.pause(0.05)
        for line in ("help", "b 10 nonsense", "c all", "unlock main", "RESUME\tmain"):
            app.typed.enter(line)
        assert app.typed.history == ["help", "b 10 nonsense", "c all"], "a name is typed anew, not recalled"
    again = HogaApp(ScriptedDesk(), Settings(), places=Places(data=tmp_path))
    assert again.typed.history == ["help", "c all"]


def test_without_a_folder_nothing_is_kept() -> None:
    assert HogaApp(ScriptedDesk(), Settings()).typed.history == []
    assert not Path(NAME).exists()
