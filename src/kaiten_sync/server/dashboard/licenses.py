"""Pages of licenses: families with their versions, a new one, change one, delete it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kaiten_sync.server.dashboard.api_lines import export_line
from kaiten_sync.server.dashboard.declaration import declare_licenses
from kaiten_sync.server.dashboard.fields import Choice, Field, choices, fixed
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of
from kaiten_sync.server.dashboard.pages import (
    DashboardPage,
    Shown,
    Visit,
    back_to,
    call,
    form_page,
    on_to,
    show_form,
    show_question,
    up_to,
)
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.service import grants, search
from kaiten_sync.server.service.families import get_family
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.licenses import license_json

READ = "read:licenses"
ALL = "/licenses"
ONE = "/licenses/{licenseSlug}"

_TYPES = ("PAID", "TRIAL", "COMMUNITY", "DEVELOPMENT")
_STATES = ("DRAFT", "PUBLISHED", "ARCHIVED")

_NAME = Field("name", "Name", required=True, hint="For people, such as Growth.")
_SLUG = Field(
    "slug",
    "Slug",
    hint="For programs, such as growth. Made from the name if left empty; it never changes.",
)
_TYPE = Field("type", "Type", kind="choice", choices=choices(_TYPES), required=True, initial="PAID")
_FAMILY = Field(
    "familySlug",
    "Family",
    hint="The slug of the family that gets a new version. Leave it empty for a new family.",
)
_VERSION = Field(
    "version",
    "Version",
    hint="The server assigns it: 1 for a new family. Accepted only if it is the same.",
)
_STATE = Field(
    "lifecycleState",
    "Begins as",
    kind="choice",
    choices=(
        Choice(value="PUBLISHED", label="PUBLISHED: instances can have it"),
        Choice(value="DRAFT", label="DRAFT: publish it later"),
    ),
)
_VERSION_NAME = Field("versionName", "Version name", hint="Such as Winter 2026.")
_DESCRIPTION = Field("description", "Description", kind="long", empty="")
_FLAGS = (
    Field("isDefault", "The default version of its family", kind="flag"),
    Field(
        "isActive",
        "Active",
        kind="flag",
        hint="Stored and shown; only the getting-started generation of the API has it.",
    ),
)


def _new_fields(_visit: Visit) -> tuple[Field, ...]:
    first = (_NAME, _SLUG, _TYPE, _FAMILY, _VERSION, _VERSION_NAME, _STATE)
    return (*first, _DESCRIPTION, *_FLAGS)


def _edit_fields(_visit: Visit) -> tuple[Field, ...]:
    return (_NAME, fixed(_SLUG), _TYPE, fixed(_VERSION), _VERSION_NAME, _DESCRIPTION, *_FLAGS)


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
    example = {"name": "Growth", "type": "PAID", "version": "1", "isActive": True}
    return show_form(
        visit,
        _NEW,
        "New License",
        "Create",
        ALL,
        calls=(call("create-license", example),),
        declaration=declare_licenses([({**example, "slug": "growth"}, "growth", ())]),
    )


def _next_version(visit: Visit) -> Mapping[str, Any] | None:
    """What a new version of the family in the URL has in common with its newest one."""
    family_slug = visit.query.get("family")
    if not family_slug:
        return None
    view = get_family(visit.work, family_slug, version=None, with_versions=True)
    newest = view.versions[-1]
    return {
        "name": newest.name,
        "type": newest.type,
        "familySlug": family_slug,
        "description": newest.description,
        "lifecycleState": "DRAFT",
    }


def _stored(visit: Visit) -> Mapping[str, Any]:
    return license_json(get_license(visit.work, visit.path["licenseSlug"]))


def _edit(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    stored = license_json(row)
    body = {name: stored[name] for name in ("name", "description", "type", "isDefault")}
    return show_form(
        visit,
        _EDIT,
        f"Edit {row.name}",
        "Save",
        f"{ALL}/{row.slug}",
        calls=(call("update-license", body, licenseSlug=row.slug),),
        declaration=declared(visit.work, [row]),
    )


def _delete(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    granted = search.grants_of(visit.work, row.id)
    removals = [
        call(
            "delete-license-entitlement",
            licenseSlug=row.slug,
            entitlementSlug=each.entitlement_slug,
        )
        for each in granted
    ]
    held = search.count_instances(visit.work, row.id)
    return show_question(
        visit,
        _DELETE,
        "license_delete.html",
        {"row": row, "grants": granted, "held": held},
        title=f"Delete {row.name}",
        about=row.name,
        back=f"{ALL}/{row.slug}",
        calls=(*removals, call("delete-license", licenseSlug=row.slug)),
        declaration=declared(visit.work, [row]),
    )


def _remove_grants(visit: Visit) -> None:
    """Only a license that grants nothing can be deleted."""
    row = get_license(visit.work, visit.path["licenseSlug"])
    for each in search.grants_of(visit.work, row.id):
        grants.remove_grant(visit.work, row.slug, each.entitlement_slug)


_NEW = form_page(
    "/new/license",
    _new,
    "create-license",
    on_to(ALL),
    fields=_new_fields,
    suggested=_next_version,
)
_EDIT = form_page(
    f"{ONE}/edit",
    _edit,
    "update-license",
    back_to(ONE, "saved"),
    fields=_edit_fields,
    stored=_stored,
)
_DELETE = form_page(
    f"{ONE}/delete", _delete, "delete-license", up_to(ALL, "deleted"), before=_remove_grants
)

PAGES = (DashboardPage(path=ALL, scopes=(READ,), show=_list),)
FORMS = (_NEW, _EDIT, _DELETE)
