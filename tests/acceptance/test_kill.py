"""kill -9 in the middle of an apply: the same file finishes it, and nothing is done twice."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest
from tests.support.beginnings import Beginnings, beginnings
from tests.support.embedded import EmbeddedServer
from tests.support.fault_proxy import Fault, FaultProxy, Seen
from tests.support.processes import HANG_S, python_module, started
from tests.support.scenarios import EVERYTHING_AT_ONCE, apply, plan_for
from tests.support.tenants import instance_body, make
from tests.support.values import declared, desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.apply.freshness import already_done
from kaiten_sync.apply.observe import read_observed
from kaiten_sync.model.family import FamilyTerms
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.plan.plan_file import write_plan

POINTS = 28
"""How many requests a run is killed at: about every fourth of them, from the first write on.

Requests before the first write only read, so a kill at any of them leaves the same behind.
"""
FAMILY_WRITES = 5
"""A draft, two grants, publish, make default. The server itself clears the old default."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(server: EmbeddedServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as running:
        yield running


@pytest.fixture(scope="module", name="beginnings")
def _beginnings(server: EmbeddedServer, proxy: FaultProxy) -> Iterator[Beginnings]:
    with beginnings(server, proxy, target=TargetRef("default", proxy.url)) as begun:
        yield begun


@pytest.mark.parametrize("point", range(POINTS))
def test_killed_at_any_point(
    beginnings: Beginnings, proxy: FaultProxy, tmp_path: Path, point: int
) -> None:
    begun = beginnings.of(EVERYTHING_AT_ONCE)
    plan, catalog = begun.plan, begun.catalog
    (tmp_path / "plan.json").write_bytes(write_plan(plan))
    last = point * 2 * len(plan.changes) // POINTS  # each write is looked at after it
    _run_until(
        proxy,
        tmp_path,
        begun.token,
        last,
        is_carried_out=point % 2 == 0,
        is_after_a_write=point > 0,
    )

    done = already_done(plan, read_observed(catalog, plan.observed, 4))
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["state"] == "running"
    assert {o["id"] for o in receipt["outcomes"] if o["status"] == "done"} <= done

    result = apply(plan, catalog, workers=8)
    assert result.is_complete
    assert {o.change_id for o in result.outcomes if o.status == "already-done"} >= done
    assert begun.is_finished()


def sold(seats: int) -> DesiredState:
    family = declared("family/growth", name="Growth", type="PAID")
    found = desired(
        declared("entitlement/seats", name="Seats", type="NUMBER"),
        declared("entitlement/sso", name="SSO", type="BOOLEAN"),
        family,
        declared("family/growth/grant/seats", value=seats),
        declared("family/growth/grant/sso", value=True),
    )
    lists = {each.child_list for each in found.resources if each.child_list is not None}
    return found.changed(terms={family.address: FamilyTerms()}, owns=frozenset(lists))


@pytest.mark.parametrize("is_planned_again", [False, True])
@pytest.mark.parametrize("write", range(FAMILY_WRITES))
def test_a_version_that_was_half_made_when_apply_was_killed_is_finished(
    server: EmbeddedServer, proxy: FaultProxy, tmp_path: Path, write: int, is_planned_again: bool
) -> None:
    token = server.new_organization()
    headers = {"Authorization": f"Bearer {token}"}
    with (
        HttpCatalog(ConnectionSettings(url=server.url, token=token)) as catalog,
        httpx.Client(base_url=f"{server.url}/api", headers=headers) as api,
    ):
        assert apply(plan_for(sold(10), catalog), catalog).is_complete
        make(api, "/instances", **instance_body(api, slug="one"))
        plan = plan_for(sold(5), catalog, TargetRef("default", proxy.url))
        (tmp_path / "plan.json").write_bytes(write_plan(plan))
        is_carried_out = (write % 2 == 0) == is_planned_again
        _run_until(proxy, tmp_path, token, write, is_carried_out=is_carried_out, is_write=True)

        again = plan_for(sold(5), catalog) if is_planned_again else plan
        assert apply(again, catalog).is_complete
        assert plan_for(sold(5), catalog).is_empty
        found = {each["slug"]: each for each in api.get("/licenses").json()["items"]}
        assert {slug: each["isDefault"] for slug, each in found.items()} == {
            "growth": False,
            "growth-v2": True,
        }
        kept = api.get("/licenses/growth/entitlements").json()["items"]
        assert {each["entitlementSlug"]: each["value"]["value"] for each in kept} == {
            "seats": 10,
            "sso": True,
        }


def _run_until(
    proxy: FaultProxy,
    folder: Path,
    token: str,
    last: int,
    *,
    is_carried_out: bool,
    is_write: bool = False,
    is_after_a_write: bool = False,
) -> None:
    """Run `apply` until its request, or its write, number `last`, and kill it there.

    The request is on its way then. With `is_after_a_write`, the first write is number 0.
    """
    running: Future[subprocess.Popen[str]] = Future()
    counted = itertools.count()
    writes: list[Seen] = []

    def choose(seen: Seen) -> Fault | None:
        if seen.method != "GET":
            writes.append(seen)
        if (is_write and seen.method == "GET") or (is_after_a_write and not writes):
            return None
        if next(counted) < last:
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
