"""Files on disk: written whole or not at all."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaiten_sync.disk import Disk
from kaiten_sync.errors import UsageError
from kaiten_sync.redaction import Redaction


def test_a_link_still_leads_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to("there/plan.json")
    Disk().write(link, b"plan")
    assert link.is_symlink()
    assert (tmp_path / "there/plan.json").read_bytes() == b"plan"


@pytest.mark.parametrize("name", ["", "file/below"])
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="cannot write"):
        Disk().write(tmp_path / name, b"plan")


def test_a_growing_file_is_whole_after_every_write(tmp_path: Path) -> None:
    path = tmp_path / "below" / "receipt"
    file = Disk().grow(path, b"a long head")
    assert path.read_bytes() == b"a long head"
    file.replace_end(2, b"end")
    assert path.read_bytes() == b"a end"
    file.close()


@pytest.fixture
def small_files() -> Iterator[int]:
    """The system refuses to let a file of this process grow beyond so many bytes."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))
    yield 100
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def test_a_growing_file_that_may_not_grow_stays_whole(tmp_path: Path, small_files: int) -> None:
    path = tmp_path / "receipt"
    file = Disk().grow(path, b"[" + b"a" * 40 + b"]")
    with pytest.raises(OSError, match="File too large"):
        file.replace_end(41, b"b" * small_files + b"]")
    assert path.read_bytes() == b"[" + b"a" * 40 + b"]"
    file.replace_end(41, b"b" * 20 + b"]")
    assert path.read_bytes() == b"[" + b"a" * 40 + b"b" * 20 + b"]"
    file.close()


@pytest.mark.parametrize("before", [None, b"", b"an older one"])
def test_a_growing_file_that_cannot_begin_leaves_all_as_it_was(
    tmp_path: Path, small_files: int, before: bytes | None
) -> None:
    path = tmp_path / "below/of/receipt"
    if before is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(before)
    with pytest.raises(OSError, match="File too large"):
        Disk().grow(path, b"a" * (small_files + 1))
    assert (path.read_bytes() if path.exists() else None) == before
    assert (tmp_path / "below").exists() is (before is not None)


def test_a_file_with_a_token_is_not_written(tmp_path: Path) -> None:
    disk = Disk(Redaction("ksh_a-token-of-this-process"))
    with pytest.raises(UsageError, match="would contain the token"):
        disk.write(tmp_path / "plan", b"a KSH_A-token-of-this-process in a name")
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_file_whose_pieces_have_a_token_stays_as_it_was(tmp_path: Path, is_linked: bool) -> None:
    disk, path = Disk(Redaction("ksh_a-token-of-this-process")), tmp_path / "plan"
    disk.write(path, b"before")
    if is_linked:
        (tmp_path / "other").hardlink_to(path)
    there = {*tmp_path.iterdir()}
    with pytest.raises(UsageError, match="would contain the token"):
        disk.write_pieces(path, iter([b"a ksh_a-token-", b"of-this-process", b" in a name"]))
    assert path.read_bytes() == b"before"
    assert {*tmp_path.iterdir()} == there


def test_a_growing_file_grows_for_one_command(tmp_path: Path) -> None:
    """Two that write the same receipt would leave a mixture of both."""
    path = tmp_path / "receipt.json"
    first = Disk().grow(path, b"{}")
    with pytest.raises(OSError, match="another command is writing it now"):
        Disk().grow(path, b"[]")
    assert path.read_bytes() == b"{}"
    first.close()
    Disk().grow(path, b"[]").close()
    assert path.read_bytes() == b"[]"
