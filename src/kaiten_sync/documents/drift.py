"""The form of the drift reports, version 1."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType, field

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import (
    GRANT,
    AddressText,
    Count,
    EffectName,
    ErrorDocument,
    SourceDocument,
    TargetDocument,
)
from kaiten_sync.model.drift import Verdict

_ANSWERS = ["adopt", "revert", "plan"]
_ADOPT = f"kaiten-sync adopt -t prod {GRANT}"


class DriftInnerDocument(JsonDocument, frozen=True):
    """One difference inside a CONFIG value."""

    path: Annotated[str, about("The place inside the value.", "theme.colors[0]")]
    live: (
        Annotated[Any, about("The value on the server; absent if it has none.", "red")] | UnsetType
    ) = UNSET
    git: (
        Annotated[Any, about("The declared value; absent if there is none.", "blue")] | UnsetType
    ) = UNSET


class DriftFieldDocument(JsonDocument, frozen=True):
    """One field. A side that is absent is a field that is not there; null is a value."""

    name: Annotated[str, about("The field's name in the catalog.", "value")]
    effect: Annotated[EffectName, about("The effect of applying git's value to the server.")]
    source: Annotated[
        SourceDocument | None, about("Where the field is declared; null if it is not.")
    ]
    inner: Annotated[
        tuple[DriftInnerDocument, ...], about("The differences inside a CONFIG value.")
    ]
    # Absent and null differ on all three sides: null is declared or set, absent is neither.
    live: Annotated[Any, about("The value on the server.", 1000, None)] | UnsetType = UNSET
    git: Annotated[Any, about("The declared value.", 500, None)] | UnsetType = UNSET
    agreed: (
        Annotated[
            Any,
            about(
                "The value that was agreed last; absent if the field was not managed then, or if"
                " it is not known.",
                500,
                None,
            ),
        ]
        | UnsetType
    ) = UNSET


class AttributionDocument(JsonDocument, frozen=True):
    """The commit that a line comes from; all null for a line that is not committed."""

    commit: Annotated[str | None, about("Its hash.", "4b825dc642cb6eb9a060e54bf8d69288fbee4904")]
    author: Annotated[str | None, about("The author's name.", "Ada")]
    date: Annotated[
        str | None,
        about("When it was written, with the author's zone.", "2026-11-20T10:00:00+01:00"),
    ]


class DifferenceDocument(JsonDocument, frozen=True):
    """One object that differs."""

    address: Annotated[AddressText, about("The object.")]
    # `class` is what users know; it is a keyword here.
    verdict: Annotated[
        Verdict,
        about(
            "The class of the difference. All but missing, changed and unmanaged need a"
            " committed plan.",
            "server-edited",
        ),
    ] = field(name="class")
    is_declared: Annotated[bool, about("Whether git declares it.", True)]
    is_live: Annotated[bool, about("Whether the server has it.", True)]
    is_drift: Annotated[
        bool,
        about(
            "Whether it counts as drift. An undeclared object counts if the declaration owns its"
            " place, if a plan would delete it, and always with `--unmanaged`.",
            True,
        ),
    ]
    effect: Annotated[
        EffectName,
        about("The effect on holders if the declaration is applied to the server."),
    ]
    fields: Annotated[
        tuple[DriftFieldDocument, ...],
        about("The fields that differ; all of them if the object is on one side only."),
    ]
    source: Annotated[
        SourceDocument | None, about("Where the object is declared; null if it is not.")
    ]
    server_edited: Annotated[
        tuple[str, ...] | None,
        about(
            "The fields that changed on the server since the plan was agreed; null if that is"
            " not known.",
            ["value"],
            None,
        ),
    ]
    declared_by: Annotated[
        AttributionDocument | None,
        about("The author of the declaration that differs, by git blame; null if unknown."),
    ]
    commands: Annotated[
        dict[str, str],
        about(
            "The commands that answer it: adopt, revert or plan.",
            {"adopt": _ADOPT},
            propertyNames={"enum": _ANSWERS},
        ),
    ]
    updated_at: Annotated[
        str | None,
        about(
            "When the server says that it was last edited; null if it does not say.",
            "2025-11-20T10:00:00Z",
            None,
        ),
    ]
    updated_by: Annotated[
        str | None,
        about(
            "The last editor by the server's record; null if it has none.", "ann@example.com", None
        ),
    ]
    version: Annotated[
        str | UnsetType,
        about("The version that a family is compared with; left out for others.", "growth-v3"),
    ] = UNSET


class DriftSummaryDocument(JsonDocument, frozen=True, rename="kebab"):
    """How many differences there are of each class."""

    conflict: Annotated[
        Count, about("Git and the server both changed since the plan was agreed.", 0)
    ]
    missing: Annotated[Count, about("Declared, and not on the server.", 0)]
    server_edited: Annotated[Count, about("Changed on the server since the plan was agreed.", 1)]
    changed: Annotated[
        Count,
        about("On both sides, and different; without a committed plan, no side is named.", 0),
    ]
    git_ahead: Annotated[Count, about("Changed in git, and not applied yet or undone since.", 0)]
    unmanaged: Annotated[Count, about("On the server, in scope, and not declared.", 2)]


class DriftDocument(JsonDocument, frozen=True):
    """Output of `kaiten-sync drift --format json`: how a live server differs from git."""

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    target: Annotated[TargetDocument, about("The server that was read.")]
    has_drift: Annotated[
        bool,
        about("Whether any of the differences is drift.", True),
    ]
    compared: Annotated[Count, about("How many declared objects were compared.", 14)]
    agreed: Annotated[
        str | None,
        about(
            "Where the target's committed plan is; null without one.", "plans/prod.plan.json", None
        ),
    ]
    unknown: Annotated[
        tuple[str, ...],
        about(
            "Facts that could not be determined, and why.",
            ["No git history here, so authors are not shown"],
            [],
        ),
    ]
    summary: Annotated[DriftSummaryDocument, about("How many differences there are of each class.")]
    differences: Annotated[tuple[DifferenceDocument, ...], about("The differences, by address.")]


class FailureDocument(JsonDocument, frozen=True):
    """A target that could not be read."""

    target: Annotated[str, about("The target's name in the project file.", "prod")]
    error: Annotated[
        ErrorDocument,
        about(
            "The error, as a command for this target alone would print it.",
            {
                "kind": "UnreachableError",
                "message": "GET /entitlements: no answer from https://kaiten.example.com/api",
                "exitCode": 6,
            },
        ),
    ]


class DriftsDocument(JsonDocument, frozen=True):
    """Output of `kaiten-sync drift --all --format json`.

    A drift report for each target of the project file that could be read, and why the others
    could not.
    """

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    has_drift: Annotated[bool, about("Whether any target that could be read has drift.", True)]
    reports: Annotated[
        tuple[DriftDocument, ...],
        about(
            "The reports, in the project file's order; each as the drift report's own schema"
            " describes it.",
            [],
        ),
    ]
    failed: Annotated[tuple[FailureDocument, ...], about("The targets that could not be read.", [])]
