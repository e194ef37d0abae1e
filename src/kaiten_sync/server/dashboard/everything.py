"""The page with one search box for everything that has a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from kaiten_sync.server.dashboard.listing import listing_of
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.service import search

_PATH = "/search"
_SHOWN = 10
"""Matches of each kind; the list of the kind has the others."""

_Found = tuple[str, str, Sequence[Any], str | None]
"""The label of a kind, where its pages are, its matches, and where all of them are."""


def _search(visit: Visit) -> Shown:
    wanted = listing_of(visit, _PATH)
    found = list(_found(visit, wanted.wanted)) if wanted.text else []
    return Shown(
        template="search.html",
        values={"listing": wanted, "found": [each for each in found if each[2]]},
        calls=(call("list-customers"),),
    )


def _found(visit: Visit, wanted: Wanted) -> Sequence[_Found]:
    work = visit.work
    pages: list[tuple[str, str, Any]] = []
    if visit.may("read:entitlements"):
        page = search.find_entitlements(work, wanted, None, _SHOWN)
        pages.append(("Entitlements", "/entitlements", page))
    if visit.may("read:licenses"):
        pages.append(("Licenses", "/licenses", search.find_versions(work, wanted, _SHOWN)))
    if visit.may("read:customers"):
        pages.append(("Customers", "/customers", search.find_customers(work, wanted, None, _SHOWN)))
    if visit.may("read:instances"):
        pages.append(("Instances", "/instances", search.find_instances(work, wanted, None, _SHOWN)))
    query = urlencode({"q": wanted.text})
    return [
        (label, path, page.rows, f"{path}?{query}" if page.next else None)
        for label, path, page in pages
    ]


PAGES = (DashboardPage(path=_PATH, scopes=(), show=_search),)
FORMS: tuple[Form, ...] = ()
