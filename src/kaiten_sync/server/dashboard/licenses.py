"""Pages of licenses: families with their versions, a new one, one with its grants, its life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from kaiten_sync.server.dashboard.declaration import declare_license
from kaiten_sync.server.dashboard.forms import (
    Choice,
    Entry,
    Field,
    Sent,
    choices,
    fill,
    fixed,
    read_fields,
)
from kaiten_sync.server.dashboard.granted import GRANT_FIELDS, grant_body, value_text
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of
from kaiten_sync.server.dashboard.pages import (
    Action,
    Call,
    Done,
    Page,
    Refused,
    Shown,
    Visit,
    call,
    operation,
)
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.domain.refusals import RefusalError, not_found
from kaiten_sync.server.service import families, grants, search
from kaiten_sync.server.service.entitlements import get_entitlement
from kaiten_sync.server.service.family_changes import family_view
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.shapes.licenses import license_json

READ, WRITE = "read:licenses", "write:licenses"

_ALL = "/licenses"
_ONE = "/licenses/{licenseSlug}"
_GRANT = f"{_ONE}/grants/{{entitlementSlug}}"

_TYPES = ("PAID", "TRIAL", "COMMUNITY", "DEVELOPMENT")
_STATES = ("DRAFT", "PUBLISHED", "ARCHIVED")

_MAX_CHOICES = 200
"""Entitlements that are offered to choose from; where there are more, the slug is typed."""

_NAME = Field(name="name", label="Name", required=True, hint="For people, such as Growth.")
_SLUG = Field(
    name="slug",
    label="Slug",
    hint="For programs, such as growth. Made from the name where it is left empty; it never"
    " changes.",
)
_FAMILY = Field(
    name="familySlug",
    label="Family",
    hint="The slug of the family that gets a new version. Empty: this opens a family.",
)
_TYPE = Field(
    name="type", label="Type", kind="choice", choices=choices(_TYPES), required=True, initial="PAID"
)
_VERSION = Field(
    name="version",
    label="Version",
    hint="The server counts: 1 for a new family. Accepted only where it says the same.",
)
_VERSION_NAME = Field(name="versionName", label="Version name", hint="Such as Winter 2026.")
_DESCRIPTION = Field(name="description", label="Description", kind="long", empty="")
_STATE = Field(
    name="lifecycleState",
    label="Begins as",
    kind="choice",
    choices=(
        Choice(value="PUBLISHED", label="PUBLISHED: instances can have it"),
        Choice(value="DRAFT", label="DRAFT: publish it later"),
    ),
)
_DEFAULT = Field(name="isDefault", label="The version that its family puts forward", kind="flag")
_ACTIVE = Field(
    name="isActive",
    label="Active",
    kind="flag",
    hint="Stored and shown; only the getting-started generation of the API knows it.",
)
_NEW_FIELDS = (
    _NAME,
    _SLUG,
    _TYPE,
    _FAMILY,
    _VERSION,
    _VERSION_NAME,
    _STATE,
    _DESCRIPTION,
    _DEFAULT,
    _ACTIVE,
)
_EDIT_FIELDS = (
    _NAME,
    fixed(_SLUG),
    _TYPE,
    fixed(_VERSION),
    _VERSION_NAME,
    _DESCRIPTION,
    _DEFAULT,
    _ACTIVE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _GrantRow:
    """A grant in the table: what is stored, what is typed, and what is wrong with that."""

    row: Row[Any]
    value: Entry
    overage: Entry | None
    faults: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of a comparison."""

    label: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        """Whether the two sides are not the same."""
        return self.left != self.right


def _list(visit: Visit) -> Shown:
    wanted = listing_of(
        visit,
        _ALL,
        Filter(name="type", label="Type", choices=choices(_TYPES)),
        Filter(name="lifecycle_state", label="State", choices=choices(_STATES)),
    )
    page, views, held = search.find_families(visit.work, wanted.wanted, wanted.position, ROWS)
    return Shown(
        template="licenses.html",
        values={
            "listing": wanted,
            "families": views,
            "held": held,
            "following": wanted.after(page.next),
        },
        calls=(call("list-license-families"), call("get-licenses")),
    )


def _new(visit: Visit) -> Shown:
    refused = visit.sent("new")
    family_slug = visit.query.get("family", "")
    form = fill(
        _NEW_FIELDS,
        stored=_next_version(visit, family_slug) if family_slug else {"type": "PAID"},
        sent=refused.sent if refused else None,
        error=refused.error if refused else None,
    )
    example = {"name": "Growth", "type": "PAID", "version": "1", "isActive": True}
    return Shown(
        template="license_new.html",
        values={"form": form},
        calls=(call("create-license", example),),
    )


def _next_version(visit: Visit, family_slug: str) -> dict[str, Any]:
    """What a new version of a family has in common with its newest one."""
    view = families.get_family(visit.work, family_slug, version=None, with_versions=True)
    newest = view.versions[-1]
    return {
        "name": newest.name,
        "type": newest.type,
        "familySlug": family_slug,
        "description": newest.description,
        "lifecycleState": "DRAFT",
    }


def _create_body(_visit: Visit, sent: Sent) -> dict[str, Any]:
    body = read_fields(_NEW_FIELDS, sent)
    # Not ticked is not said: a license that was never called active is not an inactive one.
    return {name: value for name, value in body.items() if value is not False}


def _detail(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    view = family_view(visit.work, row.family_id)
    if view is None:
        raise not_found("GetLicense.NotFound", "this license is being deleted")
    granted = search.grants_of(visit.work, row.id)
    moved, attached = visit.sent("move"), visit.sent("attach")
    attach = fill(
        _attach_fields(visit, granted),
        sent=attached.sent if attached else None,
        error=attached.error if attached else None,
    )
    return Shown(
        template="license_grants.html",
        values={
            "row": row,
            "family": view,
            "tab": "grants",
            "grants": [_grant_row(each, visit.sent("grant"), visit) for each in granted],
            "attach": attach,
            "moved": moved,
            "held": search.count_instances(visit.work, row.id),
        },
        calls=(
            call("get-license", licenseSlug=row.slug),
            call("get-license-entitlements", licenseSlug=row.slug),
            _attach_call(row.slug),
        ),
        declaration=_declared(row, view.family.slug, granted),
    )


def _declared(row: Row[Any], family_slug: str, granted: Sequence[Row[Any]]) -> str:
    shown = [
        {
            "entitlementSlug": each.entitlement_slug,
            "value": each.value,
            "limitCapExceededOveragePercent": each.overage_percent,
        }
        for each in granted
    ]
    return declare_license(license_json(row), family_slug, shown)


def _attach_call(license_slug: str) -> Call:
    body = {"entitlementSlug": "api-calls", "value": {"type": "number", "value": 1000}}
    return call("associate-entitlement-with-license", body, licenseSlug=license_slug)


def _attach_fields(visit: Visit, granted: Sequence[Row[Any]]) -> tuple[Field, ...]:
    page = search.find_entitlements(visit.work, Wanted(), "", None, _MAX_CHOICES)
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


def _grant_row(row: Row[Any], refused: Refused | None, visit: Visit) -> _GrantRow:
    if refused and visit.path.get("entitlementSlug") == row.entitlement_slug:
        form = fill(GRANT_FIELDS, sent=refused.sent, error=refused.error)
    else:
        overage = row.overage_percent if (row.overage_percent or 0) > 0 else None
        stored = {
            "value": value_text(row.value),
            "limitCapExceededOveragePercent": overage,
        }
        form = fill(GRANT_FIELDS, stored=stored)
    is_number = row.value["type"] == "number"
    return _GrantRow(
        row=row,
        value=form.entry("value"),
        overage=form.entry("limitCapExceededOveragePercent") if is_number else None,
        faults=[*form.faults, *(fault for entry in form.entries for fault in entry.faults)],
    )


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
    wanted = listing_of(visit, f"{_ALL}/{row.slug}/instances")
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
    )


def _edit(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    refused = visit.sent("edit")
    form = fill(
        _EDIT_FIELDS,
        stored=license_json(row),
        sent=refused.sent if refused else None,
        error=refused.error if refused else None,
    )
    body = {
        name: getattr(row, column)
        for name, column in (
            ("name", "name"),
            ("description", "description"),
            ("type", "type"),
            ("isDefault", "is_default"),
        )
    }
    return Shown(
        template="license_edit.html",
        values={"row": row, "form": form},
        calls=(call("update-license", body, licenseSlug=row.slug),),
    )


def _edit_body(visit: Visit, sent: Sent) -> dict[str, Any]:
    body = read_fields(_EDIT_FIELDS, sent)
    row = get_license(visit.work, visit.path["licenseSlug"])
    if row.is_active is None and not body["isActive"]:
        del body["isActive"]
    return body


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
    )


def _delete(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    granted = search.grants_of(visit.work, row.id)
    gone = [
        call(
            "delete-license-entitlement",
            licenseSlug=row.slug,
            entitlementSlug=each.entitlement_slug,
        )
        for each in granted
    ]
    return Shown(
        template="license_delete.html",
        values={
            "row": row,
            "grants": granted,
            "held": search.count_instances(visit.work, row.id),
            "refused": visit.refused,
        },
        calls=(*gone, call("delete-license", licenseSlug=row.slug)),
    )


def _remove_grants(visit: Visit) -> None:
    """A license goes without its grants only, which would go with it."""
    row = get_license(visit.work, visit.path["licenseSlug"])
    for each in search.grants_of(visit.work, row.id):
        grants.remove_grant(visit.work, row.slug, each.entitlement_slug)


def _compare(visit: Visit) -> Shown:
    left_slug, right_slug = visit.query.get("left", ""), visit.query.get("right", "")
    sides = [get_license(visit.work, slug) for slug in (left_slug, right_slug) if slug]
    values: dict[str, Any] = {"left": left_slug, "right": right_slug, "sides": sides}
    if len(sides) == 2:
        values |= {"lines": _field_lines(*sides), "grants": _grant_lines(visit, *sides)}
    return Shown(
        template="license_compare.html",
        values=values,
        calls=tuple(call("get-license-entitlements", licenseSlug=side.slug) for side in sides),
    )


def _field_lines(left: Row[Any], right: Row[Any]) -> list[_Line]:
    compared = (
        ("Name", "name"),
        ("Version", "version"),
        ("Version name", "version_name"),
        ("Type", "type"),
        ("State", "lifecycle_state"),
        ("Default", "is_default"),
        ("Description", "description"),
    )
    return [
        _Line(label=label, left=_plain(getattr(left, column)), right=_plain(getattr(right, column)))
        for label, column in compared
    ]


def _grant_lines(visit: Visit, left: Row[Any], right: Row[Any]) -> list[_Line]:
    sides: list[Mapping[str, Row[Any]]] = [
        {each.entitlement_slug: each for each in search.grants_of(visit.work, side.id)}
        for side in (left, right)
    ]
    return [
        _Line(label=slug, left=_granted(sides[0].get(slug)), right=_granted(sides[1].get(slug)))
        for slug in sorted({*sides[0], *sides[1]})
    ]


def _granted(row: Row[Any] | None) -> str:
    if row is None:
        return "not granted"
    overage = row.overage_percent or 0
    return value_text(row.value) + (f" (+{overage} %)" if overage > 0 else "")


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in (None, "") else str(value)


def _move(name: str) -> Action:
    return Action(
        path=f"{_ONE}/{name}",
        form="move",
        page=_DETAIL_PAGE,
        operation=operation(f"{name}-license"),
        done=_back(f"{name}d" if name.endswith("e") else f"{name}ed"),
    )


def _back(notice: str) -> Any:
    def done(done: Done) -> str:
        return f"{_ALL}/{done.path['licenseSlug']}?done={notice}"

    return done


_NEW_PAGE = Page(path="/new/license", scopes=(WRITE,), show=_new)
_DETAIL_PAGE = Page(path=_ONE, scopes=(READ,), show=_detail)
_EDIT_PAGE = Page(path=f"{_ONE}/edit", scopes=(WRITE,), show=_edit)
_DELETE_PAGE = Page(path=f"{_ONE}/delete", scopes=(WRITE,), show=_delete)
_REMOVE_PAGE = Page(path=f"{_GRANT}/remove", scopes=(WRITE,), show=_remove)

PAGES = (
    Page(path=_ALL, scopes=(READ,), show=_list),
    _NEW_PAGE,
    _DETAIL_PAGE,
    Page(path=f"{_ONE}/instances", scopes=(READ, "read:instances"), show=_holders),
    _EDIT_PAGE,
    _DELETE_PAGE,
    _REMOVE_PAGE,
    Page(path="/compare-licenses", scopes=(READ,), show=_compare),
)
ACTIONS = (
    Action(
        path="/new/license",
        form="new",
        page=_NEW_PAGE,
        operation=operation("create-license"),
        body=_create_body,
        done=lambda done: f"{_ALL}/{done.result['slug']}?done=created",
    ),
    Action(
        path=f"{_ONE}/edit",
        form="edit",
        page=_EDIT_PAGE,
        operation=operation("update-license"),
        body=_edit_body,
        done=_back("saved"),
    ),
    Action(
        path=f"{_ONE}/delete",
        form="delete",
        page=_DELETE_PAGE,
        operation=operation("delete-license"),
        before=_remove_grants,
        done=lambda _: f"{_ALL}?done=deleted",
    ),
    Action(
        path=f"{_ONE}/grants",
        form="attach",
        page=_DETAIL_PAGE,
        operation=operation("associate-entitlement-with-license"),
        body=_attach_body,
        done=_back("attached"),
    ),
    Action(
        path=_GRANT,
        form="grant",
        page=_DETAIL_PAGE,
        operation=operation("update-license-entitlement"),
        body=_grant_change,
        done=_back("saved"),
    ),
    Action(
        path=f"{_GRANT}/remove",
        form="remove",
        page=_REMOVE_PAGE,
        operation=operation("delete-license-entitlement"),
        done=_back("removed"),
    ),
    *(_move(name) for name in ("publish", "archive", "unarchive")),
)
