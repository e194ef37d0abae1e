"""A person who waits is told for what: by time, on standard error, also off a terminal."""

from __future__ import annotations

import itertools
import subprocess
import threading
from pathlib import Path
from queue import SimpleQueue

import pytest
from tests.support.command import kaiten_sync
from tests.support.processes import HANG_S, python_module, started
from tests.support.scripted import Reply, Request, scripted

from kaiten_sync.cli.progress import Heartbeat

CATALOG = "version: 1\ngroups: {quotas: {name: Quotas}}\n"


@pytest.mark.parametrize("words", ["plan -f c.yaml", "export -o out", "drift -f c.yaml"])
def test_a_silent_server_is_named_while_it_is_silent(tmp_path: Path, words: str) -> None:
    (tmp_path / "c.yaml").write_text(CATALOG)
    heard = threading.Event()

    def answer(_request: Request) -> Reply:
        assert heard.wait(HANG_S)
        return Reply(body={"items": [], "hasMore": False})

    with (
        scripted(answer) as server,
        started(
            python_module("kaiten_sync", *words.split(), "--base-url", server.url),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        assert process.stderr is not None
        first = process.stderr.readline()
        heard.set()
        process.communicate(timeout=HANG_S)
    assert first.startswith("waiting for the server (")
    assert process.returncode == 0


def test_what_asks_no_server_does_not_wait_for_one(tmp_path: Path) -> None:
    with started(
        python_module("kaiten_sync", "show", "-"),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.communicate("{}", timeout=HANG_S)
    assert first.startswith("reading (")


def test_retries_are_told_once_for_all_requests(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CATALOG)
    refused: list[str] = []

    def answer(request: Request) -> Reply:
        if len(refused) < 3:
            refused.append(request.path)
            return Reply(status=503, body={"detail": "not now"}, headers={"retry-after": "0"})
        return Reply(body={"items": [], "hasMore": False})

    with scripted(answer) as server:
        done = kaiten_sync("plan", "-f", "c.yaml", "--base-url", server.url, cwd=tmp_path)
    assert done.code == 0, done.stderr
    (told,) = [line for line in done.stderr.splitlines() if "trying again in" in line]
    assert "503" in told
    assert "not now" in told


def test_a_step_is_named_with_its_parts_and_a_pause_says_nothing() -> None:
    lines: list[str] = []
    said = threading.Event()

    def write(line: str) -> None:
        lines.append(line)
        said.set()

    heartbeat = Heartbeat(write, has_bar=False, first_s=0.0, next_s=0.001)
    try:
        heartbeat.begin("Reading grants", 1200)
        heartbeat.advance()
        lines.clear()
        said.clear()
        assert said.wait(HANG_S)
        heartbeat.pause()
        assert lines[0].startswith("reading grants: 1 of 1,200 (")
    finally:
        heartbeat.stop()
    count = len(lines)
    heartbeat.go_on()
    assert len(lines) == count


@pytest.mark.parametrize(
    ("step_s", "said"), [(1.0, "working ("), (0.0, "waiting for the server (")]
)
def test_a_process_that_computes_does_not_say_that_it_waits(step_s: float, said: str) -> None:
    lines: SimpleQueue[str] = SimpleQueue()
    computed_s = itertools.count(0.0, step_s)
    heartbeat = Heartbeat(
        lines.put, has_bar=False, first_s=0.001, next_s=0.001, computed_s=lambda: next(computed_s)
    )
    try:
        assert lines.get(timeout=HANG_S).startswith(said)
    finally:
        heartbeat.stop()


def test_the_outcome_of_a_change_is_printed_before_the_next_one_is_known(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("version: 1\ngroups: {g0: {name: G0}, g1: {name: G1}}\n")
    heard = threading.Event()
    there: set[str] = set()

    def answer(request: Request) -> Reply:
        slug = request.path.split("?")[0].removeprefix("/api/entitlement-groups").strip("/")
        if request.method == "POST":
            if request.body["slug"] == "g1":
                assert heard.wait(HANG_S)
            there.add(request.body["slug"])
            return Reply(status=201, body=request.body)
        if slug:
            body = {"slug": slug, "name": slug.upper(), "id": slug}
            return Reply(body=body) if slug in there else Reply(status=404, body={"code": "X"})
        return Reply(body={"items": [], "hasMore": False})

    words = ["apply", "-f", "c.yaml", "--yes", "--base-url"]
    with (
        scripted(answer) as server,
        started(
            python_module("kaiten_sync", *words, server.url),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("done" in line and "group/g0" in line for line in lines)
        heard.set()
        rest, _ = process.communicate(timeout=HANG_S)
    assert process.returncode == 0
    assert "group/g1" in rest
    assert "group/g0" not in rest
    assert "Applied to" in rest
