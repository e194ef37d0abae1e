"""Two servers with two processes each, on one PostgreSQL, behind nginx: as one to whoever asks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest
from tests.support.dash import at_dashboard
from tests.support.databases import Cluster
from tests.support.metering import Meter, client, metered, pair, path
from tests.support.nginx import nginx
from tests.support.processes import HANG_S
from tests.support.server_process import ServerProcess

REPORTERS = 8
BETWEEN_KILLS = 40
KILLS = 2
ANSWERED_BY = "x-answered-by"


@dataclass
class Scene:
    """`servers` are two, of which the second may be exchanged."""

    url: str
    token: str
    database_url: str
    servers: list[ServerProcess]
    stack: ExitStack

    def kill_and_start_again(self) -> None:
        killed = self.servers[1]
        killed.kill()
        again = server(self.database_url, port=killed.port, token=self.token)
        self.servers[1] = self.stack.enter_context(again)


def server(database_url: str, *, port: int = 0, token: str | None = None) -> ServerProcess:
    options = ("--trust-proxy", "127.0.0.1")
    return ServerProcess(database_url, *options, workers=2, port=port, token=token)


@pytest.fixture
def scene(postgresql: Cluster) -> Iterator[Scene]:
    url = postgresql.new_database()
    with ExitStack() as stack:
        first = stack.enter_context(server(url))
        second = stack.enter_context(server(url, token=first.token))
        proxy = stack.enter_context(nginx([first.port, second.port]))
        yield Scene(proxy, first.token, url, [first, second], stack)


def test_a_session_and_its_forms_are_good_at_every_process(scene: Scene) -> None:
    """And what one process was told is known to all with the next request."""
    asked: Counter[str] = Counter()
    with at_dashboard(scene.url, scene.token) as dash:
        for number in range(6):
            answer = dash.send("/new/group", {"name": f"Group {number}"})
            assert answer.status_code == 303, answer.text
            page = dash.client.get(answer.headers["location"])
            assert page.status_code == 200
            assert f"Group {number}" in page.text
            asked[page.headers[ANSWERED_BY]] += 1
            asked[answer.headers[ANSWERED_BY]] += 1
        cookies = dict(dash.client.cookies)
        assert dash.send("/sign-out").status_code == 303
        dash.client.cookies.update(cookies)
        statuses = {dash.client.get("/groups").status_code for _ in range(6)}
    assert len(asked) == 2
    assert statuses == {303}


def test_no_report_is_lost_or_counted_twice_when_a_server_is_killed(scene: Scene) -> None:
    load = Load(scene)
    with client(scene.url, scene.token) as api:
        meter = metered(api, scene.database_url)
        meter.grant(-1)
        with ThreadPoolExecutor(REPORTERS) as pool:
            running = [pool.submit(load.run, number) for number in range(REPORTERS)]
            try:
                for _ in range(KILLS):
                    load.wait()
                    scene.kill_and_start_again()
                load.wait()
            finally:
                load.is_over.set()
            acknowledged = sum(each.result() for each in running)
        total, events = pair(meter.read())
    assert total == events == acknowledged
    assert counted(meter) == list(range(1, acknowledged + 1))
    assert len(load.answered_by) == 2


class Load:
    """Reports of 1, each repeated with its key until it is acknowledged."""

    def __init__(self, scene: Scene) -> None:
        self.is_over = threading.Event()
        self.answered_by: Counter[str] = Counter()
        self._scene = scene
        self._acknowledged = threading.Semaphore(0)

    def run(self, reporter: int) -> int:
        """Report until it is over. Returns how many were acknowledged."""
        number = 0
        with client(self._scene.url, self._scene.token) as api:
            while not self.is_over.is_set():
                body = {"value": 1, "transactionId": f"r{reporter}-{number}"}
                while not self._is_acknowledged(api, body):
                    pass
                number += 1
        return number

    def wait(self) -> None:
        """Wait until some more are acknowledged."""
        for _ in range(BETWEEN_KILLS):
            assert self._acknowledged.acquire(timeout=HANG_S)

    def _is_acknowledged(self, api: httpx.Client, body: dict[str, object]) -> bool:
        answer = api.post(path(), json=body)
        if answer.status_code == 200:
            self.answered_by[answer.headers[ANSWERED_BY].rpartition(" ")[2]] += 1
            self._acknowledged.release()
            return True
        # The server was killed before or after it counted, or the other one is busy.
        assert answer.status_code in (502, 503, 504), answer.text
        return False


def counted(meter: Meter) -> list[int]:
    return sorted(row.report_seq for row in meter.reports())
