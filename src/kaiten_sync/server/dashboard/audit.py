"""Pages of the audit: all events, refused reports, and the history of one catalog object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from kaiten_sync.licensing import DAY_MS
from kaiten_sync.server.dashboard.audit_rows import AuditRow, audit_csv, audit_rows
from kaiten_sync.server.dashboard.declaration import declare_entitlements
from kaiten_sync.server.dashboard.fields import Choice, moment_of_day
from kaiten_sync.server.dashboard.licenses import declared
from kaiten_sync.server.dashboard.listing import ROWS
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.db.audit import TrailFilter
from kaiten_sync.server.db.pages import Position
from kaiten_sync.server.domain.events import EVENT_TYPES, OWN_EVENT_TYPES, read_scope
from kaiten_sync.server.domain.times import parse_rfc3339
from kaiten_sync.server.service.audit import list_audit
from kaiten_sync.server.service.entitlements import get_entitlement
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.shapes.entitlements import entitlement_json
from kaiten_sync.server.web.codec import check_storable
from kaiten_sync.server.web.paging import decode_cursor, encode_cursor

READ = "read:instances"
EVENTS = "/events"
REFUSALS = "/refusals"

_MAX_EXPORTED = 10_000
"""Rows of an exported file: it is made in memory, and a spreadsheet still opens it."""

_MAX_TEXT = 100
"""Characters of a filter: as many as a slug has. What is longer finds nothing."""

_TYPES = {kind.type: kind.name for kind in (*EVENT_TYPES, *OWN_EVENT_TYPES)}
_KINDS = tuple(
    sorted(
        (Choice(value=type_, label=name) for type_, name in _TYPES.items()),
        key=lambda choice: choice.label,
    )
)
_TEXTS = {"instance": "Instance (slug)", "entitlement": "Entitlement (slug)"}
_DAYS = {"since": "From (UTC)", "until": "To (UTC)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _AuditQuery:
    """What the URL asks for: texts by the name of their filter; what is empty is not asked for."""

    path: str
    said: dict[str, str]
    position: Position | None

    def url(self, path: str, **more: str) -> str:
        """A page that asks for the same."""
        asked = {name: text for name, text in {**self.said, **more}.items() if text}
        return f"{path}?{urlencode(asked)}" if asked else path

    @property
    def wanted(self) -> TrailFilter:
        """The same for the database."""
        since, until = (_day_ms(self.said[name]) for name in _DAYS)
        return TrailFilter(
            type=self.said["type"] or None,
            instance_slug=self.said["instance"] or None,
            entitlement_slug=self.said["entitlement"] or None,
            since_ms=since,
            until_ms=None if until is None else until + DAY_MS - 1,
        )


def _day_ms(text: str) -> int | None:
    return parse_rfc3339(moment_of_day(text)) if text else None


def _asked(visit: Visit, path: str) -> _AuditQuery:
    said = {}
    for name in ("type", *_TEXTS, *_DAYS):
        text = visit.query.get(name, "").strip()[:_MAX_TEXT]
        check_storable(text, f"query.{name}")
        said[name] = text
    if said["type"] not in _TYPES:
        said["type"] = ""
    for name in _DAYS:
        said[name] = said[name] if _day_ms(said[name]) is not None else ""
    position = decode_cursor(visit.query.get("cursor", ""))
    return _AuditQuery(path=path, said=said, position=position)


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
        asked = _asked(visit, path)
        rows, following = _rows(visit, narrow(asked.wanted), asked.position, ROWS)
        cursor = {"cursor": encode_cursor(following)} if following else {}
        return Shown(
            template=template,
            values={
                "path": path,
                "kinds": _KINDS,
                "said": asked.said,
                "texts": _TEXTS,
                "days": _DAYS,
                "rows": rows,
                "is_narrowed": any(asked.said.values()),
                "first": asked.url(path) if asked.position else None,
                "following": asked.url(path, **cursor) if following else None,
                "export": asked.url(f"{path}.csv"),
            },
            calls=(call("getAuditTrails", instanceSlug=asked.said["instance"] or "main"),),
        )

    return show


def _export(path: str, narrow: Callable[[TrailFilter], TrailFilter]) -> Callable[[Visit], Shown]:
    def show(visit: Visit) -> Shown:
        asked = _asked(visit, path)
        rows, _ = _rows(visit, narrow(asked.wanted), None, _MAX_EXPORTED)
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
    asked = _asked(visit, path)
    rows, following = _rows(visit, TrailFilter(address=address), asked.position, ROWS)
    cursor = {"cursor": encode_cursor(following)} if following else {}
    return {
        "rows": rows,
        "first": path if asked.position else None,
        "following": asked.url(path, **cursor) if following else None,
    }


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
