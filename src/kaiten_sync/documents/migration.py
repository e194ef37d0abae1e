"""The form of a migration plan, version 1."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import (
    ApprovalOfPlan,
    Count,
    Digest,
    EffectName,
    Fingerprint,
    LimitValue,
    PlanTarget,
    Requests,
    Seal,
    Sentence,
)
from kaiten_sync.model.change import Effect
from kaiten_sync.model.migration import Stays

_Holder: TypeAlias = Annotated[
    str, about("The instance.", "instance/acme-prod", pattern="^instance/[^/]+$")
]


class MovedFieldDocument(JsonDocument, frozen=True):
    """The one field that a move changes."""

    name: Annotated[Literal["license"], about("The field.", "license")]
    effect: Annotated[EffectName, about("The effect of the move on the holder.")]
    before: Annotated[str, about("The version that the instance holds.", "growth-v2")]
    after: Annotated[str, about("The version that it gets.", "growth-v3")]


class MoveDocument(JsonDocument, frozen=True):
    """One move. Everything else of the instance stays as it is."""

    id: Annotated[str, about("Readable and unique in the plan.", "move:instance/acme-prod")]
    address: _Holder
    action: Annotated[Literal["move"], about("The action on the instance.", "move")]
    effect: Annotated[
        EffectName, about("The gravest effect of the differences between the two versions.")
    ]
    fields: Annotated[
        tuple[MovedFieldDocument, ...],
        Meta(min_length=1, max_length=1),
        about("The version, before and after."),
    ]
    depends_on: Annotated[
        tuple[str, ...], Meta(max_length=0), about("Nothing: moves do not wait.", [])
    ] = ()
    reason: Annotated[
        Sentence | UnsetType, about("The owner of the instance. Informational only.", "of acme")
    ] = UNSET


class SeenDocument(JsonDocument, frozen=True):
    """One live object as it was seen: a version, a grant of one, or an instance that moves."""

    address: Annotated[str, about("The object.", "license/growth-v3/grant/api-calls")]
    id: Annotated[
        str | None,
        about(
            "The server's id, which ties the plan to its organization.",
            "4f6c1c1e-7f0e-4a53-9d7e-5c5a2a1d3b10",
        ),
    ]
    fields: Annotated[
        dict[str, Any],
        about(
            "Its fields. Of an instance: version, dates, and a fingerprint of the metadata.",
            {"value": 1000},
        ),
    ]
    fingerprint: Annotated[Fingerprint, about("Of the fields.")]


class StayingDocument(JsonDocument, frozen=True):
    """A holder that the plan leaves where it is."""

    address: _Holder
    version: Annotated[str, about("The version that it keeps.", "growth-v2")]
    why: Annotated[Stays, about("Why it stays.", "over")]


class MoveSummaryDocument(JsonDocument, frozen=True):
    """The plan in numbers."""

    moves: Annotated[Count, about("How many holders move.", 2)]
    effects: Annotated[
        dict[Effect, Annotated[int, Meta(ge=1)]],
        about(
            "How many moves there are of each effect; those without any are left out.",
            {"tightens": 2},
            propertyNames={"enum": [each.value for each in Effect]},
        ),
    ]
    stays: Annotated[
        dict[Stays, Annotated[int, Meta(ge=1)]],
        about(
            "How many holders stay for each reason; those without any are left out.",
            {"over": 1},
            propertyNames={"enum": [each.value for each in Stays]},
        ),
    ]


class MoveGuardsDocument(JsonDocument, frozen=True):
    """The limits that the plan was checked against."""

    max_moves: Annotated[LimitValue, about("The most holders that may be moved.", "30%")]
    allowed: Annotated[
        tuple[_Holder, ...],
        about(
            "Holders that `--allow` moves although it takes something from them.",
            ["instance/acme-prod"],
        ),
    ]
    rules: Annotated[
        Digest | UnsetType,
        about(
            "The digest of the project's rules that the plan was judged by; left out if there are"
            " none."
        ),
    ] = UNSET


class MigrationDocument(JsonDocument, frozen=True):
    """A migration plan: which holders of a license family move to one of its versions.

    Made by `kaiten-sync migrate`, never edited by hand; the same inputs give the same bytes. It
    has no usage in it.
    """

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    kind: Annotated[Literal["migration"], about("The kind of plan.", "migration")]
    target: PlanTarget
    family: Annotated[str, about("The family's slug.", "growth")]
    to: Annotated[str, about("The version that the holders get.", "growth-v3")]
    holders: Annotated[Count, about("How many held another version when the plan was made.", 12)]
    wave: Annotated[
        LimitValue | None,
        about("How many of them the plan takes at most; null if all.", "10%", None),
    ]
    changes: Annotated[
        tuple[MoveDocument, ...], about("The moves, those with the most room first.")
    ]
    stays: Annotated[tuple[StayingDocument, ...], about("The holders that are left, and why.")]
    observed: Annotated[
        tuple[SeenDocument, ...],
        about("Every live object that the plan rests on, as it was seen. Apply reads it again."),
    ]
    summary: Annotated[MoveSummaryDocument, about("The plan in numbers.")]
    requests: Requests
    guards: Annotated[
        MoveGuardsDocument,
        about("The limits that the plan was checked against. Apply enforces them again."),
    ]
    warnings: Annotated[
        tuple[Sentence, ...],
        about("Warnings for the reviewer. Informational only.", ["license/growth-v3 is a draft"]),
    ]
    digest: Seal
    where: Annotated[
        str | UnsetType,
        about(
            "The expression in CEL that chose among them; left out if there is none.",
            "usage.seats < 5",
        ),
    ] = UNSET
    approval: ApprovalOfPlan = UNSET
