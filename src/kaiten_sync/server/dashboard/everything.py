"""The page with one search box for everything that has a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from kaiten_sync.server.dashboard.listing import listing_of
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.dashboard.usage import usage_path
from kaiten_sync.server.db.accounts import FoundToken
from kaiten_sync.server.db.customers import CustomerRow
from kaiten_sync.server.db.entitlements import EntitlementRow
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.db.webhooks import EndpointRow
from kaiten_sync.server.service import accounts, groups, search, webhooks
from kaiten_sync.server.service.work import Work

_PATH = "/search"
_SHOWN = 10
"""Matches of each kind; the list of the kind has the others."""


@dataclass(frozen=True, slots=True)
class _Match:
    """What was found: its page, its name, and what programs call it or where it belongs.

    `meters` is the list of its meters if its page does not begin with them.
    """

    path: str
    name: str
    code: str
    meters: str = ""


@dataclass(frozen=True, slots=True)
class _SearchedKind:
    """A kind of things that can be found, whoever has `scope`; `list` is where all of them are."""

    label: str
    scope: str
    list: str
    find: Callable[[Work, Wanted], Any]
    match: Callable[[str, Any], _Match] = lambda path, row: _Match(
        f"{path}/{row.slug}", row.name, row.slug
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """The matches of a kind, and where all of them are if these are not all."""

    label: str
    matches: Sequence[_Match]
    all: str | None


def _entitlement(path: str, row: EntitlementRow) -> _Match:
    return _Match(f"{path}/{row.slug}", row.name, row.slug, f"{path}/{row.slug}/usage")


def _license(path: str, row: LicenseRow) -> _Match:
    return _Match(f"{path}/{row.slug}", row.name, row.slug, usage_path(license=row.slug))


def _customer(path: str, row: CustomerRow) -> _Match:
    return _Match(f"{path}/{row.slug}", row.name, row.slug, usage_path(customer=row.slug))


def _token(path: str, row: FoundToken) -> _Match:
    return _Match(f"{path}/{row.account_slug}", row.name, row.account_name)


def _webhook(path: str, row: EndpointRow) -> _Match:
    return _Match(f"{path}/{row.id}", row.url, row.status)


_SEARCHED = (
    _SearchedKind(
        "Entitlements",
        "read:entitlements",
        "/entitlements",
        lambda work, wanted: search.find_entitlements(work, wanted, None, _SHOWN),
        _entitlement,
    ),
    _SearchedKind(
        "Groups",
        "read:entitlements",
        "/groups",
        lambda work, wanted: groups.list_groups(work, None, _SHOWN, text=wanted.text),
    ),
    _SearchedKind(
        "Licenses",
        "read:licenses",
        "/licenses",
        lambda work, wanted: search.find_versions(work, wanted, _SHOWN),
        _license,
    ),
    _SearchedKind(
        "Customers",
        "read:customers",
        "/customers",
        lambda work, wanted: search.find_customers(work, wanted, None, _SHOWN),
        _customer,
    ),
    _SearchedKind(
        "Instances",
        "read:instances",
        "/instances",
        lambda work, wanted: search.find_instances(work, wanted, None, _SHOWN),
    ),
    _SearchedKind(
        "Webhooks",
        "read:webhooks",
        "/webhooks",
        lambda work, wanted: webhooks.list_endpoints(work, None, _SHOWN, text=wanted.text),
        _webhook,
    ),
    _SearchedKind(
        "Service accounts",
        "read:tokens",
        "/service-accounts",
        lambda work, wanted: accounts.list_accounts(work, None, _SHOWN, text=wanted.text)[0],
    ),
    _SearchedKind(
        "Tokens",
        "read:tokens",
        "/service-accounts",
        lambda work, wanted: accounts.find_tokens(work, wanted.text, _SHOWN),
        _token,
    ),
)


def _search(visit: Visit) -> Shown:
    wanted = listing_of(visit, _PATH)
    found = list(_found(visit, wanted.wanted)) if wanted.text else []
    return Shown(
        template="search.html",
        values={"listing": wanted, "found": found},
        calls=(call("list-customers"),),
    )


def _found(visit: Visit, wanted: Wanted) -> Iterator[_Found]:
    query = urlencode({"q": wanted.text})
    for kind in _SEARCHED:
        page = kind.find(visit.work, wanted) if visit.may(kind.scope) else None
        if page and page.rows:
            matches = [kind.match(kind.list, row) for row in page.rows]
            yield _Found(kind.label, matches, f"{kind.list}?{query}" if page.next else None)


PAGES = (DashboardPage(path=_PATH, scopes=(), show=_search),)
FORMS: tuple[Form, ...] = ()
