"""The plan file's form, version 1."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import (
    ACTION_NAMES,
    GRANT,
    KIND_NAMES,
    ActionName,
    AddressText,
    ApprovalOfPlan,
    ChangeId,
    Count,
    Digest,
    EffectName,
    Fingerprint,
    LimitValue,
    PlanTarget,
    Requests,
    Seal,
    Sentence,
    SourceDocument,
)
from kaiten_sync.model.change import Effect
from kaiten_sync.model.family import Way

_Positive = Annotated[int, Meta(ge=1)]


class InnerDocument(JsonDocument, frozen=True):
    """One difference inside a CONFIG value."""

    path: Annotated[str, about("The place inside the value.", "theme.colors[0]")]
    before: (
        Annotated[Any, about("The value on the server; absent if it has none.", "red")] | UnsetType
    ) = UNSET
    after: (
        Annotated[Any, about("The value afterwards; absent if it is removed.", "blue")] | UnsetType
    ) = UNSET


class FieldDocument(JsonDocument, frozen=True):
    """One field. A side that is absent is a field that is not there; null is a value."""

    name: Annotated[str, about("The field's name in the catalog.", "value", "overagePercent")]
    effect: Annotated[EffectName, about("The effect of the change of this field.")]
    before: (
        Annotated[Any, about("The value on the server.", 1000, "unlimited", None)] | UnsetType
    ) = UNSET
    after: (
        Annotated[Any, about("The value that the plan sets.", 500, {"theme": "custom"}, None)]
        | UnsetType
    ) = UNSET
    source: Annotated[SourceDocument | UnsetType, about("Where the field is declared.")] = UNSET
    inner: Annotated[
        tuple[InnerDocument, ...] | UnsetType,
        about("The differences inside a CONFIG value, for display. Informational only."),
    ] = UNSET


class ChangeDocument(JsonDocument, frozen=True):
    """One operation."""

    # Readable, because `dependsOn`, receipts and messages name it, and derived from the next two:
    # a reader refuses an id that does not follow from them.
    id: ChangeId
    address: Annotated[AddressText, about("The object.")]
    action: Annotated[ActionName, about("The action on the object.")]
    effect: Annotated[EffectName, about("The gravest effect of its field changes.")]
    fields: Annotated[tuple[FieldDocument, ...], about("The fields, before and after.")]
    depends_on: Annotated[
        tuple[str, ...],
        about(
            "Ids of changes that must be done first. They are earlier in the plan.",
            ["create:license/growth"],
        ),
    ]
    source: Annotated[
        SourceDocument | UnsetType,
        about("Where the object is declared. Absent for what is not declared."),
    ] = UNSET
    reason: Annotated[
        Sentence | UnsetType,
        about(
            "The reason, if it does not follow from the fields. Informational only.",
            "deleted with its license",
        ),
    ] = UNSET
    declared_as: Annotated[
        AddressText | UnsetType,
        about(
            "The object that is declared, if the change goes to a version of it.",
            "family/growth/grant/api-calls",
        ),
    ] = UNSET


class ObservedDocument(JsonDocument, frozen=True):
    """One live object as it was seen, or that there was none."""

    # What the types below cannot say: these properties come together or not at all.
    MORE: ClassVar = {
        "if": {"properties": {"exists": {"const": True}}},
        "then": {"required": ["id", "fields", "fingerprint"]},
        "else": {
            "properties": dict.fromkeys(("id", "fields", "fingerprint", "unheld", "unused"), False)
        },
    }

    address: Annotated[AddressText, about("The object.")]
    exists: Annotated[bool, about("Whether there was such an object.", True)]
    id: Annotated[
        str | None | UnsetType,
        about(
            "The server's id, which ties the plan to its organization.",
            "4f6c1c1e-7f0e-4a53-9d7e-5c5a2a1d3b10",
        ),
    ] = UNSET
    fields: Annotated[
        dict[str, Any] | UnsetType, about("The object's fields, normalized.", {"value": 1000})
    ] = UNSET
    fingerprint: Annotated[Fingerprint | UnsetType, about("Of the fields.")] = UNSET
    unheld: Annotated[
        bool | UnsetType,
        about(
            "It had no holders but those that the plan deletes: no instance had the license, no"
            " grant and no recorded usage was of the entitlement. Apply checks again. Left out if"
            " that does not matter.",
            True,
            const=True,
        ),
    ] = UNSET
    unused: Annotated[
        bool | UnsetType,
        about(
            "No instance could use the counter that the plan restarts: none had a license that"
            " grants it. Apply checks again. Left out if that does not matter, or is allowed.",
            True,
            const=True,
        ),
    ] = UNSET

    def __post_init__(self) -> None:
        """Check that what exists has all properties, and what does not exist has none."""
        has = (self.id is not UNSET, self.fields is not UNSET, self.fingerprint is not UNSET)
        # The schema says the same in `MORE`; readers that trust a file check it here.
        marks = {"unheld": self.unheld, "unused": self.unused}
        for name, mark in marks.items():
            # Two spellings of the same would be two digests of the same plan.
            if mark is False:
                raise ValueError(f"`{name}` is true or left out")
        if not (all(has) if self.exists else not any(has) and {*marks.values()} == {UNSET}):
            raise ValueError("`id`, `fields` and `fingerprint` belong to an object that exists")


class SummaryDocument(JsonDocument, frozen=True):
    """The plan in numbers."""

    actions: Annotated[
        dict[str, _Positive],
        about(
            "How many changes there are of each action; those without any are left out.",
            {"update": 1},
            propertyNames={"enum": ACTION_NAMES},
        ),
    ]
    effects: Annotated[
        dict[Effect, _Positive],
        about(
            "How many changes there are of each effect; those without any are left out.",
            {"tightens": 1},
            propertyNames={"enum": [each.value for each in Effect]},
        ),
    ]
    unchanged: Annotated[Count, about("Declared objects that are as declared.", 14)]
    unmanaged: Annotated[Count, about("Live objects in scope that are not declared.", 2)]


class GuardsDocument(JsonDocument, frozen=True):
    """The limits of the policy, and what is protected."""

    max_deletes: Annotated[LimitValue, about("The most that may be deleted of a kind.", "30%")]
    max_updates: Annotated[LimitValue, about("The most that may be changed of a kind.", "30%")]
    population: Annotated[
        dict[str, Count],
        about(
            "How many live objects there were of each kind that is deleted from or changed.",
            {"grant": 24},
            propertyNames={"enum": KIND_NAMES},
        ),
    ]
    protected: Annotated[
        tuple[AddressText, ...],
        about(
            "Objects that declare `protect: true`, or did until the plan that deletes them.",
            ["license/growth"],
        ),
    ]
    allowed: Annotated[
        tuple[AddressText, ...],
        about(
            "Objects that `--allow` lifted the protection of, for this plan only.",
            ["license/growth"],
        ),
    ]
    rules: Annotated[
        Digest | UnsetType,
        about(
            "The digest of the project's rules, by which the plan was judged. Left out if there"
            " are none."
        ),
    ] = UNSET


class LeftDocument(JsonDocument, frozen=True):
    """Something that stays on the server and that nothing manages now. It is not a change."""

    address: Annotated[AddressText, about("The object.")]
    fields: Annotated[
        dict[str, Any],
        about(
            "The live values: of an object that is not declared, or of the fields that a declared"
            " object no longer declares.",
            {"description": "For teams"},
        ),
    ]
    reason: Annotated[Sentence, about("Why it stays.", "no longer declared")]
    is_drift: Annotated[
        bool,
        about(
            "Whether the declaration owns the place, so that the target still differs from it.",
            False,
        ),
    ]
    unit: Annotated[
        tuple[str, str] | UnsetType,
        about(
            "The unit of its number, of one and of several; left out if it has none.",
            ["call", "calls"],
        ),
    ] = UNSET


class FamilyDocument(JsonDocument, frozen=True):
    """How the plan treats one declared family, and why."""

    address: Annotated[AddressText, about("The family.", "family/growth")]
    way: Annotated[
        Way,
        about(
            "How the plan treats the family: it is as declared (nothing), it is created, the"
            " version that it serves is changed in place, it gets a new version and holders keep"
            " theirs, it is withdrawn from sale, or it is deleted with all of its versions.",
            "new-version",
        ),
    ]
    reason: Annotated[
        Sentence,
        about("The reason. Informational only.", "the change tightens growth-v3 for 3 holders"),
    ]
    serves: Annotated[
        str | UnsetType,
        about("The version that the family served when the plan was made.", "growth-v3"),
    ] = UNSET
    version: Annotated[
        str | UnsetType,
        about(
            "The version that its changes go to, and that it serves afterwards.",
            "growth-v4",
        ),
    ] = UNSET
    effect: Annotated[
        EffectName | UnsetType,
        about("The effect of the declaration on the version that was served.", "tightens"),
    ] = UNSET
    holders: Annotated[
        Count | UnsetType,
        about("How many instances had that version, if it mattered and could be seen.", 3),
    ] = UNSET


class VersionChangeDocument(JsonDocument, frozen=True):
    """How a grant of a new version differs from that of the version that it replaces."""

    address: Annotated[
        AddressText, about("The grant, in the new version, also if that leaves it out.")
    ]
    effect: Annotated[EffectName, about("The effect of moving from the one version to the other.")]
    fields: Annotated[
        tuple[FieldDocument, ...],
        about("The fields that differ: before in the version replaced, after in the new one."),
    ]


class NewVersionDocument(JsonDocument, frozen=True):
    """A new version as a difference from the one that it replaces. It follows from the changes."""

    address: Annotated[AddressText, about("The version that the plan creates.")]
    replaces: Annotated[
        AddressText,
        about(
            "The version that a declared family serves; of other families the newest published"
            " one, or else the newest.",
            "license/growth",
        ),
    ]
    changes: Annotated[
        tuple[VersionChangeDocument, ...], about("The grants that differ, by address.")
    ]
    unchanged: Annotated[Count, about("How many grants are alike in both.", 9)]


class PlanDocument(JsonDocument, frozen=True):
    """A plan file: a sealed list of changes and of everything they rest on.

    Made by `kaiten-sync plan`, never edited by hand; the same inputs give the same bytes.
    """

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    target: PlanTarget
    desired_digest: Annotated[
        Digest, about("Identifies the declaration by its meaning: not by files, order or comments.")
    ]
    changes: Annotated[
        tuple[ChangeDocument, ...], about("The changes, in an order in which they can be made.")
    ]
    observed: Annotated[
        tuple[ObservedDocument, ...],
        about(
            "Every live object that the plan rests on, as it was seen. Apply reads these again,"
            " and only these."
        ),
    ]
    managed: Annotated[
        dict[AddressText, Fingerprint],
        about(
            "The address and fingerprint of every declared object: the record of what was agreed.",
            {GRANT: "9f86d081884c7d65"},
        ),
    ]
    summary: Annotated[SummaryDocument, about("The plan in numbers.")]
    requests: Requests
    guards: Annotated[
        GuardsDocument,
        about("The limits that the plan was checked against. Apply enforces them again."),
    ]
    warnings: Annotated[
        tuple[Sentence, ...],
        about(
            "Warnings for the reviewer. Informational only.", ["license/growth is still a draft"]
        ),
    ]
    digest: Seal
    # From here on, what plans of version 1 did not have at first. Left out if empty, so that a plan
    # without it keeps its bytes, and with them its digest.
    left: Annotated[
        tuple[LeftDocument, ...] | UnsetType,
        about("Objects that stay on the server unmanaged; left out if there are none."),
    ] = UNSET
    families: Annotated[
        tuple[FamilyDocument, ...] | UnsetType,
        about("How each declared family is treated; left out if none is declared."),
    ] = UNSET
    new_versions: Annotated[
        tuple[NewVersionDocument, ...] | UnsetType,
        about(
            "New versions as differences from those that they replace, for people; left out if"
            " there are none."
        ),
    ] = UNSET
    reverts: Annotated[
        tuple[AddressText, ...] | UnsetType,
        about(
            "The objects that `drift --revert` was asked to revert, all if empty; left out if the"
            " plan is not a revert. Informational only.",
            [GRANT],
        ),
    ] = UNSET
    approval: ApprovalOfPlan = UNSET
