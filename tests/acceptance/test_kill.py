"""kill -9 in the middle of an apply: the same file finishes it, and nothing is done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from tests.support.beginnings import Beginnings
from tests.support.embedded import EmbeddedServer
from tests.support.fault_proxy import Fault, FaultProxy, Seen
from tests.support.processes import HANG_S, python_module, started
from tests.support.scenarios import EVERYTHING_AT_ONCE, apply

from kaiten_sync.apply.freshness import already_done
from kaiten_sync.apply.observe import read_observed
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.plan.plan_file import write_plan

POINTS = 50


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(server: EmbeddedServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as running:
        yield running


@pytest.fixture(scope="module")
def beginnings(server: EmbeddedServer, proxy: FaultProxy) -> Iterator[Beginnings]:
    with Beginnings(server, proxy, target=TargetRef("default", proxy.url)) as begun:
        yield begun


@pytest.mark.parametrize("point", range(POINTS))
def test_killed_at_any_point(
    beginnings: Beginnings, proxy: FaultProxy, tmp_path: Path, point: int
) -> None:
    begun = beginnings.of(EVERYTHING_AT_ONCE)
    plan, catalog = begun.plan, begun.catalog
    (tmp_path / "plan.json").write_bytes(write_plan(plan))
    last = point * plan.requests // POINTS
    _run_until(proxy, tmp_path, begun.token, last, is_carried_out=point % 2 == 0)

    done = already_done(plan, read_observed(catalog, plan.observed, 4))
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["state"] == "running"
    assert {o["id"] for o in receipt["outcomes"] if o["status"] == "done"} <= done

    result = apply(plan, catalog, workers=8)
    assert result.is_complete
    assert {o.change_id for o in result.outcomes if o.status == "already-done"} >= done
    assert begun.is_finished()


def _run_until(
    proxy: FaultProxy, folder: Path, token: str, last: int, *, is_carried_out: bool
) -> None:
    """Run `apply` until its request number `last`, and kill it there, with that on its way."""
    running: Future[subprocess.Popen[str]] = Future()

    def choose(seen: Seen) -> Fault | None:
        if seen.index < last:
            return None
        running.result().kill()
        return Fault.RESET_AFTER if is_carried_out else Fault.RESET_BEFORE

    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "KAITEN_BASE_URL": proxy.url,
        "KAITEN_AUTH_TOKEN": token,
    }
    proxy.begin(choose)
    with started(
        python_module("kaiten_sync", "apply", "plan.json", "--receipt", "receipt.json"),
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        running.set_result(process)
        assert process.wait(HANG_S) == -signal.SIGKILL
