"""Licenses: each is one version of a family. Source: API facts, sections 2.4 and 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kaiten_sync.kinds.spec import (
    ONLY_CURRENT,
    ONLY_GETTING_STARTED,
    FieldSpec,
    FieldType,
    HeldBy,
    KindSpec,
    Move,
    Mutability,
    Order,
    Reference,
    constant,
)
from kaiten_sync.model.address import Kind
from kaiten_sync.model.change import Action, Effect
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json


def leave_numbering_to_server(body: dict[str, Any]) -> None:
    """Remove the version for a server with drafts: it numbers versions (API facts, 2.4)."""
    if "lifecycleState" in body:
        body.pop("version", None)


def name_families(listed: Sequence[LiveResource]) -> Sequence[LiveResource]:
    """Name each license's family by the slug of its first version, if that still exists.

    The API never returns a family's slug with a license; a family has the slug of the license
    that opened it. Source: API facts, section 2.4.
    """
    slugs = {
        each.family_id: each.address.slug
        for each in listed
        if each.family_id is not None and each.fields.get("version") == "1"
    }
    return [
        replace(each, fields={**each.fields, "familySlug": slugs[each.family_id]})
        if each.family_id in slugs
        else each
        for each in listed
    ]


def _version_name_default(fields: Fields) -> Json | Absent:
    version = fields.get("version")
    return f"Version - {version}" if version is not None else ABSENT


_LIFECYCLE = (
    Move(
        action=Action.PUBLISH,
        before="DRAFT",
        after="PUBLISHED",
        endpoint="publish",
        waits_for_children=True,
    ),
    Move(
        action=Action.ARCHIVE,
        before="PUBLISHED",
        after="ARCHIVED",
        endpoint="archive",
        rank=3,
        waits_for_children=True,
        waits_for_siblings=frozenset({Action.MAKE_DEFAULT, Action.CLEAR_DEFAULT}),
        not_while={"isDefault": True},
        symbol="<",
    ),
    Move(
        action=Action.UNARCHIVE,
        before="ARCHIVED",
        after="PUBLISHED",
        endpoint="unarchive",
        waits_for_children=True,
    ),
)
"""Source: API facts, section 2.4."""

_DEFAULT = (
    # The server takes the flag from the sibling that has it; a sibling's PUT that was read before
    # and written after would set it again.
    Move(
        action=Action.MAKE_DEFAULT,
        before=False,
        after=True,
        rank=2,
        waits_for_siblings=frozenset({Action.UPDATE, Action.CLEAR_DEFAULT}),
        symbol="*",
    ),
    Move(action=Action.CLEAR_DEFAULT, before=True, after=False, rank=1, symbol="*"),
)

LICENSE = KindSpec(
    kind=Kind.LICENSE,
    section="licenses",
    level=2,
    path="/licenses",
    held_by=HeldBy.INSTANCES,
    deleted=Effect.TIGHTENS,
    before_create=leave_numbering_to_server,
    after_list=name_families,
    keys=(
        FieldSpec(
            name="name",
            is_required=True,
            description="The license's name for people.",
            limits={"minLength": 1, "maxLength": 100},
            examples=("Growth",),
        ),
        FieldSpec(
            name="type",
            type=FieldType.ENUM,
            choices=("COMMUNITY", "TRIAL", "DEVELOPMENT", "PAID"),
            is_required=True,
            description="What kind of plan it is.",
        ),
        FieldSpec(
            name="description",
            default=constant(""),
            takes_null=True,
            filler="",
            description="What the license is about.",
            limits={"maxLength": 500},
            examples=("For teams",),
        ),
        FieldSpec(
            name="familySlug",
            type=FieldType.SLUG,
            mutability=Mutability.CREATE_ONLY,
            refers_to=Reference(kind="license", is_strict=False),
            is_own_slug=True,
            generations=ONLY_CURRENT,
            way_out="a version stays in its family: declare a new license in the other one",
            description="The family that a new version joins. Without it, the license opens a"
            " family with its own slug.",
            examples=("growth",),
        ),
        FieldSpec(
            name="version",
            reads_integers=True,
            numbered_by_server=True,
            mutability=Mutability.IMMUTABLE,
            way_out="the server numbers versions: remove `version`, or declare the one it gave",
            description="The version that the server gave. It is a check only and never sent to"
            " servers that number versions themselves; needs `familySlug`.",
            words={"errorMessage": "`version` must be a text or a whole number"},
            examples=("2", 2),
        ),
        FieldSpec(
            name="versionName",
            default=_version_name_default,
            takes_null=True,
            generations=ONLY_CURRENT,
            description="The version's name for people.",
            limits={"maxLength": 50},
            examples=("Spring prices",),
        ),
        FieldSpec(
            name="lifecycleState",
            type=FieldType.ENUM,
            choices=("DRAFT", "PUBLISHED", "ARCHIVED"),
            mutability=Mutability.MOVE,
            moves=_LIFECYCLE,
            born_as="DRAFT",
            settles_as="PUBLISHED",
            generations=ONLY_CURRENT,
            description="Where the license is in its life. New ones are published unless this"
            " says DRAFT.",
        ),
        FieldSpec(
            name="isDefault",
            type=FieldType.BOOLEAN,
            mutability=Mutability.MOVE,
            moves=_DEFAULT,
            one_per="familySlug",
            default=constant(False),
            takes_null=True,
            filler=False,
            description="Whether this is the version that its family serves. One per family, and"
            " published.",
            examples=(True,),
        ),
        FieldSpec(
            name="isActive",
            type=FieldType.BOOLEAN,
            order=Order.TRUE_LOOSENS,
            generations=ONLY_GETTING_STARTED,
            description="Whether the license is active. Only servers of the getting-started"
            " generation know it.",
            examples=(True,),
        ),
        FieldSpec(
            name="protect",
            type=FieldType.BOOLEAN,
            is_note=True,
            description="Plans may neither delete the license nor delete or tighten one of its"
            " grants, unless `--allow` names it.",
            examples=(True,),
        ),
    ),
    description="A commercial plan: one version of a license family.",
    words={"errorMessage": "a license must be a map with `name` and `type`"},
    examples=({"name": "Growth", "type": "PAID", "entitlements": {"api-calls": 1000}},),
    section_description="Commercial plans by slug. Each is one version of a license family.",
    section_examples=(
        {"growth": {"name": "Growth", "type": "PAID", "entitlements": {"api-calls": 1000}}},
    ),
)
