"""Pages of entitlements: the list, a new one, one with its tabs, change it, delete it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaiten_sync.licensing import isolated
from kaiten_sync.server.dashboard.api_lines import export_line
from kaiten_sync.server.dashboard.chart import chart_reports, chart_usage
from kaiten_sync.server.dashboard.declaration import declare_entitlements
from kaiten_sync.server.dashboard.entitlement_forms import (
    RESET_PERIODS,
    TYPES,
    edit_body,
    edit_fields,
    new_fields,
    offered_groups,
    stored_entitlement,
)
from kaiten_sync.server.dashboard.fields import choices
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of
from kaiten_sync.server.dashboard.pages import (
    DashboardPage,
    Shown,
    Visit,
    call,
    edit_page,
    form_page,
    new_page,
    show_question,
    up_to,
)
from kaiten_sync.server.db.counter_pages import METER_SORTS
from kaiten_sync.server.db.entitlements import EntitlementRow
from kaiten_sync.server.db.holders import ENTITLED_SORTS, GRANTING_SORTS
from kaiten_sync.server.db.search import ENTITLEMENT_SORTS
from kaiten_sync.server.service import saturation, search, usage_days
from kaiten_sync.server.service.entitlements import get_entitlement
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.entitlements import entitlement_json

_READ = "read:entitlements"
_ALL = "/entitlements"
_ONE = "/entitlements/{entitlementSlug}"
_GRANTING_SHOWN = 10
"""Licenses that the page about deleting names."""


def _list(visit: Visit) -> Shown:
    wanted = listing_of(
        visit,
        _ALL,
        Filter(name="type", label="Type", choices=choices(TYPES)),
        Filter(name="reset_period", label="Resets", choices=choices(RESET_PERIODS)),
        Filter(name="group", label="Group", choices=offered_groups(visit)),
        sorts=ENTITLEMENT_SORTS,
    )
    page = search.find_entitlements(visit.work, wanted.wanted, wanted.position, ROWS)
    return Shown(
        template="entitlements.html",
        values={"listing": wanted, "rows": page.rows, "following": wanted.after(page.next)},
        calls=(call("list-entitlements", query={"limit": str(ROWS)}),),
        declaration=_declared(visit.work, page.rows) if wanted.is_declared else None,
        declared_at=wanted.declared(),
        command=export_line,
    )


def _declared(work: Work, rows: Sequence[EntitlementRow]) -> str | None:
    groups_of = search.groups_of(work, [row.id for row in rows])
    return declare_entitlements(entitlement_json(row, groups_of.get(row.id, ())) for row in rows)


def _stored(visit: Visit) -> tuple[Any, dict[str, Any]]:
    row, members = get_entitlement(visit.work, visit.path["entitlementSlug"])
    return row, entitlement_json(row, members)


def _tabbed(visit: Visit, tab: str, **values: Any) -> Shown:
    row, shown = _stored(visit)
    return Shown(
        template=f"entitlement_{tab}.html",
        values={"row": row, "shown": shown, "tab": tab, **values},
        calls=(call("get-entitlement", entitlementSlug=row.slug),),
        declaration=declare_entitlements([shown]),
    )


def _overview(visit: Visit) -> Shown:
    row, _ = _stored(visit)
    grants, counters = search.count_uses(visit.work, row.id)
    return _tabbed(visit, "overview", grants=grants, counters=counters)


def _usage(visit: Visit) -> Shown:
    row, _ = _stored(visit)
    path = f"{_ALL}/{row.slug}/usage"
    listing = listing_of(visit, path, sorts=METER_SORTS)
    page = saturation.list_meters(visit.work, row.id, listing.position, ROWS, listing.sort)
    return _tabbed(
        visit,
        "usage",
        meters=page.rows,
        used=chart_usage(visit.work, page.rows, lambda meter: meter.row.instance_name),
        reports=chart_reports(usage_days.count_reports(visit.work, row.id), "Reports"),
        listing=listing,
        following=listing.after(page.next),
    )


def _licenses(visit: Visit) -> Shown:
    row, _ = _stored(visit)
    listing = listing_of(visit, f"{_ALL}/{row.slug}/licenses", sorts=GRANTING_SORTS, skips=True)
    rows, has_more = search.licenses_granting(
        visit.work, row.id, skipped=listing.skipped, limit=ROWS, sort=listing.sort
    )
    held = search.count_by_license(visit.work, [row.license_id for row in rows])
    following = listing.skipping(listing.skipped + ROWS) if has_more else None
    return _tabbed(visit, "licenses", rows=rows, held=held, listing=listing, following=following)


def _customers(visit: Visit) -> Shown:
    row, _ = _stored(visit)
    listing = listing_of(visit, f"{_ALL}/{row.slug}/customers", sorts=ENTITLED_SORTS, skips=True)
    rows, has_more = search.customers_entitled(
        visit.work, row.id, skipped=listing.skipped, limit=ROWS, sort=listing.sort
    )
    following = listing.skipping(listing.skipped + ROWS) if has_more else None
    return _tabbed(visit, "customers", rows=rows, listing=listing, following=following)


def _delete(visit: Visit) -> Shown:
    row, shown = _stored(visit)
    grants, counters = search.count_uses(visit.work, row.id)
    granting, _ = search.licenses_granting(visit.work, row.id, skipped=0, limit=_GRANTING_SHOWN)
    return show_question(
        visit,
        _DELETE,
        "entitlement_delete.html",
        {
            "row": row,
            "shown": shown,
            "grants": grants,
            "counters": counters,
            "granting": granting,
        },
        title=f"Delete {isolated(row.name)}",
        about=row.name,
        back=f"{_ALL}/{row.slug}",
        address=f"entitlement/{row.slug}",
        calls=(call("delete-entitlement", entitlementSlug=row.slug),),
        declaration=declare_entitlements([shown]),
    )


_EXAMPLE = {"name": "API Calls", "type": "NUMBER", "aggregationMethod": "SUM"}
_NEW = new_page(
    "Entitlement",
    "create-entitlement",
    _EXAMPLE,
    _ALL,
    declaration=declare_entitlements([{**_EXAMPLE, "slug": "api-calls"}]),
    fields=new_fields,
)
_EDIT = edit_page(
    _ONE,
    "update-entitlement",
    lambda stored: {name: value for name, value in stored.items() if name != "groupSlugs"},
    stored=stored_entitlement,
    kind="entitlement",
    declaration=lambda visit: declare_entitlements([_stored(visit)[1]]),
    fields=edit_fields,
    complete=edit_body,
)
_DELETE = form_page(f"{_ONE}/delete", _delete, "delete-entitlement", up_to(_ALL, "deleted"))

PAGES = (
    DashboardPage(path=_ALL, scopes=(_READ,), show=_list),
    DashboardPage(path=_ONE, scopes=(_READ,), show=_overview),
    DashboardPage(path=f"{_ONE}/usage", scopes=(_READ, "read:instances"), show=_usage),
    DashboardPage(path=f"{_ONE}/licenses", scopes=(_READ, "read:licenses"), show=_licenses),
    DashboardPage(path=f"{_ONE}/customers", scopes=(_READ, "read:customers"), show=_customers),
)
FORMS = (_NEW, _EDIT, _DELETE)
