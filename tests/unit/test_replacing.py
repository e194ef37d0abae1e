"""Replaced files stay the same files, and several of them change together."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.processes import HANG_S

from kaiten_sync.disk import Disk
from kaiten_sync.errors import UsageError
from kaiten_sync.replacing import replace_files


def meta(path: Path) -> tuple[int, int, int, int]:
    found = path.stat()
    return (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, found.st_nlink)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
@pytest.mark.parametrize("owner", [None, 12345])
@pytest.mark.parametrize("is_linked", [False, True])
def test_a_rewritten_file_keeps_mode_owner_and_its_other_names(
    tmp_path: Path, mode: int, owner: int | None, is_linked: bool
) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(b"a longer text than the new one")
    if owner is not None and os.geteuid() == 0:
        os.chown(path, owner, owner)
    path.chmod(mode)
    if is_linked:
        (tmp_path / "other.json").hardlink_to(path)
    before = meta(path)
    Disk().write(path, b"new")
    assert path.read_bytes() == b"new"
    assert meta(path) == before
    if is_linked:
        assert (tmp_path / "other.json").read_bytes() == b"new"
    assert {each.name for each in tmp_path.iterdir()} <= {"plan.json", "other.json"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_that_cannot_be_made_alike_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise PermissionError

    path = tmp_path / "plan.json"
    path.write_bytes(b"a longer text than the new one")
    os.chown(path, 12345, 12345)
    monkeypatch.setattr(os, "chown", refuse)
    before = path.stat().st_ino
    Disk().write_pieces(path, iter([b"n", b"ew"]))
    assert (path.read_bytes(), path.stat().st_ino) == (b"new", before)
    assert [*tmp_path.iterdir()] == [path]


def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        Disk().write(tmp_path / "plan.json", b"new")
    finally:
        os.umask(mask)
    assert meta(tmp_path / "plan.json")[0] == 0o640


def test_several_files_change_or_none(tmp_path: Path) -> None:
    names = ["a", "b", "linked", "gone"]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "second").hardlink_to(tmp_path / "linked")
    (tmp_path / "file").write_bytes(b"")
    changes: dict[Path, bytes | None] = {tmp_path / name: b"new" for name in ("a", "b", "linked")}
    changes |= {tmp_path / "gone": None, tmp_path / "fresh": b"new"}
    with pytest.raises(UsageError, match="cannot write"):
        Disk().write_all({**changes, tmp_path / "file/below": b"new"})
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {
        **{name: name.encode() for name in names},
        "second": b"linked",
        "file": b"",
    }
    Disk().write_all(changes)
    assert not (tmp_path / "gone").exists()
    assert (tmp_path / "second").read_bytes() == (tmp_path / "fresh").read_bytes() == b"new"


@pytest.mark.parametrize("broken", range(3))
def test_a_failure_between_two_files_brings_all_of_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(b"old")
    replace, calls = os.replace, iter(range(9))

    def full(source: str, target: Path) -> None:
        if next(calls) == broken:
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UsageError, match="No space left"):
        Disk().write_all(dict.fromkeys(paths, b"new"))
    assert sorted(tmp_path.iterdir()) == paths
    assert {path.read_bytes() for path in paths} == {b"old"}


@pytest.mark.parametrize("broken", ["replace", "mkstemp", "folder"])
def test_a_failure_leaves_no_folder_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    (tmp_path / "there").mkdir()
    last = f"there/{'x' * 256}/c" if broken == "folder" else "there/c"
    names = ("new/catalog/a", "new/catalog/licenses/b", "new/d", last)

    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device", "name")

    if broken != "folder":
        monkeypatch.setattr({"replace": "os.replace", "mkstemp": "tempfile.mkstemp"}[broken], full)
    with pytest.raises(UsageError, match="cannot write"):
        Disk().write_all({tmp_path / name: b"new" for name in names})
    assert [*tmp_path.rglob("*")] == [tmp_path / "there"]


def test_a_folder_that_somebody_uses_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: str, target: Path) -> None:
        target.with_name("theirs").write_bytes(b"")
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UsageError, match="No space left"):
        Disk().write(tmp_path / "above/plans/plan.json", b"new")
    assert [*(tmp_path / "above/plans").iterdir()] == [tmp_path / "above/plans/theirs"]


def test_a_folder_that_takes_no_file_is_named_by_the_file_that_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**place: object) -> None:
        raise PermissionError(13, "Permission denied", f"{place['dir']}/{place['prefix']}f7owg5s")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(UsageError) as refused:
        Disk().write(tmp_path / "plan.json", b"new")
    assert str(refused.value) == f"cannot write {tmp_path / 'plan.json'}: Permission denied"


KILLED = """
import os, signal, sys
from pathlib import Path
from kaiten_sync.replacing import replace_files
count = iter(range(int(sys.argv[1])))
real = os.replace
def replace(*names):
    if next(count, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*names)
os.replace = replace
replace_files({Path(each): b"new" for each in sys.argv[2:]})
"""


@pytest.mark.parametrize("done", range(4))
def test_what_a_killed_process_leaves_is_whole_and_goes_with_the_next_one(
    tmp_path: Path, done: int
) -> None:
    names = [tmp_path / "a.yaml", tmp_path / "below" / "b.yaml", tmp_path / ("c" * 150)]
    names[0].write_bytes(b"old")
    theirs = tmp_path / f".a.yaml.{os.getpid()}.abcdefgh"  # of a process that is still at it
    others = [tmp_path / ".a.yaml.swp", tmp_path / ".a.yaml.0.abcdefgh", tmp_path / ".A.1.abcdefgh"]
    for each in (theirs, *others):
        each.write_bytes(b"")
    command = [sys.executable, "-c", KILLED, str(done), *map(str, names)]
    ended = subprocess.run(command, timeout=HANG_S, check=False)
    assert ended.returncode == (-signal.SIGKILL if done < len(names) else 0)
    found = [each.read_bytes() if each.exists() else None for each in names]
    assert found == [b"new"] * done + [b"old", None, None][done:]
    replace_files(dict.fromkeys(names, b"newer"))
    left = {each for each in tmp_path.rglob("*") if each.is_file()}
    assert left == {*names, theirs, *others}
