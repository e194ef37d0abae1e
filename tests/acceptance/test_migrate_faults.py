"""Servers that bill, lie, fail and die while holders are moved, two applies at once, and a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.migrating import PLAN, Shop, opened, without_license
from tests.support.command import Ended
from tests.support.fault_proxy import Fault, FaultProxy, Seen
from tests.support.processes import HANG_S, python_module, started
from tests.support.scripted import Reply, Request, scripted


@pytest.fixture
def shop(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    with opened(place, capsys) as made:
        yield made


MOVED = ("one", "two")
REQUESTS = 12
"""What applying two moves takes: lists, grants, and for each usage, read, PUT, verify."""

QUICK = [each for each in Fault if each not in (Fault.STALL_BEFORE, Fault.STALL_AFTER)]
"""A server that is silent is waited for until a limit of minutes, so others test that."""

BILLED = {"title": "Conflict", "status": 409, "code": "UpdateInstance.BillingActive"}
Twist = Callable[[Request, httpx.Response], Reply]


def sold(shop: Shop) -> dict[str, dict[str, object]]:
    for slug in MOVED:
        shop.sell(slug, 2)
    return {slug: shop.instance(slug) for slug in MOVED}


def through(shop: Shop, url: str, *args: str) -> Ended:
    """Run a command on another way to the same server."""
    return shop.run(*args, KAITEN_BASE_URL=url)


def applied_with(
    shop: Shop, twist: Twist, shown: str = "json", options: Sequence[str] = ()
) -> Ended:
    """Plan and apply through a server that answers otherwise than the real one behind it."""

    def answer(request: Request) -> Reply:
        path = request.path.removeprefix("/api")
        content = None if request.body is None else json.dumps(request.body).encode()
        headers = {"content-type": "application/json"} if content else {}
        if request.method == "PUT":
            return twist(request, httpx.Response(200))
        got = shop.api.request(request.method, path, content=content, headers=headers)
        return twist(request, got)

    with scripted(answer) as between:
        planned = through(shop, between.url, "migrate", "growth", "-o", PLAN)
        assert planned.code == 0, planned.stderr
        return through(shop, between.url, "apply", PLAN, "--format", shown, *options)


def as_is(got: httpx.Response) -> Reply:
    return Reply(got.status_code, raw=got.content)


def is_put(request: Request, slug: str) -> bool:
    return request.method == "PUT" and request.path.endswith(f"/instances/{slug}")


def test_one_who_is_billed_is_left_reported_and_counted(shop: Shop) -> None:
    sold(shop)

    def bill(request: Request, got: httpx.Response) -> Reply:
        if is_put(request, "one"):
            return Reply(409, BILLED)
        if request.method == "PUT":
            shop.api.put(request.path.removeprefix("/api"), json=request.body).raise_for_status()
            return Reply(204)
        return as_is(got)

    done = applied_with(shop, bill)
    assert done.code == 5
    outcomes = {each["address"]: each for each in done.json["outcomes"]}
    assert outcomes["instance/one"]["status"] == "left"
    assert outcomes["instance/one"]["code"] == "UpdateInstance.BillingActive"
    assert "it is billed" in outcomes["instance/one"]["message"]
    assert (done.json["summary"]["left"], done.json["summary"]["done"]) == (1, 1)
    assert shop.held() == {"one": "growth", "two": "growth-v2"}


def test_one_who_goes_while_its_usage_is_read_is_said_to_be_gone(shop: Shop) -> None:
    sold(shop)

    def choose(seen: Seen) -> None:
        if "/instances/one/" in seen.path:
            shop.api.delete("/instances/one")

    with FaultProxy(shop.place.url) as proxy:
        assert through(shop, proxy.url, "migrate", "growth", "-o", PLAN).code == 0
        proxy.begin(choose)
        done = through(shop, proxy.url, "apply", PLAN, "--format", "json")
    assert done.code in (4, 5), done.stderr
    outcomes = {each["address"]: each for each in done.json["outcomes"]}
    assert outcomes["instance/one"]["status"] == "left"
    assert outcomes["instance/one"]["message"].endswith("now it is gone")
    assert outcomes["instance/two"]["status"] == "done"


def test_one_who_is_billed_is_left_out_of_the_next_wave_by_name(shop: Shop) -> None:
    sold(shop)
    done = applied_with(
        shop,
        lambda request, got: Reply(409, BILLED) if request.method == "PUT" else as_is(got),
        "text",
    )
    assert done.code == 4
    assert "Nothing applied to" in done.stdout
    assert "--skip instance/one\n  --skip instance/two\n" in done.stdout


def test_a_server_that_only_says_that_it_moved_is_not_believed(shop: Shop) -> None:
    before = sold(shop)
    done = applied_with(
        shop, lambda request, got: Reply(204) if request.method == "PUT" else as_is(got)
    )
    assert done.code == 5
    messages = [each["message"] for each in done.json["outcomes"]]
    assert all('the server accepted it, yet license is "growth"' in str(m) for m in messages)
    assert {slug: shop.instance(slug) for slug in MOVED} == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metadata", {"region": "us"}),
        ("name", "Another"),
        ("endLicenseDate", "2030-01-01T00:00:00Z"),
    ],
)
def test_a_server_that_changes_something_else_is_reported(
    shop: Shop, name: str, value: object
) -> None:
    sold(shop)

    def meddle(request: Request, got: httpx.Response) -> Reply:
        if request.method != "PUT":
            return as_is(got)
        body = {**request.body, name: value} if is_put(request, "one") else request.body
        shop.api.put(request.path.removeprefix("/api"), json=body).raise_for_status()
        return Reply(204)

    done = applied_with(shop, meddle)
    assert done.code == 5
    outcomes = {each["address"]: each for each in done.json["outcomes"]}
    assert outcomes["instance/one"]["status"] == "failed"
    assert f"{name} became different" in outcomes["instance/one"]["message"]
    assert outcomes["instance/two"]["status"] == "done"


def test_a_put_repeats_the_zone_and_leaves_read_only_fields_out(shop: Shop) -> None:
    sold(shop)
    bodies = {}

    def with_zone(request: Request, got: httpx.Response) -> Reply:
        if request.method == "PUT":
            bodies[request.path] = request.body
            body = {k: v for k, v in request.body.items() if k != "deploymentZoneId"}
            shop.api.put(request.path.removeprefix("/api"), json=body).raise_for_status()
            return Reply(204)
        if request.path.endswith("/instances/one"):
            zone = {
                "deploymentZoneId": "z-1",
                "deploymentZoneSlug": "eu",
                "integrations": {"a": {}},
            }
            return Reply(200, {**got.json(), **zone, "lifecycleStage": "ACTIVE"})
        return as_is(got)

    assert applied_with(shop, with_zone).code == 0
    assert bodies["/api/instances/one"].keys() == {
        "slug",
        "name",
        "description",
        "customerId",
        "licenseId",
        "startLicenseDate",
        "endLicenseDate",
        "metadata",
        "deploymentZoneId",
    }


@pytest.mark.parametrize("fault", QUICK)
def test_whatever_happens_to_a_request_the_same_plan_finishes(shop: Shop, fault: Fault) -> None:
    before = sold(shop)
    with FaultProxy(shop.place.url) as proxy:
        assert through(shop, proxy.url, "migrate", "growth", "-o", PLAN).code == 0
        puts = iter(range(99))
        hurt: list[Seen] = []

        def choose(seen: Seen) -> Fault | None:
            if seen.method != "PUT" or next(puts) > 0:
                return None
            hurt.append(seen)
            return fault

        proxy.begin(choose)
        assert through(shop, proxy.url, "apply", PLAN).code in (0, 1, 5)
        assert hurt
        for slug, seen in before.items():
            assert without_license(shop.instance(slug)) == without_license(seen)
        proxy.begin(lambda _: None)
        assert through(shop, proxy.url, "apply", PLAN).code == 0
    assert set(shop.held().values()) == {"growth-v2"}
    for slug, seen in before.items():
        assert without_license(shop.instance(slug)) == without_license(seen)


@pytest.mark.parametrize("point", range(0, REQUESTS, 2))
def test_a_killed_apply_is_finished_by_the_same_plan(shop: Shop, point: int) -> None:
    before = sold(shop)
    with FaultProxy(shop.place.url) as proxy:
        assert through(shop, proxy.url, "migrate", "growth", "-o", PLAN).code == 0
        assert shop.plan()["requests"] == REQUESTS
        running: Future[subprocess.Popen[str]] = Future()

        def choose(seen: Seen) -> Fault | None:
            if seen.index < point:
                return None
            running.result().kill()
            return Fault.RESET_AFTER

        proxy.begin(choose)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "KAITEN_BASE_URL": proxy.url,
            "KAITEN_AUTH_TOKEN": shop.place.token,
        }
        with started(
            python_module("kaiten_sync", "apply", PLAN),
            cwd=shop.place.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            running.set_result(process)
            assert process.wait(HANG_S) == -signal.SIGKILL
        proxy.begin(lambda _: None)
        assert through(shop, proxy.url, "apply", PLAN).code == 0
    assert set(shop.held().values()) == {"growth-v2"}
    for slug, seen in before.items():
        assert without_license(shop.instance(slug)) == without_license(seen)


def test_two_applies_of_one_migration_both_end_well(shop: Shop) -> None:
    before = sold(shop)
    shop.migrate()
    start = Barrier(2)

    def apply_once(_: int) -> int:
        start.wait(HANG_S)
        return shop.place.run_process("apply", PLAN).code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(apply_once, range(2))) == [0, 0]
    for slug, seen in before.items():
        assert shop.held()[slug] == "growth-v2"
        assert without_license(shop.instance(slug)) == without_license(seen)


def test_a_version_that_changes_while_holders_move_keeps_the_rest_where_they_are(
    shop: Shop,
) -> None:
    for number in range(6):
        shop.sell(f"h{number}", 2)

    def lower_after_the_first(request: Request, got: httpx.Response) -> Reply:
        if request.method != "PUT":
            return as_is(got)
        shop.api.put(request.path.removeprefix("/api"), json=request.body).raise_for_status()
        if list(shop.held().values()).count("growth-v2") == 1:
            body = {"value": {"type": "number", "value": 3}}
            path = "/licenses/growth-v2/entitlements/seats"
            shop.api.put(path, json=body).raise_for_status()
        return Reply(204)

    done = applied_with(shop, lower_after_the_first, options=("--connections", "1"))
    assert done.code == 5
    said = {each["address"]: each for each in done.json["outcomes"]}
    assert [each["status"] for each in said.values()] == ["done", *["left"] * 5]
    message = said["instance/h5"]["message"]
    assert "license/growth-v2/grant/seats" in message
    assert "value was 5 when the plan was made, now it is 3" in message
    assert list(shop.held().values()).count("growth-v2") == 1


@pytest.mark.parametrize("count", [8, 9, 17])
def test_looking_at_the_versions_again_is_in_the_predicted_requests(shop: Shop, count: int) -> None:
    for number in range(count):
        shop.sell(f"h{number}")
    assert shop.migrate().code == 0
    assert shop.apply("--format", "json").json["requests"] == shop.plan()["requests"]
