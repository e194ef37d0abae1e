"""Licenses: each is one version of a family. Source: API facts, sections 2.4 and 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaiten_sync.kinds.license_rules import license_diagnostics, moving_versions
from kaiten_sync.kinds.readable import readable_limits, readable_words
from kaiten_sync.kinds.spec import (
    EXTENDS,
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
from kaiten_sync.model.value import ABSENT


class LicenseMove:
    """The actions that move a license through its life."""

    PUBLISH = Action("publish")
    ARCHIVE = Action("archive")
    UNARCHIVE = Action("unarchive")
    MAKE_DEFAULT = Action("make-default")
    CLEAR_DEFAULT = Action("clear-default")


def leave_numbering_to_server(body: dict[str, Any]) -> None:
    """Remove the version for a server with drafts: it numbers versions (API facts, 2.4)."""
    # A server of the getting-started generation has no states and takes the version from the
    # client; one with states refuses it with 422 (`CreateLicense.VersionNotSettable`).
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
        # Only the first version tells: the later ones have slugs of their own choosing.
        if each.family_id is not None and each.fields.get("version") == "1"
    }
    return [
        each.changed(fields={**each.fields, "familySlug": slugs[each.family_id]})
        if each.family_id in slugs
        else each
        for each in listed
    ]


_LIFECYCLE = (
    Move(
        action=LicenseMove.PUBLISH,
        before="DRAFT",
        after="PUBLISHED",
        endpoint="publish",
        risk=6,
        waits_for_children=True,
    ),
    Move(
        action=LicenseMove.ARCHIVE,
        before="PUBLISHED",
        after="ARCHIVED",
        endpoint="archive",
        risk=1,
        # Last of all moves: holders of a version that is archived must have its successor by
        # then.
        rank=3,
        waits_for_children=True,
        withdraws=True,
        # The server refuses it with 409. Found when the plan is made, nobody is left with half of
        # it.
        not_while={"isDefault": True},
        refusal="the default version of its family cannot be archived; declare `isDefault: false`,"
        " or another version as the default",
        symbol="<",
    ),
    Move(
        action=LicenseMove.UNARCHIVE,
        before="ARCHIVED",
        after="PUBLISHED",
        # It is for sale again from that moment, so its grants have to be right before, as with a
        # draft.
        endpoint="unarchive",
        risk=5,
        waits_for_children=True,
    ),
)
"""Source: API facts, section 2.4."""

_DEFAULT = (
    # The server takes the flag from the sibling that has it; a sibling's PUT that was read before
    # and written after would set it again.
    Move(
        action=LicenseMove.MAKE_DEFAULT,
        before=False,
        after=True,
        risk=3,
        rank=1,
        waits_for_siblings=frozenset({Action.UPDATE}),
        only_while={"lifecycleState": "PUBLISHED"},
        refusal="only a published version can be the default of its family; declare"
        " `lifecycleState: PUBLISHED` as well, or take `isDefault` away",
        symbol="*",
    ),
    Move(
        action=LicenseMove.CLEAR_DEFAULT,
        before=True,
        after=False,
        risk=2,
        rank=2,
        withdraws=True,
        symbol="*",
    ),
)

LICENSE = KindSpec(
    rules=(license_diagnostics, moving_versions),
    kind=Kind("license", level=2),
    section="licenses",
    path="/licenses",
    family_wire="familyId",
    family_path="/license-families",
    held_by=HeldBy.INSTANCES,
    deleted=Effect.TIGHTENS,
    before_create=leave_numbering_to_server,
    after_list=name_families,
    keys=(
        FieldSpec(
            name="name",
            is_required=True,
            description="The license's name for people.",
            limits=readable_limits(100),
            words=readable_words("name"),
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
            # The family's slug is that of the license that opened it, so naming itself says
            # nothing.
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
            # An export without it can be planned for another server, which counts on its own.
            numbered_by_server=True,
            mutability=Mutability.IMMUTABLE,
            way_out="the server numbered it when it was created, and never changes or reuses a"
            " number: remove `version` or declare the one that it has, and choose the version to"
            " sell with `isDefault: true`",
            description="The version that the server gave. It is a check only and never sent to"
            " servers that number versions themselves; needs `familySlug`.",
            words={"errorMessage": "`version` must be a text or a whole number"},
            examples=("2", 2),
        ),
        FieldSpec(
            name="versionName",
            default=lambda fields: (
                ABSENT if fields.get("version") is None else f"Version - {fields['version']}"
            ),
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
            # Created as a draft and published once its grants are in place: nobody can get it
            # empty.
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
            # The server keeps it to one per family, and takes it from the version that has it.
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
            # The current generation refuses the property with 422, so it must never be sent
            # there.
            generations=ONLY_GETTING_STARTED,
            description="Whether the license is active. Only servers of the getting-started"
            " generation know it.",
            examples=(True,),
        ),
        FieldSpec(
            name=EXTENDS,
            type=FieldType.SLUGS,
            is_note=True,
            reads_one=True,
            description="The licenses or bundles whose grants this one inherits. Of several, later"
            " ones win; its own grants override them, and null takes an inherited grant away."
            " Fields other than grants are not inherited.",
            examples=("free", ["free", "support"]),
            words={
                "errorMessage": "`extends` must be the slug of a license or bundle, or a list of"
                " them"
            },
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
