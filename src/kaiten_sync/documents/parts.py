"""Parts that several documents have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.kinds.instance import MOVE
from kaiten_sync.kinds.registry import all_actions, all_kinds
from kaiten_sync.model.change import Effect
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.outcome import Outcome, Status
from kaiten_sync.model.policy_rule import ApprovalLevel
from kaiten_sync.model.settings import MAX_COUNT, SHARE_PATTERN
from kaiten_sync.model.source import SourceRef

if TYPE_CHECKING:
    from kaiten_sync.model.plan import TargetRef

_SHA = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DIGEST_PATTERN = "^sha256:[0-9a-f]{64}$"
FINGERPRINT_PATTERN = "^[0-9a-f]{16}$"
GRANT = "license/growth/grant/api-calls"
KIND_NAMES = [str(spec.kind) for spec in all_kinds()]
ACTION_NAMES = [str(action) for action in all_actions()]
"""Kinds and actions for editors. Readers ask the tables, which may have more by then."""

# Patterns are keywords of the schema only, never `Meta(pattern=...)`: msgspec 0.22 counts the
# references to the compiled pattern wrongly and crashes (msgspec issue 717). Readers check them.
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Sentence: TypeAlias = Annotated[str, Meta(max_length=10_000)]
"""A text for people in a plan: far longer than any that is made, and short enough to be shown."""

AddressText: TypeAlias = Annotated[
    str,
    about(
        "Names one object.",
        GRANT,
        "entitlement/api-calls",
        name="address",
        pattern="^((group|entitlement|license|family)/[^/]+|(license|family)/[^/]+/grant/[^/]+)$",
    ),
]
"""An address as text. Readers call `parse_address`, which is stricter."""

SubjectText: TypeAlias = Annotated[
    str,
    about(
        "Names one object of the catalog, or an instance.",
        GRANT,
        "instance/acme-prod",
        name="subject",
        pattern="^((group|entitlement|license|instance)/[^/]+|license/[^/]+/grant/[^/]+)$",
    ),
]
"""The object of a change of any plan, as text."""

Digest: TypeAlias = Annotated[
    str, about("A SHA-256 of canonical JSON.", _SHA, name="digest", pattern=DIGEST_PATTERN)
]
Fingerprint: TypeAlias = Annotated[
    str,
    about(
        "The short SHA-256 that distinguishes versions of one object.",
        _SHA[7:23],
        name="fingerprint",
        pattern=FINGERPRINT_PATTERN,
    ),
]
LimitValue: TypeAlias = Annotated[
    Annotated[int, Meta(ge=0, le=MAX_COUNT)] | str,
    about(
        "A share of the live objects of a kind, or a count.",
        "30%",
        5,
        name="limit",
        pattern=SHARE_PATTERN,
    ),
]
"""A limit as files write it. Readers call `parse_limit`."""

ChangeId: TypeAlias = Annotated[
    str,
    about(
        "Readable, and unique in its plan: action and address.",
        f"update:{GRANT}",
        pattern="^[a-z-]+:",
    ),
]
DoneName: TypeAlias = Annotated[
    str,
    about("The action that was taken.", "update", name="done", enum=[*ACTION_NAMES, str(MOVE)]),
]
"""An action of any plan: of the catalog, or of holders."""

ActionName: TypeAlias = Annotated[
    str, about("The action to take.", "update", name="action", enum=ACTION_NAMES)
]
EffectName: TypeAlias = Annotated[
    Effect, about("The effect on holders of the license.", "tightens")
]


class TargetDocument(JsonDocument, frozen=True):
    """The server: its name in the project file and its base URL."""

    name: Annotated[
        Sentence, about("The target's name in the project file; `default` without one.", "local")
    ]
    url: Annotated[Sentence, about("The server's base URL.", "http://127.0.0.1:6060")]


class SourceDocument(JsonDocument, frozen=True):
    """A place in the declaration."""

    file: Annotated[Sentence, about("The path as it was given, with `/`.", "catalog/growth.yaml")]
    line: Annotated[int, Meta(ge=1), about("The line, from 1.", 14)]
    through: Annotated[
        tuple[Sentence, ...] | UnsetType,
        about(
            "Where an inherited value comes from, nearest first; the last one declares it.",
            ["plus", "free"],
        ),
    ] = UNSET


class OutcomeDocument(JsonDocument, frozen=True):
    """How one change ended, and why."""

    id: ChangeId
    address: Annotated[SubjectText, about("The object.")]
    action: Annotated[DoneName, about("The action of the change.")]
    status: Annotated[Status, about("How it ended.", "failed")]
    message: Annotated[
        str | None, about("Why it failed; null otherwise.", "PUT /licenses was refused: 409", None)
    ]
    code: Annotated[
        str | None, about("The server's error code; null if it sent none.", "CONFLICT", None)
    ]
    error_id: Annotated[
        str | None,
        about("The server's id of the error, for its logs; null if it sent none.", "e-1", None),
    ]
    blocked_by: Annotated[
        str | None,
        about(
            "The id of the change whose failure blocked this one; null otherwise.",
            "create:license/growth",
            None,
        ),
    ]
    declared_as: Annotated[
        AddressText | UnsetType,
        about(
            "The object that is declared, if the change went to a version of it.",
            "family/growth/grant/api-calls",
        ),
    ] = UNSET


class DiagnosticDocument(JsonDocument, frozen=True):
    """One thing that is wrong, or worth knowing, with its place in the declaration."""

    file: Annotated[
        str | None, about("The file that declares it; null if none does.", "catalog/growth.yaml")
    ]
    line: Annotated[int | None, about("The line, from 1; null without a file.", 14)]
    column: Annotated[int | None, about("The column, from 1; null without a file.", 3)]
    severity: Annotated[Severity, about("Only errors stop a run.", "error")]
    rule: Annotated[str, about("The stable name of the rule.", "protected")]
    address: Annotated[
        str | None, about("The object; null if it is not about one.", "license/growth")
    ]
    message: Annotated[
        str, about("The problem.", "license/growth is protected and would be deleted")
    ]
    hint: Annotated[
        str | None, about("The next step; null if none is advised.", "lift `protect` in git first")
    ]
    line_text: Annotated[
        str | None,
        about("The line of the file, without credentials; null if it is not known.", "  growth:"),
    ]


class ErrorDocument(JsonDocument, frozen=True):
    """Why a command failed."""

    kind: Annotated[str, about("The kind of the error.", "RefusedError")]
    message: Annotated[str, about("The error.", "the plan is refused")]
    exit_code: Annotated[Count, about("The exit code of a command that ends with it.", 4)]
    hint: Annotated[str | UnsetType, about("The next step.", "change the declaration")] = UNSET
    findings: Annotated[
        tuple[str, ...] | UnsetType,
        about(
            "If a plan was refused: each reason as one line.",
            ["license/growth is protected and would be deleted; lift `protect` in git first"],
        ),
    ] = UNSET
    diagnostics: Annotated[
        tuple[DiagnosticDocument, ...] | UnsetType,
        about("If a declaration is wrong or a plan was refused: each reason.", []),
    ] = UNSET
    approval: Annotated[
        str | UnsetType,
        about("The approval level of a plan that was refused when it was made.", "denied"),
    ] = UNSET


def diagnostic_document(diagnostic: Diagnostic) -> DiagnosticDocument:
    """A diagnostic as documents write it. Every key is always there."""
    ref = diagnostic.ref
    return DiagnosticDocument(
        file=ref.file if ref else None,
        line=ref.line if ref else None,
        column=ref.column if ref else None,
        severity=diagnostic.severity,
        rule=diagnostic.rule,
        address=diagnostic.address,
        message=diagnostic.message,
        hint=diagnostic.hint,
        line_text=diagnostic.line_text,
    )


def target_document(target: TargetRef) -> TargetDocument:
    """A target as documents write it."""
    return TargetDocument(name=target.name, url=target.url)


def source_document(source: SourceRef | None) -> SourceDocument | None:
    """A place as documents write it, without the column; None if there is none."""
    if source is None:
        return None
    return SourceDocument(file=source.file, line=source.line, through=source.through or UNSET)


def outcome_document(outcome: Outcome) -> OutcomeDocument:
    """An outcome as documents write it."""
    return OutcomeDocument(
        id=outcome.change_id,
        address=str(outcome.address),
        action=str(outcome.action),
        status=outcome.status,
        message=outcome.message,
        code=outcome.code,
        error_id=outcome.error_id,
        blocked_by=outcome.blocked_by,
        declared_as=UNSET if outcome.declared_as is None else str(outcome.declared_as),
    )


PlanTarget: TypeAlias = Annotated[
    TargetDocument,
    about("The server that the plan was made for. It cannot be applied to another."),
]
Requests: TypeAlias = Annotated[
    Count, about("The number of requests that applying takes if none has to be repeated.", 9)
]
Seal: TypeAlias = Annotated[
    Digest, about("Seals all the rest. A plan whose digest does not match is refused.")
]
ApprovalOfPlan: TypeAlias = Annotated[
    ApprovalLevel | UnsetType,
    about(
        "The approval that the plan needs, by `policy.automatic` and the rules. Only in what"
        " `--format json` prints: it is not sealed, and no plan file has it.",
        "review",
    ),
]
