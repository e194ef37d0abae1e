"""Somebody saves, breaks or removes a file while a command edits it: their content stays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.property.test_lying_server import CATALOG, Liar
from tests.support.scripted import Reply, Scripted, scripted

from kaiten_sync.cli.run import run
from kaiten_sync.declare import FileChange
from kaiten_sync.disk import Disk
from kaiten_sync.errors import ChangedFileError
from kaiten_sync.jobs.overwriting import write_changes

OVERLAY = "version: 1\nlicenses: {growth: {entitlements: {calls: 600}}}\n"
PROJECT = """\
version: 1
catalog: [c.yaml]
targets: {local: {url: %s, overlays: [o.yaml]}}
"""
COMMANDS = {
    "adopt": ("adopt",),
    "adopt --into-overlay": ("adopt", "--into-overlay"),
    "export --overlay-of": ("export", "--overlay-of", "local", "--force"),
}
SERVER = Liar()


def _piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "not YAML": lambda path: path.write_text("a: [\n"),
    "not UTF-8": lambda path: path.write_bytes(path.read_bytes() + b"# \xe9\n"),
    "UTF-16": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "nested": lambda path: path.write_text("[" * 10_000),
    "too large": lambda path: os.truncate(path, 2**40),
    "gone": Path.unlink,
    "a pipe": _piped,
}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KAITEN_BASE_URL", raising=False)
    SERVER.reset()
    SERVER.lie = Liar.lie
    with scripted(SERVER.answer) as running:
        Path("c.yaml").write_text(CATALOG)
        Path("o.yaml").write_text(OVERLAY)
        Path("kaiten-sync.yaml").write_text(PROJECT % running.url)
        yield running


@pytest.mark.parametrize("name", ["c.yaml", "o.yaml"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_somebody_leaves_in_a_file_is_no_bug(
    server: Scripted,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    change: Callable[[Path], object],
    name: str,
) -> None:
    path, left = Path(name), False

    def changed(_method: str, _path: str, reply: Reply) -> Reply:
        nonlocal left
        if not left:  # the files were read, and the server is being read
            left = True
            change(path)
        return reply

    SERVER.lie = changed
    code = run(command)
    said = capsys.readouterr().err
    assert left
    assert "this is a bug" not in said, said
    # An overlay that is gone, or replaced as a whole, is made again.
    assert code in ((0, 3, 4) if name == "o.yaml" else (3, 4)), said
    if code:
        assert name in said, said
        assert Path("kaiten-sync.yaml").read_text() == PROJECT % server.url


@pytest.mark.parametrize("now", [b"theirs", None], ids=["saved", "removed"])
def test_what_was_saved_since_it_was_read_is_not_overwritten(
    tmp_path: Path, now: bytes | None
) -> None:
    one, other = (tmp_path / name for name in ("one.yaml", "other.yaml"))
    one.write_bytes(b"before")
    if now is not None:
        other.write_bytes(now)
    changes = [
        FileChange(shown=each.name, path=each, before=b"before", after=b"after")
        for each in (one, other)
    ]
    with pytest.raises(ChangedFileError, match=r"other\.yaml was changed while this command ran"):
        write_changes(changes, Disk())
    assert one.read_bytes() == b"before"
    assert other.exists() is (now is not None)


def test_what_nobody_touched_is_written(tmp_path: Path) -> None:
    one, new = tmp_path / "one.yaml", tmp_path / "new.yaml"
    one.write_bytes(b"before")
    write_changes(
        [
            FileChange(shown="one.yaml", path=one, before=b"before", after=b"after"),
            FileChange(shown="new.yaml", path=new, before=None, after=b"made"),
        ],
        Disk(),
    )
    assert (one.read_bytes(), new.read_bytes()) == (b"after", b"made")


SMALL = """\
version: 1
entitlements: {calls: {name: Ours, type: NUMBER}}
licenses: {growth: {name: Growth, type: PAID, entitlements: {calls: 800}}}
"""
OUTPUTS = {
    "plan -o": ("plan", "--previous", "none", "-o"),
    "plan --impact-out": ("plan", "--previous", "none", "--impact-out"),
    "plan --check --fresh": ("plan", "--check", "-o", "p.json", "--fresh"),
    "drift --revert": ("drift", "--revert", "--plan", "none", "-o"),
}


@pytest.mark.parametrize("before", [False, True], ids=["new", "there before"])
@pytest.mark.parametrize("words", OUTPUTS.values(), ids=OUTPUTS)
def test_what_was_saved_under_the_name_of_an_output_stays(
    server: Scripted, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], before: bool
) -> None:
    Path("c.yaml").write_text(SMALL)
    if before and run((*words, "out.json")) not in (0, 2):
        pytest.fail(capsys.readouterr().err)
    left = False

    def saved(_method: str, _path: str, reply: Reply) -> Reply:
        nonlocal left
        left = True
        Path("out.json").write_text("theirs")
        return reply

    SERVER.lie = saved
    code = run((*words, "out.json"))
    said = capsys.readouterr().err
    assert left
    assert (code in (3, 4), "out.json" in said) == (True, True), said
    assert Path("out.json").read_text() == "theirs"


def test_a_plan_that_came_meanwhile_is_not_overwritten(
    server: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    """As from `git pull`: the new plan would not own what that one owns."""
    Path("c.yaml").write_text(SMALL)
    assert run(("plan", "-o", "old.json")) == 0
    theirs = Path("old.json").read_bytes()

    def pulled(_method: str, _path: str, reply: Reply) -> Reply:
        Path("out.json").write_bytes(theirs)
        return reply

    SERVER.lie = pulled
    assert run(("plan", "-o", "out.json")) == 4
    assert "out.json was changed while this command ran" in capsys.readouterr().err
    assert Path("out.json").read_bytes() == theirs
