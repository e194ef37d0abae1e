"""Edits of one object by several people at once: one after the other, also in the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, select, text
from tests.support.outbox import TOKEN, opened

from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.db.tables import event
from kaiten_sync.server.domain.refusals import RefusalError
from kaiten_sync.server.service.tenancy import authenticate
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.arguments import check_body
from kaiten_sync.server.web.catalog import OPERATIONS
from kaiten_sync.server.web.operations import Arguments

_EARLY, _LATER, _LAST = 1_900_000_000_000, 1_900_000_000_100, 1_900_000_000_200
"""Times in milliseconds, of which each is later than any that the making of objects takes."""

_PLAN = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
_HOLDER = {
    "name": "Production",
    "description": "",
    "startLicenseDate": "2026-01-01T00:00:00Z",
    "endLicenseDate": "2036-01-01T00:00:00Z",
}
_SEATS = {"name": "Seats", "type": "NUMBER", "description": None}
_TEN = {"value": {"type": "number", "value": 10}}


class Told(NamedTuple):
    name: str
    payload: dict[str, Any]
    occurred_at: int


@dataclass
class Shop:
    """A catalog that is edited through the operations of the API, each at a time of the test's."""

    database: Database
    ids: dict[str, str] = field(default_factory=dict)
    """Of the customer and the license, which a request about an instance names."""

    def ask(self, work: Work, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What an operation answers, within the transaction of `work`."""
        for operation in OPERATIONS:
            named = _names(operation.path, path) if operation.method == method else None
            if named is not None:
                if path.startswith("/instances") and method != "PATCH":
                    body = {**(body or {}), **self.ids}
                asked = Arguments(path=named, query={}, body=check_body(operation, body))
                return operation.handler(work, asked)
        raise LookupError(f"{method} {path}")

    def do(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        began_ms: int = 0,
        now_ms: int = 0,
    ) -> Any:
        """What it answers in a transaction of its own, which began before it comes to its turn."""
        with self.database.writing() as connection:
            return self.ask(_work(connection, began_ms, now_ms), method, path, body)

    def told(self) -> list[Told]:
        """All events, in the order in which they were stored."""
        columns = (event.c.name, event.c.payload, event.c.occurred_at)
        with self.database.reading() as connection:
            rows = connection.execute(select(*columns).order_by(event.c.seq))
            return [Told(*row) for row in rows]


@pytest.fixture
def shop(fresh_url: str) -> Iterator[Shop]:
    with opened(fresh_url) as database:
        yield _furnished(database)


def _furnished(database: Database) -> Shop:
    made = Shop(database)
    made.do("POST", "/entitlements", {**_SEATS, "slug": "seats"})
    for group in ("one", "two"):
        made.do("POST", "/entitlement-groups", {"name": group, "description": None, "slug": group})
    growth = made.do("POST", "/licenses", {**_PLAN, "lifecycleState": "DRAFT"})
    made.do("POST", "/licenses/growth/entitlements", {**_TEN, "entitlementSlug": "seats"})
    acme = made.do("POST", "/customers", {"name": "Acme"})
    made.ids = {"customerId": acme["id"], "licenseId": growth["id"]}
    made.do("POST", "/instances", _HOLDER)
    return made


_EDITS: dict[str, tuple[str, str, Mapping[str, Any] | None]] = {
    "entitlement": ("PUT", "/entitlements/seats", {**_SEATS, "name": "Other"}),
    "group": ("PUT", "/entitlement-groups/one", {"name": "Other", "description": None}),
    "member": ("POST", "/entitlement-groups/one/entitlements", {"entitlementSlug": "seats"}),
    "license": ("PUT", "/licenses/growth", {**_PLAN, "name": "Other"}),
    "lifecycle": ("POST", "/licenses/growth/publish", None),
    "grant": ("PUT", "/licenses/growth/entitlements/seats", _TEN),
    "customer": ("PUT", "/customers/acme", {"name": "Other"}),
    "instance": ("PUT", "/instances/production", {**_HOLDER, "name": "Other"}),
    "status": ("PATCH", "/instances/production", {"status": "DEGRADED"}),
    "removal": ("DELETE", "/licenses/growth/entitlements/seats", None),
}


@pytest.mark.parametrize("kind", _EDITS)
def test_an_edit_has_the_time_at_which_it_came_to_its_turn(shop: Shop, kind: str) -> None:
    before = len(shop.told())
    shop.do(*_EDITS[kind], began_ms=_EARLY, now_ms=_LAST)
    (told, *others) = shop.told()[before:]
    assert {each.occurred_at for each in (told, *others)} == {_LAST}
    assert told.payload.get("updatedAt", _SHOWN) == _SHOWN or kind in ("member", "removal")


_SHOWN = "2030-03-17T17:46:40.200Z"


def _reset(period: str) -> tuple[str, str, Mapping[str, Any]]:
    return "PUT", "/entitlements/seats", {**_SEATS, "resetPeriod": period}


_MISSING = "DeleteLicenseEntitlement.LicenseEntitlementNotFound"
_TWO_AT_ONCE: dict[str, tuple[Any, Any, str | None]] = {
    "a reset period is set once": (
        _reset("MONTH"),
        _reset("YEAR"),
        "UpdateEntitlement.ImmutableResetPeriod",
    ),
    "a grant is removed once": (_EDITS["removal"], _EDITS["removal"], _MISSING),
    "a group is deleted once": (
        ("DELETE", "/entitlement-groups/one", None),
        ("DELETE", "/entitlement-groups/one", None),
        "DeleteEntitlementGroup.NotFound",
    ),
    "an entitlement is deleted once": (
        ("DELETE", "/entitlements/spare", None),
        ("DELETE", "/entitlements/spare", None),
        "DeleteEntitlement.NotFound",
    ),
    "an entitlement has changed": (_EDITS["entitlement"], _EDITS["entitlement"], None),
    "a grant has changed": (_EDITS["grant"], _EDITS["grant"], None),
    "two groups": (
        _EDITS["member"],
        ("POST", "/entitlement-groups/two/entitlements", {"entitlementSlug": "seats"}),
        None,
    ),
}
"""The first edit, the second that begins before the first is committed, and its refusal if any."""


@pytest.mark.parametrize("what", _TWO_AT_ONCE)
@pytest.mark.parametrize("database", ["postgresql"])  # the only one with two writers at once
def test_the_second_of_two_edits_sees_the_first(shop: Shop, what: str) -> None:
    first, second, refused = _TWO_AT_ONCE[what]
    shop.do("POST", "/entitlements", {**_SEATS, "slug": "spare"})
    before = len(shop.told())

    def later() -> str | None:
        try:
            shop.do(*second, began_ms=_EARLY, now_ms=_LAST)
        except RefusalError as error:
            return error.code
        return None

    with ThreadPoolExecutor(1) as pool:
        with shop.database.writing() as connection:
            shop.ask(_work(connection, _EARLY, _LATER), *first)
            other = pool.submit(later)
            while not other.done() and not _somebody_waits(shop.database):
                pass
        assert other.result() == refused
    told = shop.told()[before:]
    assert [each.occurred_at for each in told] == [_LATER] + [_LAST] * (refused is None)
    groups = [len(each.payload.get("entitlementGroups", ())) for each in told]
    assert what != "two groups" or groups == [1, 2]


def _names(template: str, path: str) -> dict[str, str] | None:
    """What a path has in the places of its template; None if it is not of this template."""
    parts, wanted = path.split("/"), template.split("/")
    if len(parts) != len(wanted):
        return None
    pairs = list(zip(wanted, parts, strict=True))
    if any(one != other and not one.startswith("{") for one, other in pairs):
        return None
    return {one.strip("{}"): other for one, other in pairs if one.startswith("{")}


def _work(connection: Connection, began_ms: int, now_ms: int) -> Work:
    caller = authenticate(connection, f"Bearer {TOKEN}", "write:licenses", began_ms)
    clock: Callable[[], int] = lambda: now_ms  # noqa: E731
    return Work(
        connection=connection, caller=caller, now_ms=began_ms, clock=clock, random_hex=lambda: "0"
    )


def _somebody_waits(database: Database) -> bool:
    with database.reading() as connection:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(connection.execute(text(waits)).scalar_one())
