"""Something dies at each write of a plan with every kind of change: the rest is done once.

The process that applies is killed, the server is, or the answer is lost with the connection. After
it, the same plan and a new one both lead to what an apply without faults leaves.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.command import Ended, kaiten_sync
from tests.support.databases import write_migrated
from tests.support.fault_proxy import Choose, Fault, FaultProxy, Seen
from tests.support.processes import HANG_S, outlives_its_test, python_module, started
from tests.support.server_process import ServerProcess
from tests.support.tenants import instance_body, make

from kaiten_sync.api import client
from kaiten_sync.api.settings import RetrySettings

BEFORE = """\
version: 1
groups:
  quotas: {name: Quotas}
  old: {name: Old}
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: Calls, type: NUMBER, groups: [quotas]}
  fax: {name: Fax, type: BOOLEAN, groups: [old]}
families:
  growth:
    name: Growth
    type: PAID
    archiveReplaced: true
    entitlements: {seats: 10, calls: 1000}
licenses:
  starter: {name: Starter, type: TRIAL, isDefault: true, entitlements: {seats: 1, fax: true}}
  legacy: {name: Legacy, type: PAID, entitlements: {calls: 5}}
"""
AFTER = """\
version: 1
groups:
  quotas: {name: Limits}
  extras: {name: Extras}
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: API calls, type: NUMBER, groups: [quotas]}
  sso: {name: SSO, type: BOOLEAN, groups: [extras]}
families:
  growth:
    name: Growth
    type: PAID
    archiveReplaced: true
    entitlements: {seats: 5, calls: 1000, sso: true}
licenses:
  starter: {name: Starter, type: TRIAL, isDefault: true, entitlements: {seats: 2}}
"""
CATALOG_WRITES = 17
"""Of the plan from one to the other: one for each change.

The server itself withdraws the old default; whether the entitlement can go is asked first.
"""

HOLDERS = ("one", "two", "three")
PLAN, MIGRATION, RECEIPT = "the.plan.json", "the.migration.json", "receipt.json"


@dataclass
class Place:
    """A folder with a catalog and its plan, and a real server behind a proxy."""

    folder: Path
    server: ServerProcess
    proxy: FaultProxy
    database_url: str
    stack: ExitStack

    @property
    def environment(self) -> dict[str, str]:
        return {"KAITEN_BASE_URL": self.proxy.url, "KAITEN_AUTH_TOKEN": self.server.token}

    def run(self, *args: str) -> Ended:
        return kaiten_sync(*args, cwd=self.folder, environment=self.environment)

    def done(self, *args: str) -> Ended:
        ended = self.run(*args)
        assert ended.code == 0, ended.stdout + ended.stderr
        return ended

    def api(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.server.token}"}
        return httpx.Client(base_url=f"{self.server.url}/api", headers=headers)

    def saved(self) -> sqlite3.Connection:
        copy = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self.folder / "server.db")) as file:
            file.backup(copy)
        return copy

    def begin(self, case: Case) -> None:
        """Bring server and folder to where the plan begins."""
        self.proxy.wait_until_idle()
        with closing(sqlite3.connect(self.folder / "server.db")) as file:
            # What each start of the server writes there, so that it knows its own file.
            (stamp,) = file.execute("PRAGMA user_version").fetchone()
            case.database.execute(f"PRAGMA user_version={stamp}")
            case.database.backup(file)
        (self.folder / case.plan_file).write_bytes(case.plan)

    def restart_server(self) -> None:
        """Kill it, and start another one on its port and its database."""
        self.server.kill()
        again = ServerProcess(self.database_url, port=self.server.port, token=self.server.token)
        self.server = self.stack.enter_context(again)
        outlives_its_test(self.server.pid)

    def make_plan(self, catalog: str) -> None:
        (self.folder / "catalog.yaml").write_text(catalog)
        self.done("plan", "-f", "catalog.yaml", "-o", PLAN)

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def seen(self) -> dict[str, Any]:
        """All that is on the server, but for what is of the moment."""
        found: dict[str, Any] = {}
        with self.api() as api:
            paths = ["/entitlement-groups", "/entitlements", "/licenses", "/instances"]
            for path in paths:
                items = api.get(path, params={"limit": 200}).json()["items"]
                found[path] = sorted(map(_lasting, items), key=str)
                if path == "/licenses":
                    paths += [f"/licenses/{each['slug']}/entitlements" for each in items]
        return found


def _lasting(value: Any) -> Any:
    """What two runs on two servers have in common."""
    if isinstance(value, dict):
        kept = (
            each for each in value.items() if not each[0].lower().endswith(("id", "edat", "edby"))
        )
        return {key: _lasting(each) for key, each in kept}
    return [_lasting(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Case:
    """Where a plan begins, as a database and a plan file, and what applying it leaves."""

    database: sqlite3.Connection
    made_by: tuple[str, ...]
    plan_file: str
    plan: bytes
    leaves: Mapping[str, Any]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("boundaries")
    write_migrated(folder / "server.db")
    database_url = f"sqlite:///{folder / 'server.db'}"
    with ExitStack() as stack:
        server = stack.enter_context(ServerProcess(database_url))
        proxy = stack.enter_context(FaultProxy(server.url))
        yield Place(folder, server, proxy, database_url, stack)


@pytest.fixture(scope="module")
def cases(place: Place) -> Mapping[str, Case]:
    """Two plans, the second of which begins where the first one ends."""
    place.make_plan(BEFORE)
    place.done("apply", PLAN)
    with place.api() as api:
        for slug in HOLDERS:
            make(api, "/instances", **instance_body(api, slug=slug))
    (place.folder / "catalog.yaml").write_text(AFTER)
    return {
        "catalog": _case(place, "plan", "-f", "catalog.yaml", "-o", PLAN),
        "holders": _case(place, "migrate", "growth", "-o", MIGRATION),
    }


def _case(place: Place, *made_by: str) -> Case:
    place.done(*made_by)
    plan_file = made_by[-1]
    database, plan = place.saved(), (place.folder / plan_file).read_bytes()
    place.done("apply", plan_file)
    return Case(database, made_by, plan_file, plan, place.seen())


POINTS = [
    *(("catalog", write) for write in range(CATALOG_WRITES)),
    *(("holders", write) for write in range(len(HOLDERS))),
]


@pytest.mark.parametrize(("name", "write"), POINTS)
def test_the_process_is_killed(
    place: Place, cases: Mapping[str, Case], name: str, write: int
) -> None:
    case = cases[name]
    place.begin(case)
    running: Future[subprocess.Popen[str]] = Future()
    fault = Fault.RESET_AFTER if write % 2 else Fault.RESET_BEFORE

    def kill() -> Fault:
        running.result().kill()
        return fault

    place.proxy.begin(_from(write, kill))
    with started(
        python_module("kaiten_sync", "apply", case.plan_file, "--receipt", RECEIPT),
        cwd=place.folder,
        env={**os.environ, **place.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        running.set_result(process)
        assert process.wait(HANG_S) == -signal.SIGKILL
    assert place.read(RECEIPT)["state"] == "running"
    place.proxy.begin(lambda _: None)
    is_finished(place, case, is_planned_again=write // 2 % 2 == 1)


def is_finished(place: Place, case: Case, *, is_planned_again: bool) -> None:
    """Apply the same plan, or a new one, and look at all that there is then."""
    if is_planned_again:
        place.done(*case.made_by)
    place.done("apply", case.plan_file, "--receipt", RECEIPT)
    is_as_planned(place, case)


def is_as_planned(place: Place, case: Case) -> None:
    receipt = place.read(RECEIPT)
    assert receipt["state"] == "complete"
    assert sorted(each["id"] for each in receipt["outcomes"]) == sorted(
        each["id"] for each in place.read(case.plan_file)["changes"]
    )
    assert {each["status"] for each in receipt["outcomes"]} <= {"done", "already-done"}
    assert place.seen() == case.leaves
    if case.plan_file == PLAN:
        place.done("plan", "-f", "catalog.yaml", "--detailed-exitcode")
    assert not [each for each in os.listdir(place.folder) if each.startswith(".")]


def test_there_are_as_many_writes_as_are_hurt(place: Place, cases: Mapping[str, Case]) -> None:
    case = cases["catalog"]
    place.begin(case)
    place.proxy.begin(lambda _: None)
    place.done("apply", PLAN)
    writes = [seen.method for seen in place.proxy.seen if seen.method != "GET"]
    assert len(writes) == CATALOG_WRITES
    assert set(writes) == {"POST", "PUT", "DELETE"}


@pytest.mark.parametrize(("name", "write"), POINTS[::2])
def test_the_server_is_killed_and_comes_back(
    place: Place, cases: Mapping[str, Case], name: str, write: int
) -> None:
    """An apply waits for it, and all that it had answered is still there."""
    case = cases[name]
    place.begin(case)
    fault = Fault.RESET_AFTER if write // 2 % 2 else Fault.RESET_BEFORE

    def restart() -> Fault:
        place.restart_server()
        return fault

    place.proxy.begin(_from(write, restart))
    place.done("apply", case.plan_file, "--receipt", RECEIPT)
    is_as_planned(place, case)


@pytest.mark.parametrize(("name", "write"), POINTS[1::2])
def test_the_connection_is_lost(
    place: Place,
    cases: Mapping[str, Case],
    name: str,
    write: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = cases[name]
    place.begin(case)
    with monkeypatch.context() as impatient:
        once = partial(RetrySettings, attempts=1)
        impatient.setattr(client, "RetrySettings", once)
        place.proxy.begin(_from(write, lambda: Fault.RESET_AFTER, lambda: Fault.RESET_BEFORE))
        ended = place.run("apply", case.plan_file, "--receipt", RECEIPT)
    # The write whose answer was lost is not called undone.
    assert ended.code == 5
    assert "Partly applied to" in ended.stdout
    assert place.read(RECEIPT)["state"] == "incomplete"
    place.proxy.begin(lambda _: None)
    is_finished(place, case, is_planned_again=write // 2 % 2 == 1)


def _from(
    write: int, fault: Callable[[], Fault], afterwards: Callable[[], Fault | None] = lambda: None
) -> Choose:
    """Hurt the write of this number, and what comes afterwards."""
    lock = threading.Lock()
    writes = itertools.count()
    is_hurt = False

    def choose(seen: Seen) -> Fault | None:
        nonlocal is_hurt
        with lock:  # others come afterwards
            if is_hurt:
                return afterwards()
            is_hurt = seen.method != "GET" and next(writes) == write
            return fault() if is_hurt else None

    return choose
