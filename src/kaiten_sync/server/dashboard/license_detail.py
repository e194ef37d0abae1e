"""Pages of one license: what it grants, edited and reviewed; publish and archive it; who has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kaiten_sync.licensing import isolated
from kaiten_sync.server.dashboard.fields import Choice, Field, Sent
from kaiten_sync.server.dashboard.grant_table import carried, digest_of, grant_table, read_edits
from kaiten_sync.server.dashboard.granted import GRANT_FIELDS, grant_body
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
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.db.search import INSTANCE_SORTS, Wanted
from kaiten_sync.server.domain.refusals import RefusalError, conflict, not_found
from kaiten_sync.server.service import grants, previews, search
from kaiten_sync.server.service.entitlements import get_entitlement
from kaiten_sync.server.service.family_changes import family_view
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.service.previews import ProposedGrant
from kaiten_sync.server.shapes.licenses import license_json
from kaiten_sync.server.web.operations import Arguments

_GRANT_PATH = f"{ONE}/grants/{{entitlementSlug}}"

_MAX_CHOICES = 200
"""Entitlements that are offered to choose from; if there are more, the slug is typed."""


_EXAMPLE = {"entitlementSlug": "api-calls", "value": {"type": "number", "value": 1000}}


def _detail(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    view = family_view(visit.work, row.family_id)
    if view is None:
        raise not_found("GetLicense.NotFound", "this license is being deleted")
    held_by = search.count_by_license(visit.work, [each.id for each in view.versions])
    refused = visit.refusal_of(_GRANTS)
    table = grant_table(
        search.grants_of(visit.work, row.id),
        refused.sent if refused else visit.sent,
        refused.error if refused else None,
    )
    return Shown(
        template="license_grants.html",
        values={
            "row": row,
            "family": view,
            "tab": "grants",
            "grants": table.rows,
            "grants_form": table.form,
            "attach": visit.fill(_ATTACH),
            "moved": visit.refusal_of(*_MOVES, _DEFAULT),
            "held": held_by[row.id],
            "held_by": held_by,
        },
        calls=(
            call("get-license", licenseSlug=row.slug),
            call("get-license-entitlements", licenseSlug=row.slug),
            call("associate-entitlement-with-license", _EXAMPLE, licenseSlug=row.slug),
        ),
        declaration=declared(visit, [row]),
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
    return grant_body(row.type, body, row)


def _review_grants(visit: Visit, sent: Sent) -> Shown | None:
    """What the edited grants would do; None if nothing was edited or it was reviewed already."""
    row, granted = _granted_by(visit)
    if sent.one("again"):
        return _detail(replace(visit, sent=sent))
    edits = read_edits(granted, sent, _UPDATE)
    proposed = [each.proposed for each in edits]
    digest = digest_of(proposed)
    if not edits or sent.one("reviewed") == digest:
        return None
    after = {each.entitlement_slug: each.after for each in proposed}
    return Shown(
        template="grants_review.html",
        values={
            "row": row,
            "preview": previews.preview(visit.work, row, proposed),
            "carried": carried(granted, sent),
            "digest": digest,
        },
        calls=tuple(
            call(
                "update-license-entitlement",
                each.body,
                licenseSlug=row.slug,
                entitlementSlug=each.proposed.entitlement_slug,
            )
            for each in edits
        ),
        declaration=declared(visit, [row], after),
    )


def _save_grants(visit: Visit, sent: Sent) -> int:
    """Store the edited grants, as they were reviewed. Returns how many."""
    row, granted = _granted_by(visit)
    edits = read_edits(granted, sent, _UPDATE)
    # What is stored may have changed since the review, and then other holders lose something.
    if edits and sent.one("reviewed") != digest_of(each.proposed for each in edits):
        raise conflict("Form.ChangedMeanwhile", "a grant was changed meanwhile; review it again")
    for edit in edits:
        path = {"licenseSlug": row.slug, "entitlementSlug": edit.proposed.entitlement_slug}
        _UPDATE.handler(visit.work, Arguments(path=path, query={}, body=edit.body))
    return len(edits)


def _granted_by(visit: Visit) -> tuple[LicenseRow, Sequence[NamedGrant]]:
    row = get_license(visit.work, visit.path["licenseSlug"])
    return row, search.grants_of(visit.work, row.id)


def _holders(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    wanted = listing_of(visit, f"{ALL}/{row.slug}/instances", sorts=INSTANCE_SORTS)
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
            "soon_ms": search.SOON_MS,
            "moved": None,
        },
        calls=(call("getInstances"),),
        declaration=declared(visit, [row]),
    )


def _remove(visit: Visit) -> Shown:
    """What detaching an entitlement takes away, and from whom."""
    path = visit.path
    found = grants.get_grant(visit.work, path["licenseSlug"], path["entitlementSlug"])
    held = search.count_instances(visit.work, found.license.id)
    grant = found.page.rows[0]
    removed = ProposedGrant(
        entitlement_slug=grant.entitlement_slug,
        entitlement_name=grant.entitlement_name,
        before=previews.terms_of(grant),
        after=None,
        unit_singular=grant.unit_singular,
        unit_plural=grant.unit_plural,
    )
    preview = previews.preview(visit.work, found.license, [removed])
    return show_question(
        visit,
        _REMOVE,
        "grant_remove.html",
        {"row": found.license, "grant": grant, "held": held, "preview": preview},
        title=f"Remove {isolated(grant.entitlement_name)} from {isolated(found.license.name)}",
        about=found.license.name,
        back=f"{ALL}/{found.license.slug}",
        address=f"license/{found.license.slug}/grant/{grant.entitlement_slug}",
        calls=(call("delete-license-entitlement", **path),),
        declaration=declared(visit, [found.license]),
    )


def _archive(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    return show_question(
        visit,
        _ARCHIVE,
        "license_archive.html",
        {"row": row, "held": search.count_instances(visit.work, row.id)},
        title=f"Archive {isolated(row.name)}",
        about=row.name,
        back=f"{ALL}/{row.slug}",
        address=f"license/{row.slug}",
        calls=(call("archive-license", licenseSlug=row.slug),),
        declaration=declared(visit, [row]),
    )


def _as_default(visit: Visit, _body: dict[str, Any]) -> dict[str, Any]:
    row = get_license(visit.work, visit.path["licenseSlug"])
    stored = license_json(row)
    # A PUT resets what it leaves out: without the name of the version, it would be cleared.
    kept = ("name", "description", "type", "versionName")
    return {**{name: stored[name] for name in kept if name in stored}, "isDefault": True}


_DETAIL = DashboardPage(path=ONE, scopes=(READ,), show=_detail)
_ATTACH = Form(
    path=f"{ONE}/grants",
    page=_DETAIL,
    operation=operation("associate-entitlement-with-license"),
    done=back_to(ONE, "attached"),
    fields=_attach_fields,
    complete=_attach_body,
)
_UPDATE = operation("update-license-entitlement")
_GRANTS = Form(
    path=f"{ONE}/thresholds",
    page=_DETAIL,
    operation=_UPDATE,
    done=lambda done: back_to(ONE, "saved" if done.result else "unchanged")(done),
    review=_review_grants,
    act=_save_grants,
)
_REMOVE = form_page(
    f"{_GRANT_PATH}/remove", _remove, "delete-license-entitlement", back_to(ONE, "removed")
)
_ARCHIVE = form_page(f"{ONE}/archive", _archive, "archive-license", back_to(ONE, "archived"))
_DEFAULT = Form(
    path=f"{ONE}/default",
    page=_DETAIL,
    operation=operation("update-license"),
    done=back_to(ONE, "default"),
    complete=_as_default,
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
        ("unarchive", "unarchived"),
    )
)

PAGES = (
    _DETAIL,
    DashboardPage(path=f"{ONE}/instances", scopes=(READ, "read:instances"), show=_holders),
)
FORMS = (_ATTACH, _GRANTS, _REMOVE, _ARCHIVE, _DEFAULT, *_MOVES)
