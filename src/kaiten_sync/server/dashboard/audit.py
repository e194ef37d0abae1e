"""Pages of the audit: all events, refused reports, and the history of one catalog object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kaiten_sync.licensing import DAY_MS
from kaiten_sync.server.dashboard.audit_rows import AuditRow, audit_csv, audit_rows
from kaiten_sync.server.dashboard.declaration import declare_entitlements
from kaiten_sync.server.dashboard.fields import Choice, moment_of_day
from kaiten_sync.server.dashboard.licenses import declared
from kaiten_sync.server.dashboard.listing import ROWS, Filter, Listing, listing_of
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.db.audit import TRAIL_SORTS, TrailFilter
from kaiten_sync.server.db.pages import Position
from kaiten_sync.server.domain.events import EVENT_TYPES, OWN_EVENT_TYPES, read_scope
from kaiten_sync.server.domain.refusals import unprocessable
from kaiten_sync.server.domain.times import parse_rfc3339
from kaiten_sync.server.service.audit import list_audit
from kaiten_sync.server.service.entitlements import get_entitlement
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.shapes.entitlements import entitlement_json

READ = "read:instances"
EVENTS = "/events"
REFUSALS = "/refusals"

_MAX_EXPORTED = 10_000
"""Rows of an exported file: it is made in memory, and a spreadsheet still opens it."""

_TYPES = {kind.type: kind.name for kind in (*EVENT_TYPES, *OWN_EVENT_TYPES)}
_KINDS = tuple(
    sorted(
        (Choice(value=type_, label=name) for type_, name in _TYPES.items()),
        key=lambda choice: choice.label,
    )
)
_TEXTS = {
    "instance": "Instance (slug)",
    "entitlement": "Entitlement (slug)",
    "account": "Service account (slug)",
}
_DAYS = {"since": "From (UTC)", "until": "To (UTC)"}


def _asked(visit: Visit, path: str) -> tuple[Listing, TrailFilter]:
    """What the URL asks for, and the same for the database."""
    kind = Filter(name="type", label="Kind", choices=_KINDS)
    listing = listing_of(visit, path, kind, texts=_TEXTS, days=_DAYS, sorts=TRAIL_SORTS)
    said = listing.values
    since, until = (parse_rfc3339(moment_of_day(said[name])) for name in _DAYS)
    return listing, TrailFilter(
        type=said["type"] or None,
        instance_slug=said["instance"] or None,
        entitlement_slug=said["entitlement"] or None,
        account_slug=said["account"] or None,
        since_ms=since,
        until_ms=None if until is None else until + DAY_MS - 1,
        is_rising=listing.sort == "when",
    )


def _rows(
    visit: Visit, wanted: TrailFilter, position: Position | None, limit: int
) -> tuple[list[AuditRow], Position | None]:
    visible = {type_: visit.may(read_scope(type_)) for type_ in _TYPES}
    page = list_audit(visit.work, wanted, position, limit)
    seen = {row.type: visible.get(row.type, False) for row in page.rows}
    return audit_rows(page, seen), page.next


def _list(
    template: str, path: str, narrow: Callable[[TrailFilter], TrailFilter]
) -> Callable[[Visit], Shown]:
    def show(visit: Visit) -> Shown:
        listing, wanted = _asked(visit, path)
        rows, following = _rows(visit, narrow(wanted), listing.position, ROWS)
        return Shown(
            template=template,
            values={
                "listing": listing,
                "texts": _TEXTS,
                "days": _DAYS,
                "rows": rows,
                "following": listing.after(following),
                "export": listing.elsewhere(f"{path}.csv"),
            },
            calls=(call("getAuditTrails", instanceSlug=listing.values["instance"] or "main"),),
        )

    return show


def _export(path: str, narrow: Callable[[TrailFilter], TrailFilter]) -> Callable[[Visit], Shown]:
    def show(visit: Visit) -> Shown:
        listing, wanted = _asked(visit, path)
        if listing.ignored:  # a file has no place to say so
            raise unprocessable("UNPROCESSABLE", " ".join(listing.ignored), [])
        rows, _ = _rows(visit, narrow(wanted), None, _MAX_EXPORTED)
        return Shown(template="", values={}, file=(f"{path[1:]}.csv", audit_csv(rows)))

    return show


def _only_refused(wanted: TrailFilter) -> TrailFilter:
    return replace(wanted, is_refused=True)


def _everything(wanted: TrailFilter) -> TrailFilter:
    return wanted


def _license_history(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    values = _history(visit, f"/licenses/{row.slug}/history", f"license/{row.slug}")
    return Shown(
        template="license_history.html",
        values={"row": row, "tab": "history", "moved": None, **values},
        calls=(call("get-license", licenseSlug=row.slug),),
        declaration=declared(visit, [row]),
    )


def _entitlement_history(visit: Visit) -> Shown:
    row, groups = get_entitlement(visit.work, visit.path["entitlementSlug"])
    values = _history(visit, f"/entitlements/{row.slug}/history", f"entitlement/{row.slug}")
    return Shown(
        template="entitlement_history.html",
        values={"row": row, "tab": "history", **values},
        calls=(call("get-entitlement", entitlementSlug=row.slug),),
        declaration=declare_entitlements([entitlement_json(row, groups)]),
    )


def _history(visit: Visit, path: str, address: str) -> dict[str, object]:
    listing = listing_of(visit, path, sorts=TRAIL_SORTS)
    wanted = TrailFilter(address=address, is_rising=listing.sort == "when")
    rows, following = _rows(visit, wanted, listing.position, ROWS)
    return {"rows": rows, "listing": listing, "following": listing.after(following)}


PAGES = (
    DashboardPage(path=EVENTS, scopes=(READ,), show=_list("events.html", EVENTS, _everything)),
    DashboardPage(path=f"{EVENTS}.csv", scopes=(READ,), show=_export(EVENTS, _everything)),
    DashboardPage(
        path=REFUSALS, scopes=(READ,), show=_list("refusals.html", REFUSALS, _only_refused)
    ),
    DashboardPage(path=f"{REFUSALS}.csv", scopes=(READ,), show=_export(REFUSALS, _only_refused)),
    DashboardPage(
        path="/licenses/{licenseSlug}/history", scopes=("read:licenses",), show=_license_history
    ),
    DashboardPage(
        path="/entitlements/{entitlementSlug}/history",
        scopes=("read:entitlements",),
        show=_entitlement_history,
    ),
)
FORMS: tuple[Form, ...] = ()
