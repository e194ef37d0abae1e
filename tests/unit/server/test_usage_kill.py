"""The server is killed while it counts: what it acknowledged is there when it comes back."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

import httpx
from tests.support.databases import Cluster
from tests.support.metering import Meter, client, done, metered, pair, path
from tests.support.processes import HANG_S
from tests.support.server_process import ServerProcess

REPORTERS = 4
KILLS = 2
BETWEEN_KILLS = 25
"""Acknowledged reports after which the server is killed."""


@dataclass
class Load:
    """Reports of 1 to one counter, from several threads, with a server that goes and comes.

    Without keys, what was sent and not answered stays in doubt; with keys it is sent again.
    """

    url: str
    token: str
    has_keys: bool
    is_up: threading.Event = field(default_factory=threading.Event)
    is_over: threading.Event = field(default_factory=threading.Event)
    acknowledged: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def run(self, reporter: int) -> Counter[str]:
        """Report until it is over. Counts what was acknowledged and what stays in doubt."""
        counts: Counter[str] = Counter()
        with client(self.url, self.token) as api:
            while not self.is_over.is_set():
                self._one(api, f"r{reporter}-{counts['acknowledged']}", counts)
        return counts

    def wait(self, reports: int) -> None:
        """Wait until so many more are acknowledged."""
        for _ in range(reports):
            assert self.acknowledged.acquire(timeout=HANG_S)

    def _one(self, api: httpx.Client, key: str, counts: Counter[str]) -> None:
        body = {"value": 1, "transactionId": key} if self.has_keys else {"value": 1}
        while True:
            self.is_up.wait(HANG_S)
            try:
                answer = api.post(path(), json=body)
            except httpx.TransportError:
                if self.has_keys:
                    continue
                counts["in doubt"] += 1
                return
            if answer.status_code == 200:
                counts["acknowledged"] += 1
                counts["replayed"] += "Idempotent-Replayed" in answer.headers
                self.acknowledged.release()
                return
            assert answer.status_code == 503, answer.text


def under_fire(
    database_url: str, meters: list[Meter], *, has_keys: bool
) -> tuple[Counter[str], tuple[float, int]]:
    """What the clients saw, and what is counted in the end. Adds the counter's owner."""
    with ExitStack() as servers:
        server = servers.enter_context(ServerProcess(database_url))
        api = servers.enter_context(client(server.url, server.token))
        meter = metered(api, database_url)
        meter.grant(-1)
        meters.append(meter)
        load = Load(server.url, server.token, has_keys)
        load.is_up.set()
        with ThreadPoolExecutor(REPORTERS) as pool:
            running = [pool.submit(load.run, number) for number in range(REPORTERS)]
            try:
                for _ in range(KILLS):
                    load.wait(BETWEEN_KILLS)
                    load.is_up.clear()
                    server.kill()
                    again = ServerProcess(database_url, port=server.port, token=server.token)
                    server = servers.enter_context(again)
                    load.is_up.set()
                load.wait(BETWEEN_KILLS)
            finally:
                load.is_over.set()
                load.is_up.set()
            counts = sum((each.result() for each in running), Counter[str]())
        return counts, pair(done(api.get(path())).json())


def test_what_was_acknowledged_is_there(fresh_url: str) -> None:
    meters: list[Meter] = []
    counts, (total, events) = under_fire(fresh_url, meters, has_keys=False)
    assert counts["acknowledged"] >= KILLS * BETWEEN_KILLS
    assert counts["acknowledged"] <= total <= counts["acknowledged"] + counts["in doubt"]
    assert events == total
    assert Counter(meters[0].names())["USAGE_REPORT_ACCEPTED"] == total


def test_what_is_sent_again_with_its_key_counts_once(fresh_url: str) -> None:
    meters: list[Meter] = []
    counts, (total, events) = under_fire(fresh_url, meters, has_keys=True)
    assert total == events == counts["acknowledged"]
    (meter,) = meters
    assert Counter(meter.names())["USAGE_REPORT_ACCEPTED"] == total
    assert sorted(row.report_seq for row in meter.reports()) == list(range(1, events + 1))


def test_one_of_several_processes_is_killed_and_the_rest_goes_on(postgresql: Cluster) -> None:
    """Two servers on one database, with groups of reports in both; one of them comes and goes.

    A file of SQLite has one server.
    """
    fresh_url = postgresql.new_database()
    with ExitStack() as servers:
        stays = servers.enter_context(ServerProcess(fresh_url))
        goes = servers.enter_context(ServerProcess(fresh_url, token=stays.token))
        api = servers.enter_context(client(stays.url, stays.token))
        meter = metered(api, fresh_url)
        meter.grant(-1)
        loads = [Load(each.url, stays.token, has_keys=True) for each in (stays, goes)]
        loads[0].is_up.set()
        loads[1].is_up.set()
        with ThreadPoolExecutor(4 * REPORTERS) as pool:
            running = [
                pool.submit(load.run, 100 * place + number)
                for place, load in enumerate(loads)
                for number in range(2 * REPORTERS)
            ]
            try:
                for _ in range(KILLS):
                    loads[1].wait(BETWEEN_KILLS)
                    loads[1].is_up.clear()
                    goes.kill()
                    loads[0].wait(BETWEEN_KILLS)
                    again = ServerProcess(fresh_url, port=goes.port, token=stays.token)
                    goes = servers.enter_context(again)
                    loads[1].is_up.set()
                loads[1].wait(BETWEEN_KILLS)
            finally:
                for load in loads:
                    load.is_over.set()
                    load.is_up.set()
            counts = sum((each.result() for each in running), Counter[str]())
        total, events = pair(done(api.get(path())).json())
    assert total == events == counts["acknowledged"]
    assert Counter(meter.names())["USAGE_REPORT_ACCEPTED"] == total
    assert sorted(row.report_seq for row in meter.reports()) == list(range(1, events + 1))
