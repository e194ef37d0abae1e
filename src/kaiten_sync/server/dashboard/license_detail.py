"""Pages of one license: what it grants, edited in place; publish and archive it; who has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kaiten_sync.server.dashboard.fields import Choice, Field
from kaiten_sync.server.dashboard.forms import FormEntry, fill
from kaiten_sync.server.dashboard.granted import GRANT_FIELDS, grant_body, stored_grant
from kaiten_sync.server.dashboard.licenses import ALL, ONE, READ, declared
from kaiten_sync.server.dashboard.listing import ROWS, listing_of
from kaiten_sync.server.dashboard.pages import (
    DashboardPage,
    Form,
    Shown,
    Visit,
    back_to,
    call,
    form_page,
    operation,
    show_question,
)
from kaiten_sync.server.db.grants import NamedGrant
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.domain.refusals import RefusalError, not_found
from kaiten_sync.server.service import grants, search
from kaiten_sync.server.service.entitlements import get_entitlement
from kaiten_sync.server.service.family_changes import family_view
from kaiten_sync.server.service.licenses import get_license

_GRANT_PATH = f"{ONE}/grants/{{entitlementSlug}}"

_MAX_CHOICES = 200
"""Entitlements that are offered to choose from; if there are more, the slug is typed."""


_EXAMPLE = {"entitlementSlug": "api-calls", "value": {"type": "number", "value": 1000}}


@dataclass(frozen=True, slots=True, kw_only=True)
class _GrantOnPage:
    """A grant in the table: what is stored, what is typed, and what is wrong with that."""

    row: NamedGrant
    value: FormEntry
    overage: FormEntry | None
    problems: Sequence[str]
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
            "grants": [_grant_row(each, visit) for each in granted],
            "attach": visit.fill(_ATTACH),
            "moved": visit.refusal_of(*_MOVES),
            "held": search.count_instances(visit.work, row.id),
        },
        calls=(
            call("get-license", licenseSlug=row.slug),
            call("get-license-entitlements", licenseSlug=row.slug),
            call("associate-entitlement-with-license", _EXAMPLE, licenseSlug=row.slug),
        ),
        declaration=declared(visit.work, [row]),
    )


def _attach_fields(visit: Visit) -> tuple[Field, ...]:
    holder = get_license(visit.work, visit.path["licenseSlug"])
    held = {each.entitlement_slug for each in search.grants_of(visit.work, holder.id)}
    page = search.find_entitlements(visit.work, Wanted(), None, _MAX_CHOICES)
    offered = [
        Choice(value=row.slug, label=f"{row.name} ({row.slug}, {row.type})")
        for row in page.rows
        if row.slug not in held
    ]
    offered.sort(key=lambda choice: choice.label)
    is_all = page.next is None and visit.may("read:entitlements")
    chosen = Field(
        "entitlementSlug",
        "Entitlement",
        kind="choice" if is_all else "text",
        choices=(Choice(value="", label="choose one"), *offered) if is_all else (),
        required=True,
        hint="" if is_all else "Its slug, such as api-calls.",
    )
    return (chosen, *GRANT_FIELDS)


def _attach_body(visit: Visit, body: dict[str, Any]) -> dict[str, Any]:
    try:
        row, _ = get_entitlement(visit.work, body["entitlementSlug"])
    except RefusalError as error:
        code = "AssociateEntitlementToLicense.EntitlementNotFound"
        raise not_found(code, error.detail) from error
    return grant_body(row.type, body)


def _grant_row(row: NamedGrant, visit: Visit) -> _GrantOnPage:
    is_this = visit.path.get("entitlementSlug") == row.entitlement_slug
    refused = visit.refusal_of(_GRANT) if is_this else None
    form = fill(
        GRANT_FIELDS,
        stored_grant(row.value, row.overage_percent),
        sent=refused.sent if refused else None,
        error=refused.error if refused else None,
    )
    is_number = row.value["type"] == "number"
    return _GrantOnPage(
        row=row,
        value=form.entry("value"),
        overage=form.entry("limitCapExceededOveragePercent") if is_number else None,
        problems=[
            *form.problems,
            *(problem for entry in form.entries for problem in entry.problems),
        ],
        state=form.state,
    )


def _stored(visit: Visit) -> dict[str, Any]:
    row = _get_grant(visit)
    return stored_grant(row.value, row.overage_percent)


def _grant_change(visit: Visit, body: dict[str, Any]) -> dict[str, Any]:
    return grant_body(_get_grant(visit).entitlement_type, body)


def _get_grant(visit: Visit) -> NamedGrant:
    path = visit.path
    found = grants.get_grant(visit.work, path["licenseSlug"], path["entitlementSlug"])
    row: NamedGrant = found.page.rows[0]
    return row


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
    held = search.count_instances(visit.work, found.license.id)
    grant = found.page.rows[0]
    return show_question(
        visit,
        _REMOVE,
        "grant_remove.html",
        {"row": found.license, "grant": grant, "held": held},
        title=f"Remove {grant.entitlement_name} from {found.license.name}",
        about=found.license.name,
        back=f"{ALL}/{found.license.slug}",
        calls=(call("delete-license-entitlement", **path),),
        declaration=declared(visit.work, [found.license]),
    )


_DETAIL = DashboardPage(path=ONE, scopes=(READ,), show=_detail)
_ATTACH = Form(
    path=f"{ONE}/grants",
    page=_DETAIL,
    operation=operation("associate-entitlement-with-license"),
    done=back_to(ONE, "attached"),
    fields=_attach_fields,
    complete=_attach_body,
)
_GRANT = Form(
    path=_GRANT_PATH,
    page=_DETAIL,
    operation=operation("update-license-entitlement"),
    done=back_to(ONE, "saved"),
    fields=lambda _: GRANT_FIELDS,
    stored=_stored,
    complete=_grant_change,
)
_REMOVE = form_page(
    f"{_GRANT_PATH}/remove", _remove, "delete-license-entitlement", back_to(ONE, "removed")
)
_MOVES = tuple(
    Form(
        path=f"{ONE}/{name}",
        page=_DETAIL,
        operation=operation(f"{name}-license"),
        done=back_to(ONE, notice),
    )
    for name, notice in (
        ("publish", "published"),
        ("archive", "archived"),
        ("unarchive", "unarchived"),
    )
)

PAGES = (
    _DETAIL,
    DashboardPage(path=f"{ONE}/instances", scopes=(READ, "read:instances"), show=_holders),
)
FORMS = (_ATTACH, _GRANT, _REMOVE, *_MOVES)
