"""`apply` as a person and a CI job meet it: receipts, interruption, the catalog beside the plan."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.support.command import Ended, kaiten_sync
from tests.support.embedded import EmbeddedServer
from tests.support.fault_proxy import Fault, FaultProxy, Seen
from tests.support.processes import HANG_S, started

from kaiten_sync.validate import schema_text

SCHEMA = Draft202012Validator(json.loads(schema_text("receipt")))
CATALOG = """\
version: 1
groups:
  quotas: {name: Quotas}
entitlements:
  calls: {name: Calls, type: NUMBER, groups: [quotas]}
licenses:
  growth: {name: Growth, type: PAID, entitlements: {calls: 1000}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


class Shop:
    """A folder with a catalog, and an organization behind a proxy."""

    def __init__(self, folder: Path, proxy: FaultProxy, token: str) -> None:
        self.folder = folder
        self.environment = {"KAITEN_BASE_URL": proxy.url, "KAITEN_AUTH_TOKEN": token}
        self.write(CATALOG)

    def write(self, catalog: str) -> None:
        (self.folder / "catalog.yaml").write_text(catalog, encoding="utf-8")

    def run(self, *args: str) -> Ended:
        return kaiten_sync(*args, cwd=self.folder, environment=self.environment)

    def plan(self) -> None:
        planned = self.run("plan", "-f", "catalog.yaml", "-o", "plan.json")
        assert planned.code == 0, planned.stderr

    def receipt(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "receipt.json").read_text())
        SCHEMA.validate(document)
        return document


@pytest.fixture
def proxy(server: EmbeddedServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path, server: EmbeddedServer, proxy: FaultProxy) -> Shop:
    return Shop(tmp_path, proxy, server.new_organization())


APPLY = ("plan.json", "--receipt", "receipt.json")
PATIENT = (
    "from functools import partial; from kaiten_sync import bootstrap;"
    "from kaiten_sync.api import client; from kaiten_sync.cli import main;"
    "client.READ_TIMEOUT_S = 1e6; made = bootstrap.ConnectionSettings;"
    "bootstrap.ConnectionSettings = partial(made, **{'answer_timeout_s': 1e6});"
    "main()"
)
"""The program, with more patience for a silent server than a test has for the program."""

Process = subprocess.Popen[str]
Choose = Callable[[Process, Seen], Fault | None]
Start = Callable[..., Process]


@pytest.fixture
def start(shop: Shop, proxy: FaultProxy) -> Iterator[Start]:
    """Starts a command whose requests the proxy hurts, and which runs while the test goes on."""
    with ExitStack() as processes:

        def run(choose: Choose, *args: str) -> Process:
            running: Future[Process] = Future()
            proxy.begin(lambda seen: choose(running.result(), seen))
            process = processes.enter_context(
                started(
                    [sys.executable, "-c", PATIENT, *args],
                    cwd=shop.folder,
                    env={**os.environ, **shop.environment},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            )
            running.set_result(process)
            return process

        yield run


def test_a_receipt_tells_each_change(shop: Shop) -> None:
    shop.plan()
    assert shop.run("apply", "plan.json", "--receipt", "receipt.json").code == 0
    receipt = shop.receipt()
    plan = json.loads((shop.folder / "plan.json").read_text())
    assert receipt["state"] == "complete"
    assert receipt["planDigest"] == plan["digest"]
    assert sorted(o["id"] for o in receipt["outcomes"]) == sorted(c["id"] for c in plan["changes"])

    again = shop.run("apply", "plan.json", "--receipt", "receipt.json")
    assert again.code == 0
    assert {o["status"] for o in shop.receipt()["outcomes"]} == {"already-done"}


def test_a_refused_plan_leaves_a_receipt_that_says_why(shop: Shop, server: EmbeddedServer) -> None:
    shop.plan()
    shop.run("apply", "plan.json")
    shop.write(CATALOG.replace("1000", "2000"))
    shop.plan()
    shop.write(CATALOG.replace("1000", "3000"))
    assert shop.run("apply", "-f", "catalog.yaml", "--yes").code == 0
    refused = shop.run("apply", "plan.json", "--receipt", "receipt.json")
    assert refused.code == 4
    receipt = shop.receipt()
    assert receipt["state"] == "refused"
    assert "value was 1,000 when the plan was made, now it is 3,000" in receipt["findings"][0]
    assert receipt["findings"][0] in refused.stderr
    assert "by bootstrap at 20" in refused.stderr


def test_a_plan_that_is_refused_before_it_is_verified_leaves_a_receipt(shop: Shop) -> None:
    shop.plan()
    shop.write(CATALOG.replace("1000", "2000"))
    to_catalog = ("apply", *APPLY, "--catalog", "catalog.yaml")
    assert shop.run(*to_catalog).code == 4
    receipt = shop.receipt()
    assert (receipt["state"], receipt["outcomes"]) == ("refused", [])
    assert receipt["message"] == "the plan was not made from this catalog"
    assert "license/growth/grant/calls: declared differently" in receipt["findings"]
    shop.write("version: 2\n")
    wrong = shop.run(*to_catalog)
    assert (wrong.code, shop.receipt()["state"]) == (3, "failed")
    assert shop.receipt()["diagnostics"][0]["rule"] == "unknown-version"
    # What is no receipt is not replaced, and the refusal is not hidden by that.
    shop.write(CATALOG.replace("1000", "2000"))
    (shop.folder / "receipt.json").write_text("mine")
    refused = shop.run(*to_catalog)
    assert (refused.code, (shop.folder / "receipt.json").read_text()) == (4, "mine")
    assert "the plan was not made from this catalog" in refused.stderr
    assert "warning: receipt.json is there and is no receipt" in refused.stderr


def test_a_command_line_that_is_wrong_leaves_no_receipt(shop: Shop) -> None:
    shop.plan()
    wrong = shop.run("apply", *APPLY, "--after-receipt", "nothing.json")
    assert wrong.code == 3
    assert not (shop.folder / "receipt.json").exists()


def test_a_failure_says_what_to_do_next(shop: Shop, proxy: FaultProxy) -> None:
    shop.plan()
    proxy.begin(
        lambda seen: (
            Fault.FAILS_BEFORE
            if seen.path.endswith("/entitlements") and seen.method == "POST"
            else None
        )
    )
    failed = shop.run("apply", "plan.json", "--receipt", "receipt.json")
    assert failed.code == 5
    assert failed.stdout.splitlines()[-1].startswith("Apply the same plan again")
    receipt = shop.receipt()
    assert receipt["state"] == "incomplete"
    by_id = {outcome["id"]: outcome for outcome in receipt["outcomes"]}
    assert by_id["create:entitlement/calls"]["code"] == "FAULT"
    assert by_id["create:license/growth/grant/calls"]["blockedBy"] == "create:entitlement/calls"
    proxy.begin(lambda _: None)
    assert shop.run("apply", "plan.json", "--receipt", "receipt.json").code == 0


def test_a_plan_that_was_not_made_from_this_catalog_is_refused(shop: Shop) -> None:
    shop.plan()
    shop.write(CATALOG.replace("1000", "2000").replace("groups: [quotas]", "icon: lucide:key"))
    refused = shop.run("apply", "plan.json", "--catalog", "catalog.yaml")
    assert refused.code == 4
    assert "the plan was not made from this catalog" in refused.stderr
    assert "entitlement/calls: declared differently" in refused.stderr
    assert "license/growth/grant/calls: declared differently" in refused.stderr
    shop.write(CATALOG + "# another comment\n")
    assert shop.run("apply", "plan.json", "--catalog", "catalog.yaml").code == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("plan.json", "-f", "other.yaml"), "do not go with a plan file: -f"),
        (("plan.json", "--max-deletes", "0", "--prune", "never"), "--prune, --max-deletes"),
        (("plan.json", "--allow", "group/quotas"), "--allow"),
        (("plan.json", "--previous", "none"), "--previous"),
        (
            ("-f", "catalog.yaml", "--catalog", "catalog.yaml", "--yes"),
            "--catalog needs a plan file",
        ),
        (("plan.json", "--receipt", "./plan.json"), "would overwrite the plan"),
    ],
)
def test_an_option_that_would_do_nothing_or_harm_is_refused(
    shop: Shop, args: tuple[str, ...], says: str
) -> None:
    shop.plan()
    before = (shop.folder / "plan.json").read_bytes()
    ended = shop.run("apply", *args)
    assert (ended.code, ended.stdout) == (3, "")
    assert says in ended.stderr
    assert (shop.folder / "plan.json").read_bytes() == before


@pytest.mark.parametrize(
    "stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name
)
def test_the_first_stop_finishes_what_is_under_way(
    shop: Shop, proxy: FaultProxy, start: Start, stop: signal.Signals
) -> None:
    def choose(process: Process, seen: Seen) -> Fault | None:
        if seen.index != 4:
            return None
        process.send_signal(stop)
        return Fault.LATENCY

    shop.plan()
    process = start(choose, "apply", *APPLY)
    stdout, stderr = process.communicate(timeout=HANG_S)
    assert process.returncode == 130, stderr
    assert "Interrupted: what was under way was finished" in stdout
    receipt = shop.receipt()
    assert receipt["state"] == "interrupted"
    assert "not-tried" in {outcome["status"] for outcome in receipt["outcomes"]}
    proxy.begin(lambda _: None)
    assert shop.run("apply", "plan.json").code == 0


@pytest.mark.parametrize("index", [1, 5, 9])
def test_a_stop_does_not_wait_for_a_server_that_turns_requests_away(
    shop: Shop, proxy: FaultProxy, start: Start, index: int
) -> None:
    """It would for five minutes, and a CI job is killed after ten seconds."""

    def choose(process: Process, seen: Seen) -> Fault | None:
        if seen.index < index:
            return None
        if seen.index == index + 2:
            process.send_signal(signal.SIGTERM)
        return Fault.TOO_MANY

    shop.plan()
    process = start(choose, "apply", *APPLY)
    _, stderr = process.communicate(timeout=HANG_S)
    assert process.returncode == 130, stderr
    receipt = shop.receipt()
    assert receipt["state"] == "interrupted"
    # Only what was written, and could not be read back any more, counts as failed.
    failed = [each for each in receipt["outcomes"] if each["status"] == "failed"]
    assert all("because the run was stopped" in each["message"] for each in failed)
    proxy.begin(lambda _: None)
    assert shop.run("apply", "plan.json").code == 0


@pytest.mark.parametrize("index", [0, 4], ids=["while it reads", "while it writes"])
def test_the_second_stop_ends_at_once(
    shop: Shop, proxy: FaultProxy, start: Start, index: int
) -> None:
    def choose(process: Process, seen: Seen) -> Fault | None:
        if seen.index < index:
            return None
        if seen.index == index:
            process.send_signal(signal.SIGINT)
        return Fault.STALL_BEFORE

    shop.plan()
    process = start(choose, "apply", *APPLY)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("stopping:"):
            process.send_signal(signal.SIGINT)
            break
    assert process.wait(HANG_S) == 130  # and not after the answer that never comes
    assert shop.receipt()["state"] == "running"
    proxy.begin(lambda _: None)
    assert shop.run("apply", "plan.json").code == 0


def test_a_stop_while_a_plan_is_verified_leaves_a_receipt_that_says_so(
    shop: Shop, start: Start
) -> None:
    def choose(process: Process, seen: Seen) -> Fault:
        if seen.index == 0:
            process.send_signal(signal.SIGINT)
        return Fault.STALL_BEFORE

    shop.plan()
    process = start(choose, "apply", *APPLY, "--catalog", "catalog.yaml")
    _, stderr = process.communicate(timeout=HANG_S)
    assert process.returncode == 130, stderr
    receipt = shop.receipt()
    assert (receipt["state"], receipt["outcomes"]) == ("interrupted", [])
    assert receipt["message"] == "interrupted before anything was written"


def test_a_stop_ends_a_reading_at_once(shop: Shop, start: Start) -> None:
    def choose(process: Process, seen: Seen) -> Fault:
        if seen.index == 0:
            process.send_signal(signal.SIGINT)
        return Fault.STALL_BEFORE

    process = start(choose, "export", "-o", "exported")
    _, stderr = process.communicate(timeout=HANG_S)  # and not after the answer that never comes
    assert process.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert not (shop.folder / "exported").exists()
