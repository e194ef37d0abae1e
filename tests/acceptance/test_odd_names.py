"""Files whose names are not UTF-8, as older systems and archives leave them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.processes import HANG_S
from tests.support.scripted import Reply, scripted

ODD = b"caf\xe9-\xf0\x9f.yaml"
SHOWN = r"caf\xe9-\xf0\x9f.yaml"
CATALOG = "version: 1\ngroups: {quotas: {name: Quotas}}\n"


def ended(folder: Path, *words: str | bytes, url: str = "") -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "kaiten_sync", *words],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=HANG_S,
        env={**os.environ, "KAITEN_BASE_URL": url},
    )
    assert b"Traceback" not in done.stderr, done.stderr
    assert b"bug" not in done.stderr, done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalog").mkdir()
    with open(os.fsencode(tmp_path / "catalog") + b"/" + ODD, "w") as file:
        file.write(CATALOG)
    return tmp_path


@pytest.mark.parametrize("format_", ["text", "json", "github", "gitlab", "sarif", "junit"])
@pytest.mark.parametrize("given", [b"catalog", b"catalog/" + ODD, b"catalog/c*.yaml"])
def test_a_mistake_in_such_a_file_is_reported(folder: Path, format_: str, given: bytes) -> None:
    with open(os.fsencode(folder / "catalog") + b"/" + ODD, "a") as file:
        file.write("nothing: 1\n")
    done = ended(folder, "validate", given, "--format", format_)
    shown = done.stdout.decode()  # strict: it is UTF-8
    assert (done.returncode, "unknown-field" in shown) == (3, True)
    if format_ in ("json", "gitlab", "sarif"):
        json.dumps(json.loads(shown), ensure_ascii=False).encode()
    if format_ in ("text", "junit"):
        assert SHOWN in shown


def test_a_plan_names_such_a_file(folder: Path) -> None:
    with scripted(lambda _: Reply(body={"items": [], "hasMore": False})) as server:
        words = ("plan", "-f", "catalog", "-o", "plan.json")
        assert ended(folder, *words, url=server.url).returncode == 0
        plan = json.loads((folder / "plan.json").read_bytes().decode())
        assert SHOWN in plan["changes"][0]["source"]["file"]
        assert ended(folder, "plan", "--check", *words[1:], url=server.url).returncode == 0
        for format_ in ("text", "json", "markdown", "html"):
            done = ended(folder, "show", "plan.json", "--format", format_)
            assert (done.returncode, done.stdout.decode() != "") == (0, True)
        for format_ in ("text", "json", "markdown", "html", "junit", "sarif"):
            done = ended(folder, "drift", "-f", "catalog", "--format", format_, url=server.url)
            assert (done.returncode, done.stdout.decode() != "") == (0, True)


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize(
    "words",
    [
        ("show", ODD),
        ("plan", "--previous", ODD, "-f", "catalog"),
        ("plan", "--project", ODD),
        ("plan", "-f", b"nowhere/" + ODD),
        ("plan", "-t", ODD),
        ("drift", ODD),
        ("plan", "-f", "catalog", "-o", b"catalog/" + ODD + b"/plan.json"),
    ],
)
def test_such_a_name_in_an_error_is_readable(
    folder: Path, words: tuple[str | bytes, ...], format_: str
) -> None:
    done = ended(folder, *words, "--format", format_, url="http://127.0.0.1:9")
    assert done.returncode in (3, 4), done.stderr
    done.stderr.decode()
    if format_ == "json":
        json.loads(done.stdout)["error"]["message"].encode()


def test_outputs_may_have_such_names(folder: Path) -> None:
    with scripted(lambda _: Reply(body={"items": [], "hasMore": False})) as server:
        done = ended(folder, "plan", "-f", "catalog", "-o", ODD, url=server.url)
        assert done.returncode == 0, done.stderr
        assert ended(folder, "show", ODD).returncode == 0
        done = ended(folder, "export", "-o", ODD[:4], "--with-project", url=server.url)
        assert (done.returncode, b"name is not text" in done.stderr) == (3, True)
