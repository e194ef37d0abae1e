"""Pages of licenses: families with their versions, a new one, change one, delete it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaiten_sync.server.dashboard.api_lines import export_line
from kaiten_sync.server.dashboard.declaration import declare_licenses
from kaiten_sync.server.dashboard.forms import (
    Choice,
    Field,
    Filled,
    Sent,
    choices,
    fixed,
    read_fields,
)
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of
from kaiten_sync.server.dashboard.pages import (
    Action,
    Page,
    Shown,
    Visit,
    back_to,
    call,
    on_to,
    operation,
    up_to,
)
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.service import grants, search
from kaiten_sync.server.service.families import get_family
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.licenses import license_json

READ, WRITE = "read:licenses", "write:licenses"
ALL = "/licenses"
ONE = "/licenses/{licenseSlug}"

_TYPES = ("PAID", "TRIAL", "COMMUNITY", "DEVELOPMENT")
_STATES = ("DRAFT", "PUBLISHED", "ARCHIVED")


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


def declared(work: Work, licenses: Sequence[LicenseRow]) -> str | None:
    """The declaration of licenses with what they grant."""
    return declare_licenses(
        (license_json(row), family_slug, granted)
        for row, family_slug, granted in search.with_grants(work, licenses)
    )


def _list(visit: Visit) -> Shown:
    wanted = listing_of(
        visit,
        ALL,
        Filter(name="type", label="Type", choices=choices(_TYPES)),
        Filter(name="lifecycle_state", label="State", choices=choices(_STATES)),
    )
    page, families, held = search.find_families(visit.work, wanted.wanted, wanted.position, ROWS)
    return Shown(
        template="licenses.html",
        values={
            "listing": wanted,
            "families": families,
            "held": held,
            "following": wanted.after(page.next),
        },
        calls=(call("list-license-families"), call("get-licenses")),
        declaration=(
            declared(visit.work, [row for family in families for row in family.versions])
            if wanted.is_declared
            else None
        ),
        declared_at=wanted.declared(),
        command=export_line,
    )


def _new(visit: Visit) -> Shown:
    family_slug = visit.query.get("family", "")
    stored = _next_version(visit, family_slug) if family_slug else None
    form = visit.form("new", _NEW_FIELDS, stored)
    example = {"name": "Growth", "type": "PAID", "version": "1", "isActive": True}
    return Shown(
        template="license_new.html",
        values={"form": form},
        calls=(call("create-license", example),),
        declaration=declare_licenses([({**example, "slug": "growth"}, "growth", ())]),
    )


def _next_version(visit: Visit, family_slug: str) -> dict[str, Any]:
    """What a new version of a family has in common with its newest one."""
    view = get_family(visit.work, family_slug, version=None, with_versions=True)
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


def _edit_form(visit: Visit) -> Filled:
    row = get_license(visit.work, visit.path["licenseSlug"])
    return visit.form("edit", _EDIT_FIELDS, license_json(row))


def _edit(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
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
        values={"row": row, "form": _edit_form(visit)},
        calls=(call("update-license", body, licenseSlug=row.slug),),
        declaration=declared(visit.work, [row]),
    )


def _edit_body(visit: Visit, sent: Sent) -> dict[str, Any]:
    body = read_fields(_EDIT_FIELDS, sent)
    row = get_license(visit.work, visit.path["licenseSlug"])
    if row.is_active is None and not body["isActive"]:
        del body["isActive"]
    return body


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
        declaration=declared(visit.work, [row]),
    )


def _remove_grants(visit: Visit) -> None:
    """A license goes without its grants only, which would go with it."""
    row = get_license(visit.work, visit.path["licenseSlug"])
    for each in search.grants_of(visit.work, row.id):
        grants.remove_grant(visit.work, row.slug, each.entitlement_slug)


_NEW_PAGE = Page(path="/new/license", scopes=(WRITE,), show=_new)
_EDIT_PAGE = Page(path=f"{ONE}/edit", scopes=(WRITE,), show=_edit)
_DELETE_PAGE = Page(path=f"{ONE}/delete", scopes=(WRITE,), show=_delete)

PAGES = (Page(path=ALL, scopes=(READ,), show=_list), _NEW_PAGE, _EDIT_PAGE, _DELETE_PAGE)
ACTIONS = (
    Action(
        path="/new/license",
        form="new",
        page=_NEW_PAGE,
        operation=operation("create-license"),
        body=_create_body,
        done=on_to(ALL),
    ),
    Action(
        path=f"{ONE}/edit",
        form="edit",
        page=_EDIT_PAGE,
        operation=operation("update-license"),
        body=_edit_body,
        now=_edit_form,
        done=back_to(ONE, "saved"),
    ),
    Action(
        path=f"{ONE}/delete",
        form="delete",
        page=_DELETE_PAGE,
        operation=operation("delete-license"),
        before=_remove_grants,
        done=up_to(ALL, "deleted"),
    ),
)
