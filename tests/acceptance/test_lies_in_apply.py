"""A server that lies from the second write on: a summary, a finished receipt, and exit code 5."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.property.test_lying_server import CATALOG, Liar
from tests.support.scripted import Reply, Scripted, scripted

from kaiten_sync.api import client
from kaiten_sync.api.settings import RetrySettings
from kaiten_sync.cli.run import run

TRUE = Liar()
WORDS = {"items": [], "hasMore": True, "nextCursor": "another"}
LIES: dict[str, Reply] = {
    "a length of a petabyte": Reply(
        raw=b"[", headers={"content-length": str(10**15), "connection": "close"}
    ),
    "a negative length": Reply(raw=b"[", headers={"content-length": "-5"}),
    "a length in words": Reply(raw=b"[", headers={"content-length": "many"}),
    "two lengths": Reply(raw=b"{}", headers={"content-length": "2, 3"}),
    "wait for a year": Reply(status=429, headers={"retry-after": "31536000"}, body={}),
    "wait until the last day": Reply(
        status=503, headers={"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}
    ),
    "wait for infinity": Reply(status=429, headers={"retry-after": "1e999"}, body={}),
    "a redirect": Reply(status=308, headers={"location": "//elsewhere.invalid/"}),
    "more without end": Reply(body=WORDS),
    "a failure": Reply(status=500, body={"detail": "no"}),
    "no answer": Reply(hang_up=True),
    "a false encoding": Reply(raw=b"{}", headers={"content-encoding": "gzip"}),
    "an encoding of an encoding": Reply(raw=b"{}", headers={"content-encoding": "gzip, gzip"}),
    "infinity": Reply(raw=b'{"id": 1e999, "slug": "growth"}'),
    "half of a character": Reply(raw=b'{"id": "\\ud800", "slug": "growth"}'),
    "a list for a text": Reply(raw=b'{"id": "x", "slug": "growth", "type": []}'),
    "nesting": Reply(raw=b"[" * 985 + b"]" * 985),
    "nothing": Reply(raw=b""),
    "no such status": Reply(status=999, raw=b""),
    "a lost right": Reply(status=403, body={}),
}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A plan that was made while the server told the truth. Nothing is waited for."""
    waits: dict[str, Any] = {
        "base_s": 0.001,
        "max_s": 0.002,
        "retry_after_max_s": 0.002,
        "patience_s": 0.2,
    }
    monkeypatch.setattr(client, "RetrySettings", partial(RetrySettings, **waits))
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CATALOG)
    with scripted(TRUE.answer) as running:
        monkeypatch.setenv("KAITEN_BASE_URL", running.url)
        TRUE.reset()
        TRUE.lie = Liar.lie
        words = ["plan", "-f", "c.yaml", "-o", "p.json", "--allow", "entitlement/calls"]
        assert run(words) == 0
        yield running


def lying(lie: Reply, is_victim: Callable[[str], bool]) -> Callable[[str, str, Reply], Reply]:
    writes = 0

    def answer(method: str, _path: str, reply: Reply) -> Reply:
        nonlocal writes
        writes += method != "GET"
        return lie if writes >= 2 and is_victim(method) else reply

    return answer


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
@pytest.mark.parametrize("victim", ["reads", "writes", "both"])
def test_a_lie_ends_with_a_summary_and_a_finished_receipt(
    server: Scripted, capsys: pytest.CaptureFixture[str], lie: Reply, victim: str
) -> None:
    methods = {"reads": {"GET"}, "writes": {"PUT", "POST", "DELETE"}}
    TRUE.lie = lying(lie, lambda method: victim == "both" or method in methods[victim])
    capsys.readouterr()
    code = run(["apply", "p.json", "--receipt", "receipt.json"])
    shown = capsys.readouterr()
    receipt = json.loads(Path("receipt.json").read_text())
    plan = json.loads(Path("p.json").read_text())
    assert {each["id"] for each in receipt["outcomes"]} == {c["id"] for c in plan["changes"]}
    # A write whose answer was odd may have been settled by looking.
    assert (code, receipt["state"]) in {(5, "incomplete"), (0, "complete")}
    assert "applied to" in shown.out.lower()
    assert "this is a bug" not in shown.err


ODD_BODIES: dict[str, dict[str, Any]] = {
    "a page": {"raw": b"<html>", "headers": {"content-type": "text/html"}},
    "half of JSON": {"raw": b'{"id": '},
    "a problem": {"body": {"code": "Some.Code", "status": 500}},
    "another object": {"body": {"id": "x", "slug": "other"}},
    "not gzip": {"raw": b"{}", "headers": {"content-encoding": "gzip"}},
    "another encoding": {"raw": b"{}", "headers": {"content-encoding": "br"}},
    "nothing": {"raw": b""},
}


@pytest.mark.parametrize("odd", ODD_BODIES.values(), ids=ODD_BODIES)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_what_is_said_beside_an_accepted_write_changes_nothing(
    server: Scripted, capsys: pytest.CaptureFixture[str], odd: dict[str, Any], status: int
) -> None:
    """It was "Nothing applied", although all of it was."""

    def answer(method: str, _path: str, reply: Reply) -> Reply:
        return reply if method == "GET" else Reply(status=status, **odd)

    TRUE.lie = answer
    capsys.readouterr()
    assert run(["apply", "p.json", "--receipt", "receipt.json"]) == 0
    assert "Applied to" in capsys.readouterr().out
    assert json.loads(Path("receipt.json").read_text())["state"] == "complete"
