"""Pipes, devices, sockets and folders in place of files: refused at once, and nothing waits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.support.command import kaiten_sync, kaiten_sync_process
from tests.support.processes import HANG_S
from tests.support.scripted import Reply, Request, scripted

from kaiten_sync.cli.run import run

KINDS = {
    "pipe": "a pipe",
    "socket": "a socket",
    "folder": "a folder",
    "zero": "a device",
    "full": "a device",
}
PROJECT = """\
version: 1
catalog: [c.yaml]
targets: {local: {url: %s, token: {file: %s}, overlays: [%s]}}
"""
CATALOG = "version: 1\ngroups: {quotas: {name: Quotas}}\n"


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Something of each kind, by name."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket is short
        listening.bind("socket")
        os.chdir(before)
        yield {
            **{name: str(tmp_path / name) for name in ("pipe", "folder", "socket")},
            "zero": "/dev/zero",
            "full": "/dev/full",
        }


def nothing(_request: Request) -> Reply:
    return Reply(body={"items": [], "hasMore": False})


def project(folder: Path, url: str, token: str = "token", overlay: str = "o.yaml") -> None:
    (folder / "c.yaml").write_text(CATALOG)
    (folder / "o.yaml").write_text("version: 1\n")
    (folder / "token").write_text("ksh_a-token\n")
    (folder / "kaiten-sync.yaml").write_text(PROJECT % (url, token, overlay))


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_that_is_not_a_file_is_refused(
    tmp_path: Path,
    odd: dict[str, str],
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = odd[kind]
    commands = [
        ("show", path),
        ("apply", path),
        ("plan", "--previous", path),
        ("drift", "--plan", path),
        ("plan", "--project", path),
        ("validate", "--project", path),
        *([] if kind == "folder" else [("validate", path), ("plan", "-f", path)]),
    ]
    with scripted(nothing) as server:
        project(tmp_path, server.url)
        for command in commands:
            assert run(command) == 3, command
            shown = capsys.readouterr()
            assert Path(path).name in shown.out + shown.err, command
            words = (KINDS[kind], "not a regular file", "contains no .yaml")
            assert any(each in shown.out + shown.err for each in words), command
        project(tmp_path, server.url, token=path)
        assert run(["plan"]) == 3
        assert KINDS[kind] in capsys.readouterr().err
        if kind != "folder":
            project(tmp_path, server.url, overlay=path)
            assert run(["validate"]) == 3
            assert "not a regular file" in capsys.readouterr().out
        assert server.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_output_that_is_not_a_file_is_refused_before_anything_is_read(
    tmp_path: Path,
    odd: dict[str, str],
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = odd[kind]
    commands = [
        ("plan", "-o", path),
        ("plan", "--check", "-o", path),
        ("drift", "--revert", "-o", path),
        ("apply", "--yes", "--receipt", path),
        ("adopt", "--into", path),
        *([] if kind == "folder" else [("export", "-o", path)]),
    ]
    with scripted(nothing) as server:
        project(tmp_path, server.url)
        for command in commands:
            assert run(command) == 3, command
            assert "folder" if command[0] == "export" else KINDS[kind] in capsys.readouterr().err
        assert server.requests == []


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "-", "json", "markdown", "sarif"])
def test_an_output_that_means_standard_output_is_refused_with_the_way_out(
    tmp_path: Path, name: str
) -> None:
    with scripted(nothing) as server:
        project(tmp_path, server.url)
        ended = kaiten_sync_process("plan", "-o", name, "--format", "text", cwd=tmp_path)
        assert (ended.code, server.requests) == (3, [])
    assert ended.stdout == ""
    if name.isalpha():
        assert f"did you mean --format {name}" in ended.stderr
        assert f"./{name}" in ended.stderr


def refused_untouched(folder: Path, command: Sequence[str]) -> None:
    """Run a command that is wrong: nothing is sent, and no file comes or goes."""
    with scripted(nothing) as server:
        project(folder, server.url)
        before = sorted(folder.rglob("*"))
        assert run(command) == 3
        assert server.requests == []
    assert sorted(folder.rglob("*")) == before


EMPTY = (
    *(("show", ""), ("apply", ""), ("validate", ""), ("table", ""), ("impact", ""), ("init", "")),
    *(("plan", option, "") for option in ("-f", "--project", "--previous", "-o", "--impact-out")),
    *(("apply", "--yes", option, "") for option in ("-f", "--catalog", "--receipt")),
    *(("drift", "--plan", ""), ("adopt", "--into", ""), ("export", "-o", ""), ("freeze", "-f", "")),
    *(("rules", "test", ""), ("plan", "--check", "-o", "p", "--fresh", "")),
)


@pytest.mark.parametrize("command", EMPTY, ids=" ".join)
def test_an_empty_path_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
) -> None:
    """A variable that is not set: as a path it would be the folder in which somebody works."""
    monkeypatch.chdir(tmp_path)
    refused_untouched(tmp_path, command)
    assert "the path is empty; is a variable not set?" in capsys.readouterr().err


FOLDERS = (
    ("plan", "-o"),
    ("plan", "--impact-out"),
    ("plan", "--check", "-o", "p", "--fresh"),
    ("drift", "--revert", "group/quotas", "-o"),
    ("migrate", "growth", "-o"),
    ("apply", "--yes", "--receipt"),
    ("adopt", "--into"),
)


@pytest.mark.parametrize("command", FOLDERS, ids=" ".join)
def test_no_file_gets_the_name_of_a_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    refused_untouched(tmp_path, (*command, "new/"))
    assert "'new/' is a folder: name a file in it" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3_000, "HEAD:" + "x" * 300])
@pytest.mark.parametrize(
    "command",
    [("plan", "--previous"), ("drift", "--plan"), ("show",), ("apply",), ("init",)],
    ids=" ".join,
)
def test_a_path_that_is_too_long_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    name: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with scripted(nothing) as server:
        project(tmp_path, server.url)
        assert run((*command, name)) == 3
        assert server.requests == []
    assert "File name too long" in capsys.readouterr().err


def test_a_name_of_a_format_in_a_folder_is_a_name(tmp_path: Path) -> None:
    with scripted(nothing) as server:
        project(tmp_path, server.url)
        ended = kaiten_sync("plan", "-o", "./json", cwd=tmp_path)
    assert ended.code == 0, ended.stderr
    assert (tmp_path / "json").read_bytes().startswith(b"{")


def test_an_empty_file_is_written(tmp_path: Path) -> None:
    """As `mktemp` makes it."""
    (tmp_path / "made").touch()
    with scripted(nothing) as server:
        project(tmp_path, server.url)
        planned = kaiten_sync("plan", "-o", "made", cwd=tmp_path)
        assert planned.code == 0, planned.stderr
    assert kaiten_sync("show", "made", cwd=tmp_path).code == 0


def test_a_process_substitution_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    project(tmp_path, "http://127.0.0.1:9")
    ended = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m kaiten_sync plan -o >(cat)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )
    assert (ended.returncode, "a pipe, not a regular file" in ended.stderr) == (3, True)


def test_a_file_of_any_size_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 42)  # takes no room
    ended = kaiten_sync("show", "huge", cwd=tmp_path)
    assert (ended.code, "larger than" in ended.stderr) == (3, True)


@pytest.mark.parametrize("redirection", ["<&-", "< /dev/zero"])
def test_a_standard_input_without_a_plan_is_refused(tmp_path: Path, redirection: str) -> None:
    ended = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m kaiten_sync show - {redirection}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )
    assert (ended.returncode, "standard input" in ended.stderr) == (3, True), ended.stderr
