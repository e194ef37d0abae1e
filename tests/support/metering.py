"""An organization in which something can be metered, built over HTTP and looked at from behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from sqlalchemy import Row, Select, Update, select, update
from tests.support.processes import HANG_S

from kaiten_sync.server.db.engine import Database, open_engine
from kaiten_sync.server.db.tables import event, instance, usage, usage_report

START = "2026-01-31T10:30:00Z"
"""When the instance's license starts."""


_kept: dict[str, Database] = {}


@dataclass
class Meter:
    """An instance `main` with the license `growth`, and what it is granted.

    `api` is a client of its organization; `database_url` is for looking behind the server's back.
    """

    api: httpx.Client
    database_url: str
    instance_id: str = ""

    def add_instance(self, slug: str = "main", start: str = START) -> str:
        """An instance with the license. Gives its id."""
        return add_instance(self.api, slug, start)

    def grant(
        self, value: Any = 10, slug: str = "calls", *, overage: int | None = None, **fields: Any
    ) -> None:
        """A new entitlement, NUMBER unless `type` says otherwise, granted with this value."""
        tag = {bool: "boolean", dict: "object"}.get(type(value), "number")
        body = {"name": slug, "slug": slug, "type": "NUMBER", **fields}
        done(self.api.post("/entitlements", json=body))
        granted: dict[str, Any] = {
            "entitlementSlug": slug,
            "value": {"type": tag, "value": value},
        }
        if overage is not None:
            granted["limitCapExceededOveragePercent"] = overage
        done(self.api.post("/licenses/growth/entitlements", json=granted))

    def regrant(self, value: Any, slug: str = "calls", overage: int | None = None) -> None:
        """Another value for what is granted."""
        granted: dict[str, Any] = {"value": {"type": "number", "value": value}}
        if overage is not None:
            granted["limitCapExceededOveragePercent"] = overage
        done(self.api.put(f"/licenses/growth/entitlements/{slug}", json=granted))

    def report(self, value: Any, *, slug: str = "calls", **more: Any) -> httpx.Response:
        """The answer to a report."""
        return self.api.post(path(slug), json={"value": value, **more})

    def count(self, *values: Any, slug: str = "calls", **more: Any) -> dict[str, Any]:
        """The usage after these reports, each of which has to be accepted."""
        for value in values:
            answer = done(self.report(value, slug=slug, **more))
        body: dict[str, Any] = answer.json()
        return body

    def total(self, *values: Any, slug: str = "calls", **more: Any) -> tuple[float, int]:
        """What is counted after these reports: the value and how many events are in it."""
        return pair(self.count(*values, slug=slug, **more))

    def read(self, slug: str = "calls") -> dict[str, Any]:
        """The usage as the server shows it."""
        body: dict[str, Any] = done(self.api.get(path(slug))).json()
        return body

    def events(self) -> list[Row[Any]]:
        """The instance's events in the order in which they were written."""
        mine = event.c.instance_id == self.instance_id
        return self._rows(select(event).where(mine).order_by(event.c.seq))

    def usage_events(self) -> list[Row[Any]]:
        """Those that reports left behind."""
        return [row for row in self.events() if row.name != "INSTANCE_CREATED"]

    def names(self) -> list[str]:
        """Their names, without what all have in common."""
        prefixes = ("INSTANCE_ENTITLEMENT_", "ENTITLEMENT_")
        found = []
        for name in (row.name for row in self.usage_events()):
            prefix = next(p for p in prefixes if name.startswith(p))
            found.append(name.removeprefix(prefix))
        return found

    def counters(self) -> list[Row[Any]]:
        """The instance's counters."""
        return self._rows(select(usage).where(usage.c.instance_id == self.instance_id))

    def reports(self) -> list[Row[Any]]:
        """The instance's reports that are remembered by their keys."""
        mine = usage_report.c.instance_id == self.instance_id
        return self._rows(select(usage_report).where(mine))

    def write_counter(self, **values: object) -> None:
        """Change the instance's only counter behind the server's back."""
        mine = usage.c.instance_id == self.instance_id
        self._write(update(usage).where(mine).values(**values))

    def write_instance(self, **values: object) -> None:
        """Change the instance behind the server's back."""
        self._write(update(instance).where(instance.c.id == self.instance_id).values(**values))

    def _write(self, statement: Update) -> None:
        with opened(self.database_url) as database, database.writing() as connection:
            connection.execute(statement)

    def _rows(self, statement: Select[Any]) -> list[Row[Any]]:
        with opened(self.database_url) as database, database.reading() as connection:
            return list(connection.execute(statement))


@contextmanager
def opened(database_url: str) -> Iterator[Database]:
    """A server's database, from behind. It is kept open until another one is opened.

    To connect takes as long as ten statements, and each new engine compiles all of its own.
    """
    database = _kept.get(database_url)
    if database is None:
        close_opened()
        database = _kept[database_url] = open_engine(database_url)
    yield database


def close_opened() -> None:
    """Close what `opened` keeps."""
    while _kept:
        _kept.popitem()[1].close()


def add_instance(api: httpx.Client, slug: str = "main", start: str = START) -> str:
    """An instance with the license `growth`, of a customer of its own. Gives its id."""
    customer = done(api.post("/customers", json={"name": f"Customer of {slug}"})).json()
    body = {
        "name": slug,
        "slug": slug,
        "description": "",
        "customerId": customer["id"],
        "licenseId": done(api.get("/licenses/growth")).json()["id"],
        "startLicenseDate": start,
        "endLicenseDate": "2046-01-01T00:00:00Z",
    }
    made: str = done(api.post("/instances", json=body)).json()["id"]
    return made


def milliseconds(moment: str) -> int:
    """A time as RFC 3339 writes it, in milliseconds since 1970."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def metered(api: httpx.Client, database_url: str, *, start: str = START) -> Meter:
    """An instance whose license grants nothing yet."""
    done(api.post("/licenses", json={"name": "Growth", "type": "PAID"}))
    meter = Meter(api, database_url)
    meter.instance_id = meter.add_instance(start=start)
    return meter


@contextmanager
def client(url: str, token: str) -> Iterator[httpx.Client]:
    """A client of a server's API."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api", headers=headers, timeout=HANG_S) as connected:
        yield connected


def path(slug: str = "calls", instance: str = "main") -> str:
    """Where usage is reported and read."""
    return f"/instances/{instance}/entitlements/{slug}/usage"


def done(answer: httpx.Response) -> httpx.Response:
    """The answer, which has to be a success."""
    assert answer.is_success, answer.text
    return answer


def pair(usage_body: dict[str, Any]) -> tuple[float, int]:
    """The value and the number of events of usage as the API shows it."""
    return usage_body["value"]["value"], usage_body["value"]["event_count"]
