"""Measures lists of 10,000 rows: a page of the dashboard next to the same page of the API.

The aim is that a page takes at most twice the time of the API's answer. Also measured are the
pages that look at all counters, of which there are 20,000 with a month of days each.

    python -m benchmarks.dashboard_lists [--instances 10000] [--reports 0] [--days 30]

With --reports it also stores so many events of reports, and prints how large the database is.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Select, Table, insert, select, text
from tests.support.databases import cluster
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import furnish

from kaiten_sync.licensing.windows import DAY_MS
from kaiten_sync.server.db.engine import Database, open_engine
from kaiten_sync.server.db.pages import Position
from kaiten_sync.server.db.sums import add_counters, add_reports
from kaiten_sync.server.db.tables import (
    customer,
    entitlement,
    event,
    grant,
    instance,
    license_family,
    license_version,
    usage,
    usage_day,
)
from kaiten_sync.server.domain.events import USAGE_ACCEPTED, USAGE_REJECTED
from kaiten_sync.server.service.work import new_id
from kaiten_sync.server.web.paging import encode_cursor

ROWS = 10_000
ROUNDS = 40
_AT_ONCE = 50_000
"""Rows that are added in one transaction."""

_LISTS = {
    "entitlements": "entitlements",
    "licenses": "license-families",
    "customers": "customers",
    "instances": "instances",
}
"""Pages, and what the API calls what they list."""

_METERED = ("api-calls", "exports")


def main() -> None:
    """Print a table of medians in milliseconds for each database."""
    size = _size()
    for name, opened in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as server:
            headers = {"Authorization": f"Bearer {server.token}"}
            with httpx.Client(base_url=f"{server.url}/api", headers=headers, timeout=600) as api:
                furnish(api)
            far = _multiply(server.database_url, size)
            with httpx.Client(base_url=server.url, headers=headers, timeout=600) as client:
                client.post("/sign-in", data={"token": server.token})
                _print_table(name, client, size, far)
            if size.reports:
                print(f"\n{_mib_on_disk(server.database_url):,.0f} MiB on disk")


@dataclass(frozen=True)
class Size:
    """How many instances there are, with what was used on how many days, and how many reports."""

    instances: int
    days: int
    reports: int


def _size() -> Size:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=ROWS)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--reports", type=int, default=0)
    return Size(**vars(parser.parse_args()))


@contextmanager
def _sqlite(folder: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(folder) as server:
        yield server


@contextmanager
def _postgresql(folder: Path) -> Iterator[EmbeddedServer]:
    with cluster() as running, EmbeddedServer(folder, running.new_database()) as server:
        yield server


def _print_table(database: str, client: httpx.Client, size: Size, far: str) -> None:
    print(f"\n| {database}, {size.instances:,} instances | API, ms | page, ms | page / API |")
    print("|---|---|---|---|")
    for name, in_api in _LISTS.items():
        api = f"/api/{in_api}?limit=50"
        after = f"cursor={client.get(api).json()['nextCursor']}"
        _print_row(client, f"{name}, first page", api, f"/{name}")
        _print_row(client, f"{name}, second page", f"{api}&{after}", f"/{name}?{after}")
        _print_row(client, f"{name}, searched", None, f"/{name}?q=copy-77")
    for label, path in (
        (f"usage of {size.instances:,} instances by saturation", "/entitlements/api-calls/usage"),
        (f"meters: {2 * size.instances:,} counters, fullest first", "/usage"),
        ("meters, least used first", "/usage?sort=used"),
        ("meters, by customer", "/usage?sort=customer"),
        ("meters in the band ok", "/usage?band=ok"),
        ("meters in the band unlimited", "/usage?band=unlimited"),
        ("meters, fullest first, far behind", f"/usage?cursor={far}"),
        ("meters, least used first, far behind", f"/usage?sort=used&cursor={far}"),
        ("meters, by customer, far behind", f"/usage?sort=customer&cursor={far}"),
        ("meters in the band ok, far behind", f"/usage?band=ok&cursor={far}"),
        ("usage by saturation, far behind", f"/entitlements/api-calls/usage?cursor={far}"),
        ("customers of an entitlement", "/entitlements/api-calls/customers"),
        ("the same by instances", "/entitlements/api-calls/customers?sort=-instances"),
        ("customers by instances", "/customers?sort=-instances"),
        ("events", "/events"),
        ("refusals", "/refusals"),
        (f"overview with {2 * size.instances:,} counters", "/"),
    ):
        _print_row(client, label, None, path)


def _print_row(client: httpx.Client, label: str, api: str | None, page: str) -> None:
    times = _medians(client, *filter(None, (api, page)))
    if api:
        print(f"| {label} | {times[0]:.1f} | {times[1]:.1f} | {times[1] / times[0]:.1f} |")
    else:
        print(f"| {label} | – | {times[0]:.1f} | – |")


def _medians(client: httpx.Client, *paths: str) -> list[float]:
    """Milliseconds that each path takes, measured in turns so that both see the same machine."""
    times: list[list[float]] = [[] for _ in paths]
    for _ in range(ROUNDS):
        for place, path in enumerate(paths):
            times[place].append(_timed(client, path))
    return [statistics.median(each) for each in times]


def _timed(client: httpx.Client, path: str) -> float:
    before = time.perf_counter()
    answer = client.get(path)
    took = time.perf_counter() - before
    assert answer.status_code == 200, answer.status_code
    assert re.search(r"copy|restaurant|api-calls", answer.text)
    return took * 1000


def _multiply(database_url: str, size: Size) -> str:
    """Copy one row of each list until there are as many as measured, and count for each.

    Returns the cursor of a page of meters that is far behind.
    """
    database = open_engine(database_url)
    _copy(database, entitlement)
    customers = _copy(database, customer, [{}] * size.instances)
    _copy_licenses(database)
    instances = _copy(database, instance, [{"customer_id": each["id"]} for each in customers])
    _count(database, [each["id"] for each in instances], size.days)
    _report(database, [each["id"] for each in instances], size.reports)
    metered = _all(database, select(entitlement.c.id).where(entitlement.c.slug == _METERED[0]))
    # It has used 300 of 1,000, so that two thirds of all counters of the entitlement are before it.
    far = Position(0, f"{instances[-700]['id']} {metered[0]['id']}")
    if database.is_postgresql:
        # What its daemon does within a minute: without, it plans for empty tables.
        with database.writing() as connection:
            connection.execute(text("ANALYZE"))
    database.close()
    return encode_cursor(far)


def _copy(
    database: Database, table: Table, changes: Sequence[dict[str, Any]] = ({},) * ROWS
) -> list[dict[str, Any]]:
    """Copies of the first row of a table, each with another id, slug and time, and a change."""
    row = _all(database, select(table))[0]
    copies = [
        {**row, "id": new_id(), "slug": f"copy-{n}", "created_at": row["created_at"] + n, **change}
        for n, change in enumerate(changes)
    ]
    _add(database, table, copies)
    return copies


def _copy_licenses(database: Database) -> None:
    """Families of one version each, which grants what the license `growth` grants."""
    families = _copy(database, license_family)
    row = _all(database, select(license_version).where(license_version.c.slug == "growth"))[0]
    granted = _all(database, select(grant).where(grant.c.license_id == row["id"]))
    versions = [
        {**row, "id": new_id(), "family_id": family["id"], "slug": family["slug"]}
        for family in families
    ]
    grants = [{**g, "id": new_id(), "license_id": v["id"]} for v in versions for g in granted]
    _add(database, license_version, versions)
    _add(database, grant, grants)


def _count(database: Database, instance_ids: list[str], days: int) -> None:
    """Counters of different saturation, and what was used on each day of the last month."""
    metered = _all(database, select(entitlement.c.id).where(entitlement.c.slug.in_(_METERED)))
    now_ms = time.time_ns() // 1_000_000
    counters = [
        {"instance_id": instance_id, "entitlement_id": each["id"], "value": place % 1000}
        for place, instance_id in enumerate(instance_ids)
        for each in metered
    ]
    rest = {"event_count": 1, "period_start": None, "report_seq": 1, "updated_at": now_ms}
    # All copies of one instance, so of one license.
    copied = instance.c.id == instance_ids[0]
    held, organization = (
        _all(database, select(column).where(copied))[0]
        for column in (instance.c.license_id, instance.c.organization_id)
    )
    _add(database, usage, [{**each, **held, **rest} for each in counters])
    reports = {**organization, "accepted": 10, "period_start": None}
    owner, license_id = organization["organization_id"], held["license_id"]
    with database.writing() as connection:
        for each in metered:
            add_counters(connection, [(owner, each["id"], license_id, len(instance_ids))])
    for ago in range(days):
        day = {**reports, "day": now_ms // DAY_MS - ago}
        # Every hundredth counter had a report refused.
        rows = [
            {**each, **day, "highest": each["value"], "refused": int(place % 100 == 0)}
            for place, each in enumerate(counters)
        ]
        _add(database, usage_day, rows)
        with database.writing() as connection:
            of_day = ("day", "entitlement_id", "accepted", "refused")
            add_reports(connection, [(owner, *(row[name] for name in of_day)) for row in rows])


def _report(database: Database, instance_ids: list[str], reports: int) -> None:
    """Copies of the events of reports, accepted and refused, a second apart."""
    of_reports = event.c.type.in_((USAGE_ACCEPTED.type, USAGE_REJECTED.type))
    found = _all(database, select(event).where(of_reports))
    last_ms = time.time_ns() // 1_000_000
    for start in range(0, reports, _AT_ONCE):
        copies = []
        for place in range(start, min(start + _AT_ONCE, reports)):
            row = found[place % len(found)]
            mine = {
                "id": new_id(),
                "instance_id": instance_ids[place % len(instance_ids)],
                "occurred_at": last_ms - (reports - place) * 1000,
            }
            copies.append({key: each for key, each in row.items() if key != "seq"} | mine)
        _add(database, event, copies)


def _mib_on_disk(database_url: str) -> float:
    database = open_engine(database_url)
    size = "pg_database_size(current_database())"
    if not database.is_postgresql:
        size = "page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with database.reading() as connection:
        found = connection.execute(text(f"SELECT {size}")).scalar_one()
    database.close()
    return float(found) / 2**20


def _all(database: Database, query: Select[Any]) -> list[dict[str, Any]]:
    with database.reading() as connection:
        # By key, as they are written again: a column may be stored under another name.
        keys = query.selected_columns.keys()
        return [dict(zip(keys, row, strict=True)) for row in connection.execute(query)]


def _add(database: Database, table: Table, rows: list[dict[str, Any]]) -> None:
    """Add rows in a few transactions: the server beside it must not wait for long."""
    for start in range(0, len(rows), _AT_ONCE):
        with database.writing() as connection:
            connection.execute(insert(table), rows[start : start + _AT_ONCE])


if __name__ == "__main__":
    main()
