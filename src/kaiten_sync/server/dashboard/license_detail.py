"""Pages of one license: what it grants, edited in place; publish and archive it; who has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kaiten_sync.server.dashboard.forms import Choice, Entry, Field, Filled, Sent, fill, read_fields
from kaiten_sync.server.dashboard.granted import GRANT_FIELDS, grant_body, value_text
from kaiten_sync.server.dashboard.licenses import ALL, ONE, READ, WRITE, declared
from kaiten_sync.server.dashboard.listing import ROWS, listing_of
from kaiten_sync.server.dashboard.pages import (
    Action,
    Call,
    Page,
    Refused,
    Shown,
    Visit,
    back_to,
    call,
    operation,
)
from kaiten_sync.server.db.grants import NamedGrant
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.domain.refusals import RefusalError, not_found
from kaiten_sync.server.service import grants, search
from kaiten_sync.server.service.entitlements import get_entitlement
from kaiten_sync.server.service.family_changes import family_view
from kaiten_sync.server.service.licenses import get_license

_GRANT = f"{ONE}/grants/{{entitlementSlug}}"

_MAX_CHOICES = 200
"""Entitlements that are offered to choose from; where there are more, the slug is typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _GrantRow:
    """A grant in the table: what is stored, what is typed, and what is wrong with that."""

    row: NamedGrant
    value: Entry
    overage: Entry | None
    faults: Sequence[str]
    state: str


def _detail(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    view = family_view(visit.work, row.family_id)
    if view is None:
        raise not_found("GetLicense.NotFound", "this license is being deleted")
    granted = search.grants_of(visit.work, row.id)
    return Shown(
        template="license_grants.html",
        values={
            "row": row,
            "family": view,
            "tab": "grants",
            "grants": [_grant_row(each, visit.sent("grant"), visit) for each in granted],
            "attach": visit.form("attach", _attach_fields(visit, granted)),
            "moved": visit.sent("move"),
            "held": search.count_instances(visit.work, row.id),
        },
        calls=(
            call("get-license", licenseSlug=row.slug),
            call("get-license-entitlements", licenseSlug=row.slug),
            _attach_call(row.slug),
        ),
        declaration=declared(visit.work, [row]),
    )


def _attach_call(license_slug: str) -> Call:
    body = {"entitlementSlug": "api-calls", "value": {"type": "number", "value": 1000}}
    return call("associate-entitlement-with-license", body, licenseSlug=license_slug)


def _attach_fields(visit: Visit, granted: Sequence[NamedGrant]) -> tuple[Field, ...]:
    page = search.find_entitlements(visit.work, Wanted(), None, _MAX_CHOICES)
    held = {each.entitlement_slug for each in granted}
    offered = [
        Choice(value=row.slug, label=f"{row.name} ({row.slug}, {row.type})")
        for row in page.rows
        if row.slug not in held
    ]
    offered.sort(key=lambda choice: choice.label)
    is_all = page.next is None and visit.may("read:entitlements")
    chosen = Field(
        name="entitlementSlug",
        label="Entitlement",
        kind="choice" if is_all else "text",
        choices=(Choice(value="", label="choose one"), *offered) if is_all else (),
        required=True,
        hint="" if is_all else "Its slug, such as api-calls.",
    )
    return (chosen, *GRANT_FIELDS)


def _grant_row(row: NamedGrant, refused: Refused | None, visit: Visit) -> _GrantRow:
    is_refused = visit.path.get("entitlementSlug") == row.entitlement_slug
    form = _grant_form(row, refused if is_refused else None)
    is_number = row.value["type"] == "number"
    return _GrantRow(
        row=row,
        value=form.entry("value"),
        overage=form.entry("limitCapExceededOveragePercent") if is_number else None,
        faults=[*form.faults, *(fault for entry in form.entries for fault in entry.faults)],
        state=form.state,
    )


def _grant_form(row: NamedGrant, refused: Refused | None = None) -> Filled:
    overage = row.overage_percent if (row.overage_percent or 0) > 0 else None
    stored = {"value": value_text(row.value), "limitCapExceededOveragePercent": overage}
    if refused is None:
        return fill(GRANT_FIELDS, stored)
    return fill(GRANT_FIELDS, stored, refused.sent, refused.error)


def _grant_now(visit: Visit) -> Filled:
    found = grants.get_grant(visit.work, visit.path["licenseSlug"], visit.path["entitlementSlug"])
    return _grant_form(found.page.rows[0])


def _attach_body(visit: Visit, sent: Sent) -> dict[str, Any]:
    slug = sent.one("entitlementSlug")
    if not slug:
        return read_fields((Field(name="entitlementSlug", label="", required=True),), sent)
    try:
        row, _ = get_entitlement(visit.work, slug)
    except RefusalError as error:
        code = "AssociateEntitlementToLicense.EntitlementNotFound"
        raise not_found(code, error.detail) from error
    return {"entitlementSlug": slug, **grant_body(row.type, sent)}


def _grant_change(visit: Visit, sent: Sent) -> dict[str, Any]:
    found = grants.get_grant(visit.work, visit.path["licenseSlug"], visit.path["entitlementSlug"])
    return grant_body(found.page.rows[0].entitlement_type, sent)


def _holders(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    wanted = listing_of(visit, f"{ALL}/{row.slug}/instances")
    page = search.find_instances(
        visit.work, wanted.wanted, wanted.position, ROWS, license_id=row.id
    )
    return Shown(
        template="license_instances.html",
        values={
            "row": row,
            "tab": "instances",
            "listing": wanted,
            "rows": page.rows,
            "following": wanted.after(page.next),
            "moved": None,
        },
        calls=(call("getInstances"),),
        declaration=declared(visit.work, [row]),
    )


def _remove(visit: Visit) -> Shown:
    """What detaching an entitlement takes away, and from whom."""
    path = visit.path
    found = grants.get_grant(visit.work, path["licenseSlug"], path["entitlementSlug"])
    return Shown(
        template="grant_remove.html",
        values={
            "row": found.license,
            "grant": found.page.rows[0],
            "held": search.count_instances(visit.work, found.license.id),
            "refused": visit.refused,
        },
        calls=(call("delete-license-entitlement", **path),),
        declaration=declared(visit.work, [found.license]),
    )


def _move(name: str, notice: str) -> Action:
    return Action(
        path=f"{ONE}/{name}",
        form="move",
        page=_DETAIL_PAGE,
        operation=operation(f"{name}-license"),
        done=back_to(ONE, notice),
    )


_DETAIL_PAGE = Page(path=ONE, scopes=(READ,), show=_detail)
_REMOVE_PAGE = Page(path=f"{_GRANT}/remove", scopes=(WRITE,), show=_remove)

PAGES = (
    _DETAIL_PAGE,
    Page(path=f"{ONE}/instances", scopes=(READ, "read:instances"), show=_holders),
    _REMOVE_PAGE,
)
ACTIONS = (
    Action(
        path=f"{ONE}/grants",
        form="attach",
        page=_DETAIL_PAGE,
        operation=operation("associate-entitlement-with-license"),
        body=_attach_body,
        done=back_to(ONE, "attached"),
    ),
    Action(
        path=_GRANT,
        form="grant",
        page=_DETAIL_PAGE,
        operation=operation("update-license-entitlement"),
        body=_grant_change,
        now=_grant_now,
        done=back_to(ONE, "saved"),
    ),
    Action(
        path=f"{_GRANT}/remove",
        form="remove",
        page=_REMOVE_PAGE,
        operation=operation("delete-license-entitlement"),
        done=back_to(ONE, "removed"),
    ),
    _move("publish", "published"),
    _move("archive", "archived"),
    _move("unarchive", "unarchived"),
)
