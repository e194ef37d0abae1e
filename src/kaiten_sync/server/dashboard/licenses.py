"""Pages of licenses: families with their versions, a new one, change one, delete it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kaiten_sync.licensing import isolated
from kaiten_sync.server.dashboard.api_lines import export_line
from kaiten_sync.server.dashboard.declaration import declare_licenses
from kaiten_sync.server.dashboard.fields import Choice, Field, Sent, choices, fixed, read_fields
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of
from kaiten_sync.server.dashboard.pages import (
    DashboardPage,
    Shown,
    Visit,
    call,
    edit_page,
    form_page,
    new_page,
    operation,
    show_question,
    up_to,
)
from kaiten_sync.server.db.grants import NamedGrant
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.db.search import FAMILY_SORTS, Wanted
from kaiten_sync.server.domain.refusals import Problem, RefusalError, unprocessable
from kaiten_sync.server.service import grants, previews, search
from kaiten_sync.server.service.families import get_family
from kaiten_sync.server.service.grants import GrantFields
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.service.previews import GrantTerms
from kaiten_sync.server.shapes.licenses import license_json
from kaiten_sync.server.web.arguments import check_body
from kaiten_sync.server.web.operations import Arguments

READ = "read:licenses"
ALL = "/licenses"
ONE = "/licenses/{licenseSlug}"

_MAX_CHOICES = 200
"""Families whose versions are offered."""

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
_COPY = Field(
    "copyFrom",
    "Copy grants of",
    hint="The slug of a license. Leave it empty to begin without grants.",
)
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
    first = (_NAME, _SLUG, _TYPE, _FAMILY, _VERSION, _VERSION_NAME, _COPY, _STATE)
    return (*first, _DESCRIPTION, *_FLAGS)


def declared(
    visit: Visit,
    licenses: Sequence[LicenseRow],
    instead: Mapping[str, GrantTerms | None] | None = None,
) -> str | None:
    """The declaration of licenses with what they grant, of one as git has it if it is the same.

    `instead` is what is granted instead, by the slug of the entitlement; None for nothing.
    """
    plan = visit.plan
    address = f"license/{licenses[0].slug}" if len(licenses) == 1 and instead is None else ""
    # Git's own text has the comments and the order that people gave it.
    if plan is not None and (text := plan.yaml(address)):
        return f"# {plan.place(address)}\n{text}"
    return declare_licenses(
        (
            (license_json(row), family_slug, _with_terms(granted, instead or {}))
            for row, family_slug, granted in search.with_grants(visit.work, licenses)
        ),
        {family: served for served, family in plan.served.items()} if plan is not None else {},
    )


def _with_terms(
    granted: Sequence[NamedGrant], instead: Mapping[str, GrantTerms | None]
) -> Iterator[NamedGrant]:
    for row in granted:
        terms = instead.get(row.entitlement_slug, previews.terms_of(row))
        if terms is not None:
            value, overage = dict(terms.value), terms.overage_percent
            yield row.changed(value=value, overage_percent=overage)


def versions_to_choose(visit: Visit) -> list[LicenseRow] | None:
    """All versions by family, the newest first; None if there are too many to choose from."""
    page, families, _ = search.find_families(visit.work, Wanted(), None, _MAX_CHOICES)
    if page.next is not None:
        return None
    return [each for family in families for each in reversed(family.versions)]


def _list(visit: Visit) -> Shown:
    wanted = listing_of(
        visit,
        ALL,
        Filter(name="type", label="Type", choices=choices(_TYPES)),
        Filter(name="lifecycle_state", label="State", choices=choices(_STATES)),
        sorts=FAMILY_SORTS,
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
            declared(visit, [row for family in families for row in family.versions])
            if wanted.is_declared
            else None
        ),
        declared_at=wanted.declared(),
        command=export_line,
    )


def _new_title(visit: Visit) -> str:
    before = visit.query.get("from") or visit.query.get("family")
    return f"New version of {before}" if before else "New License"


def _next_version(visit: Visit) -> Mapping[str, Any] | None:
    """A new version as a copy of the one in the URL, or of the newest one of the family there."""
    slug, family_slug = visit.query.get("from"), visit.query.get("family")
    if slug:
        row = get_license(visit.work, slug)
        family_slug = search.family_slug_of(visit.work, row)
    elif family_slug:
        # The newest and not the one that is served: the next version usually goes on from there.
        row = get_family(visit.work, family_slug, version=None, with_versions=True).versions[-1]
    else:
        return None
    return {
        "name": row.name,
        "type": row.type,
        "familySlug": family_slug,
        "description": row.description,
        "copyFrom": row.slug,
        # Nobody can buy it before somebody has looked at what it grants.
        "lifecycleState": "DRAFT",
        "isActive": row.is_active,
    }


def _create(visit: Visit, sent: Sent) -> dict[str, Any]:
    """Create the license, with the grants of another one if it is named."""
    body = read_fields(_new_fields(visit), sent)
    copied = body.pop("copyFrom", None)
    rows: Sequence[NamedGrant] = []
    if copied:
        try:
            rows = search.grants_of(visit.work, get_license(visit.work, copied).id)
        except RefusalError as error:
            problem = Problem(error.detail, "body.copyFrom")
            raise unprocessable("UNPROCESSABLE", "validation failed", [problem]) from error
    create = operation("create-license")
    # In the transaction of the form: if a grant cannot be copied, there is no license either.
    made: dict[str, Any] = create.handler(
        visit.work, Arguments(path={}, query={}, body=check_body(create, body))
    )
    for each in rows:
        fields = GrantFields(
            value=each.value,
            entitlement_slug=each.entitlement_slug,
            overage_percent=each.overage_percent,
        )
        grants.add_grant(visit.work, made["slug"], fields)
    return made


def _stored(visit: Visit) -> Mapping[str, Any]:
    return license_json(get_license(visit.work, visit.path["licenseSlug"]))


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
        title=f"Delete {isolated(row.name)}",
        about=row.name,
        back=f"{ALL}/{row.slug}",
        address=f"license/{row.slug}",
        calls=(*removals, call("delete-license", licenseSlug=row.slug)),
        declaration=declared(visit, [row]),
    )


def _remove_grants(visit: Visit) -> None:
    """Only a license that grants nothing can be deleted."""
    row = get_license(visit.work, visit.path["licenseSlug"])
    for each in search.grants_of(visit.work, row.id):
        grants.remove_grant(visit.work, row.slug, each.entitlement_slug)


_EXAMPLE = {"name": "Growth", "type": "PAID", "version": "1", "isActive": True}
_NEW = new_page(
    "License",
    "create-license",
    _EXAMPLE,
    ALL,
    declaration=declare_licenses([({**_EXAMPLE, "slug": "growth"}, "growth", ())]),
    fields=_new_fields,
    titled=_new_title,
    suggested=_next_version,
    act=_create,
)
_EDIT = edit_page(
    ONE,
    "update-license",
    lambda stored: {name: stored[name] for name in ("name", "description", "type", "isDefault")},
    stored=_stored,
    kind="license",
    declaration=lambda visit: declared(visit, [get_license(visit.work, visit.path["licenseSlug"])]),
    fields=lambda _: (
        _NAME,
        fixed(_SLUG),
        _TYPE,
        fixed(_VERSION),
        _VERSION_NAME,
        _DESCRIPTION,
        *_FLAGS,
    ),
)
_DELETE = form_page(
    f"{ONE}/delete", _delete, "delete-license", up_to(ALL, "deleted"), before=_remove_grants
)

PAGES = (DashboardPage(path=ALL, scopes=(READ,), show=_list),)
FORMS = (_NEW, _EDIT, _DELETE)
