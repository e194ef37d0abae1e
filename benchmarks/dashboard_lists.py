"""Measures lists of 10,000 rows: a page of the dashboard next to the same page of the API.

The aim is that a page takes at most twice the time of the API's answer.

Run it with `python -m benchmarks.dashboard_lists`.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from sqlalchemy import insert, select
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import furnish

from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.tables import customer, entitlement, instance
from kaiten_sync.server.service.work import new_id

ROWS = 10_000
ROUNDS = 40

_LISTS = {"entitlements": entitlement, "customers": customer, "instances": instance}


def main() -> None:
    """Print a table of medians in milliseconds."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        token = server.token
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.url, headers=headers) as client:
            client.base_url = httpx.URL(f"{server.url}/api")
            furnish(client)
            client.base_url = httpx.URL(server.url)
            _multiply(server.database_url)
            client.post("/sign-in", data={"token": token})
            _print_table(client)


def _print_table(client: httpx.Client) -> None:
    print("| list of 10,000 rows | API, ms | page, ms | page / API |")
    print("|---|---|---|---|")
    for name in _LISTS:
        answers = {"api": f"/api/{name}?limit=50", "page": f"/{name}"}
        first = client.get(answers["api"]).json()
        after = f"cursor={first['nextCursor']}"
        for place, api, page in (
            ("first page", answers["api"], answers["page"]),
            ("second page", f"{answers['api']}&{after}", f"{answers['page']}?{after}"),
        ):
            times = _medians(client, api, page)
            ratio = times[1] / times[0]
            print(f"| {name}, {place} | {times[0]:.1f} | {times[1]:.1f} | {ratio:.1f} |")
        searched = _medians(client, answers["api"], f"{answers['page']}?q=copy-77")
        print(f"| {name}, searched | – | {searched[1]:.1f} | – |")
    for label, path in (
        ("usage by saturation", "/entitlements/api-calls/usage"),
        ("overview", "/"),
    ):
        (took,) = _medians(client, path)
        print(f"| {label} | – | {took:.1f} | – |")


def _medians(client: httpx.Client, *paths: str) -> list[float]:
    """Milliseconds that each path takes, measured in turns so that both see the same machine."""
    times: list[list[float]] = [[] for _ in paths]
    for _ in range(ROUNDS):
        for place, path in enumerate(paths):
            times[place].append(_timed(lambda path=path: client.get(path)))  # type: ignore[misc]
    return [statistics.median(each) for each in times]


def _timed(get: Callable[[], httpx.Response]) -> float:
    before = time.perf_counter()
    answer = get()
    took = time.perf_counter() - before
    assert answer.status_code == 200, answer.status_code
    assert re.search(r"copy|restaurant|api-calls", answer.text)
    return took * 1000


def _multiply(database_url: str) -> None:
    """Copy one row of each list until there are as many as measured."""
    database = open_engine(database_url)
    with database.writing() as connection:
        for table in _LISTS.values():
            row = dict(connection.execute(select(table)).mappings().first() or {})
            copies = [
                {
                    **row,
                    "id": new_id(),
                    "slug": f"copy-{number}",
                    "name": f"Copy {number}",
                    "created_at": row["created_at"] + number,
                }
                for number in range(ROWS)
            ]
            connection.execute(insert(table), copies)
    database.close()


if __name__ == "__main__":
    main()
