"""Many report at once to one counter: nothing is lost, and nothing passes the maximum."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.metering import Meter, client, done, metered, pair, path
from tests.support.server_process import ServerProcess
from tests.support.tenants import instance_body, make
from tests.support.usage_load import Load, in_processes

THREADS = 8
REPORTS = 160
CAP = 100


def names(meter: Meter) -> Counter[str]:
    return Counter(meter.names())


def sequence(meter: Meter) -> list[int]:
    return sorted(row.report_seq for row in meter.reports())


class TestThreads:
    @pytest.fixture
    def meter(self, server: EmbeddedServer, api: httpx.Client) -> Meter:
        return metered(api, server.database_url)

    def test_nothing_is_lost(self, meter: Meter) -> None:
        meter.grant(-1, aggregationMethod="AVERAGE")
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(lambda n: meter.report(7), range(REPORTS)))
        assert Counter(answer.status_code for answer in answers) == {200: REPORTS}
        counted = sorted(pair(answer.json())[1] for answer in answers)
        assert counted == list(range(1, REPORTS + 1))
        assert names(meter) == {"USAGE_REPORT_ACCEPTED": REPORTS}

    def test_the_maximum_is_reached_and_never_passed(self, meter: Meter) -> None:
        meter.grant(CAP / 2, overage=100, warningThresholdPercent=100)
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(
                pool.map(lambda n: meter.report(1, transactionId=f"k{n}"), range(REPORTS))
            )
        refused = REPORTS - CAP
        assert Counter(answer.status_code for answer in answers) == {200: CAP, 409: refused}
        assert names(meter) == {
            "USAGE_REPORT_ACCEPTED": CAP,
            "USAGE_REPORT_REJECTED": refused,
            "USAGE_REACHED": 1,
            "USAGE_WARNING_THRESHOLD_REACHED": 1,
        }
        assert sequence(meter) == list(range(1, CAP + 1))
        assert pair(meter.read()) == (CAP, CAP)

    def test_one_key_counts_once(self, meter: Meter) -> None:
        meter.grant(-1)
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(lambda _: meter.report(3, transactionId="k"), range(THREADS)))
        replays = [answer.headers.get("Idempotent-Replayed") for answer in answers]
        assert Counter(replays) == {None: 1, "true": THREADS - 1}
        assert {answer.content for answer in answers} == {answers[0].content}
        assert names(meter) == {"USAGE_REPORT_ACCEPTED": 1}

    def test_many_counters_at_once(self, meter: Meter) -> None:
        slugs = [f"e{number}" for number in range(THREADS)]
        for slug in slugs:
            meter.grant(-1, slug)

        def report(number: int) -> int:
            return meter.report(1, slug=slugs[number % THREADS]).status_code

        with ThreadPoolExecutor(THREADS) as pool:
            assert Counter(pool.map(report, range(REPORTS))) == {200: REPORTS}
        usage = meter.api.get("/instances/main/entitlements/usage").json()
        assert [each["value"]["value"] for each in usage] == [REPORTS // THREADS] * THREADS

    def test_grants_may_come_and_go_meanwhile(self, meter: Meter) -> None:
        """What is gone is a 404, never a 500."""
        meter.grant(-1)
        api = meter.api

        def step(number: int) -> int:
            match number % 8:
                case 5:
                    answer = api.delete("/licenses/growth/entitlements/calls")
                case 6:
                    granted = {"type": "number", "value": 1000}
                    body = {"entitlementSlug": "calls", "value": granted}
                    answer = api.post("/licenses/growth/entitlements", json=body)
                case _:
                    answer = meter.report(1)
            return answer.status_code

        with ThreadPoolExecutor(THREADS) as pool:
            statuses = set(pool.map(step, range(REPORTS)))
        assert statuses <= {200, 204, 404, 409}

    def test_an_instance_may_be_moved_meanwhile(self, meter: Meter) -> None:
        """Both licenses grant it, so neither a report nor a reading is refused."""
        meter.grant(-1)
        api = meter.api
        make(api, "/licenses", name="Other", type="PAID")
        granted = {"entitlementSlug": "calls", "value": {"type": "number", "value": -1}}
        done(api.post("/licenses/other/entitlements", json=granted))
        ids = [done(api.get(f"/licenses/{slug}")).json()["id"] for slug in ("other", "growth")]
        bodies = [instance_body(api, name="main", licenseId=each) for each in ids]

        def step(number: int) -> int:
            match number % 4:
                case 0:
                    moved = api.put("/instances/main", json=bodies[number // 4 % 2])
                    return moved.status_code
                case 1:
                    return api.get(path()).status_code
                case _:
                    return meter.report(1).status_code

        with ThreadPoolExecutor(THREADS) as pool:
            assert set(pool.map(step, range(REPORTS))) == {200, 204}

    def test_an_instance_may_be_deleted_meanwhile(self, meter: Meter) -> None:
        meter.grant(-1)
        meter.add_instance("other")
        half = REPORTS // 2

        def step(number: int) -> int:
            if number == half:
                assert meter.api.delete("/instances/other").status_code == 204
            body = {"value": 1, "transactionId": f"k{number}"}
            return meter.api.post(path("calls", "other"), json=body).status_code

        with ThreadPoolExecutor(THREADS) as pool:
            statuses = list(pool.map(step, range(REPORTS)))
        assert set(statuses) == {200, 404}


def test_several_processes_of_clients_and_of_the_server(database: str, fresh_url: str) -> None:
    # Only PostgreSQL can be shared by several processes of the server.
    workers = 2 if database == "postgresql" else 1
    clients, each, cap = 2, 40, 60
    with (
        ServerProcess(fresh_url, workers=workers) as server,
        client(server.url, server.token) as api,
    ):
        meter = metered(api, fresh_url)
        meter.grant(cap)
        counts = in_processes(
            [
                Load(url=server.url, token=server.token, name=f"c{number}", reports=each)
                for number in range(clients)
            ]
        )
        reports = clients * each
        assert counts == {200: cap, 409: reports - cap}
        assert pair(meter.read()) == (cap, cap)
        told = names(meter)
        assert told["USAGE_REPORT_ACCEPTED"] == cap
        assert told["USAGE_REPORT_REJECTED"] == reports - cap
        assert sequence(meter) == list(range(1, cap + 1))
