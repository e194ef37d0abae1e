"""The receipt: whole JSON at every moment, also when nobody ends it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.fakes.catalog import FakeCatalog
from tests.support.ports import Notebook, quiet_ports
from tests.support.values import address, declared, desired, live_state, proposal

from kaiten_sync.errors import StalePlanError, UsageError
from kaiten_sync.jobs.receipt import Receipt
from kaiten_sync.model.change import Action
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.outcome import ApplyResult, Outcome, Status
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import Ports
from kaiten_sync.model.source import SourceRef
from kaiten_sync.validate import schema_text

SCHEMA = Draft202012Validator(json.loads(schema_text("receipt")))


@pytest.fixture
def plan() -> Plan:
    wanted = desired(*(declared(f"group/g{i}", name="Gruppe ä") for i in range(5)))
    return proposal(wanted, live_state(*FakeCatalog().objects.values())).plan


@pytest.fixture
def ports() -> Ports:
    return quiet_ports()


def outcome(number: int, status: Status = Status.DONE, message: str | None = None) -> Outcome:
    return Outcome(
        address=address(f"group/g{number}"),
        action=Action.CREATE,
        status=status,
        message=message,
    )


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    SCHEMA.validate(document)
    return document


def test_the_file_is_whole_after_every_outcome(tmp_path: Path, plan: Plan, ports: Ports) -> None:
    path = tmp_path / "receipts" / "r.json"
    receipt = Receipt(str(path), plan, ports)
    assert read(path)["outcomes"] == []
    for number in range(5):
        receipt.record([outcome(number, Status.FAILED, "an “odd” message\n] , }")])
        document = read(path)
        assert [o["id"] for o in document["outcomes"]] == [
            f"create:group/g{i}" for i in range(number + 1)
        ]
        assert document["state"] == "running"
    outcomes = tuple(outcome(number) for number in range(5))
    receipt.close(
        ApplyResult(target=plan.target, plan_digest=plan.digest, outcomes=outcomes, requests=12)
    )
    document = read(path)
    assert (document["state"], document["requests"]) == ("complete", 12)
    assert document["planDigest"] == plan.digest
    assert document["finishedAt"] >= document["startedAt"]


def test_a_refused_run_says_why(tmp_path: Path, plan: Plan, ports: Ports) -> None:
    path = tmp_path / "r.json"
    receipt = Receipt(str(path), plan, ports)
    there = Diagnostic(
        rule="changed-since-plan",
        message="it is there",
        ref=SourceRef("c.yaml", 3, 5),
        address="group/g0",
    )
    receipt.close(StalePlanError("the plan is stale", [there]))
    document = read(path)
    assert document["state"] == "refused"
    assert document["findings"] == ["group/g0: it is there"]
    assert document["diagnostics"] == [
        {
            "file": "c.yaml",
            "line": 3,
            "column": 5,
            "severity": "error",
            "rule": "changed-since-plan",
            "address": "group/g0",
            "message": "it is there",
            "hint": None,
            "lineText": None,
        }
    ]
    assert document["requests"] is None


def test_an_older_receipt_is_replaced(tmp_path: Path, plan: Plan, ports: Ports) -> None:
    path = tmp_path / "r.json"
    older = {"planDigest": "sha256:0", "startedAt": "2026-01-01T00:00:00Z", "outcomes": []}
    path.write_text(json.dumps({**older, "message": "x" * 10_000}))
    Receipt(str(path), plan, ports)
    assert read(path)["state"] == "running"
    assert "xxx" not in path.read_text()


def test_a_place_that_cannot_be_written_is_said_before_anything_is_sent(
    tmp_path: Path, plan: Plan, ports: Ports
) -> None:
    with pytest.raises(UsageError, match="cannot write the receipt"):
        Receipt(str(tmp_path), plan, ports)


def test_outcomes_that_find_no_room_wait_for_the_next_write(
    tmp_path: Path, plan: Plan, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.json"
    notices: list[str] = []
    receipt = Receipt(str(path), plan, ports.changed(notices=Notebook(notices)))
    receipt.record([outcome(0)])
    with full_disk(monkeypatch):
        receipt.record([outcome(1)])
        assert [o["id"] for o in read(path)["outcomes"]] == ["create:group/g0"]
    receipt.record([outcome(2)])
    names = [o["id"] for o in read(path)["outcomes"]]
    assert names == ["create:group/g0", "create:group/g1", "create:group/g2"]
    receipt.close(result_of(plan, 3))
    assert (read(path)["state"], notices) == ("complete", [])


def test_a_receipt_without_all_outcomes_never_says_how_the_run_ended(
    tmp_path: Path, plan: Plan, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.json"
    notices: list[str] = []
    receipt = Receipt(str(path), plan, ports.changed(notices=Notebook(notices)))
    receipt.record([outcome(0)])
    with full_disk(monkeypatch):
        receipt.record([outcome(1)])
        receipt.close(result_of(plan, 2))
    document = read(path)
    assert document["state"] == "running"
    assert [o["id"] for o in document["outcomes"]] == ["create:group/g0"]
    (notice,) = notices
    assert "is incomplete: No space left on device" in notice


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", refuse)
        yield


def result_of(plan: Plan, count: int) -> ApplyResult:
    outcomes = tuple(outcome(number) for number in range(count))
    return ApplyResult(target=plan.target, plan_digest=plan.digest, outcomes=outcomes, requests=1)


def _replaced(path: Path) -> None:
    path.unlink()
    path.write_text("theirs")


@pytest.mark.parametrize("lose", [Path.unlink, _replaced], ids=["removed", "replaced"])
def test_a_receipt_that_somebody_takes_away_is_missed(
    tmp_path: Path, plan: Plan, ports: Ports, lose: Callable[[Path], None]
) -> None:
    path = tmp_path / "r.json"
    notices: list[str] = []
    receipt = Receipt(str(path), plan, ports.changed(notices=Notebook(notices)))
    receipt.record([outcome(0)])
    lose(path)
    receipt.close(result_of(plan, 1))
    assert notices == [
        f"warning: the receipt {path} is lost: it was removed or replaced while it was written"
    ]
    assert not path.exists() or path.read_text() == "theirs"
