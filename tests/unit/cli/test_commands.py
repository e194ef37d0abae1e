"""Every command calls one job, and what the job raises becomes the exit code."""

from __future__ import annotations

from importlib import import_module

import pytest

from kaiten_sync.cli.exit_codes import ExitCode
from kaiten_sync.cli.run import run
from kaiten_sync.errors import RefusedError

CASES = {
    "init": "starting.start",
    "validate": "validating.validate_all",
    "plan": "planning.plan",
    "plan --check -o p.json": "checking.check",
    "show p.json": "agreed.read_plan_file",
    "apply p.json": "applying.apply",
    "apply --yes": "applying.apply",
    "drift": "drifting.drift",
    "drift --revert": "drifting.revert",
    "adopt": "adopting.adopt",
    "freeze growth": "freezing.freeze",
    "export -o out": "exporting.export",
    "compare a b": "comparing.compare_targets",
    "doctor": "examining.examine",
    "schema": "schemas.write_schemas",
    "schema plan": "schemas.schema",
}


@pytest.mark.parametrize(("line", "job"), CASES.items(), ids=CASES)
def test_a_command_calls_one_job(line: str, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def stub(name: str) -> object:
        def refuse(*_args: object, **_options: object) -> None:
            called.append(name)
            raise RefusedError("no")

        return refuse

    # All of them before the first is replaced: a module that is imported later would keep the stub.
    for each in CASES.values():
        import_module(f"kaiten_sync.jobs.{each.partition('.')[0]}")
    for each in set(CASES.values()):
        monkeypatch.setattr(f"kaiten_sync.jobs.{each}", stub(each))
    assert run(line.split()) == ExitCode.REFUSED
    assert called == [job]
