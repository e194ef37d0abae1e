"""The form of what `doctor` finds out, version 1."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, UnsetType

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import Count, ErrorDocument, TargetDocument
from kaiten_sync.model.generation import Generation


class ExaminedDocument(JsonDocument, frozen=True):
    """One target."""

    target: Annotated[TargetDocument, about("The server.")]
    is_fine: Annotated[
        bool, about("Whether the server is reached and this token can plan its catalog.", True)
    ]
    generation: Annotated[
        Generation | None,
        about("Which API the server speaks; null if it was not asked.", "current"),
    ]
    generation_source: Annotated[
        str, about("How the generation is known; empty if the server was not asked.", "a probe")
    ]
    scopes: Annotated[
        tuple[str, ...] | None,
        about(
            "The scopes of the token, of those that kaiten-sync uses; null if they are not known.",
            ["read:entitlements", "read:licenses"],
        ),
    ]
    may_plan: Annotated[bool, about("Whether `plan` and `drift` can read all in `scope`.", True)]
    may_apply: Annotated[bool, about("Whether `apply` can write all in `scope`.", False)]
    sees_holders: Annotated[
        bool, about("Whether `plan` and `impact` can read holders and their usage.", False)
    ]
    requests: Annotated[Count, about("How many requests were sent.", 9)]
    error: Annotated[ErrorDocument | UnsetType, about("Why the server cannot be worked with.")] = (
        UNSET
    )


class DoctorDocument(JsonDocument, frozen=True):
    """Output of `kaiten-sync doctor --format json`."""

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    is_fine: Annotated[bool, about("Whether every target is fine.", True)]
    requests: Annotated[Count, about("How many requests were sent in all.", 9)]
    targets: Annotated[tuple[ExaminedDocument, ...], about("Every target, as in the project file.")]
