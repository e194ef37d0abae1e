"""Entitlements. Source: API facts, sections 2.2 and 5."""

from __future__ import annotations

from typing import Any

from kaiten_sync.kinds.entitlement_rules import NUMBER_TYPES, clashes, entitlement_diagnostics
from kaiten_sync.kinds.readable import readable_limits, readable_words
from kaiten_sync.kinds.spec import (
    ONLY_CURRENT,
    ONLY_GETTING_STARTED,
    Default,
    FieldSpec,
    FieldType,
    HeldBy,
    KindSpec,
    Mutability,
    Reference,
    constant,
)
from kaiten_sync.model.address import Kind
from kaiten_sync.model.value import ABSENT, Fields, Json

_NEW_ENTITLEMENT = (
    "declare a new entitlement under another slug, grant that one, and retire this one later"
)
_LARGEST_PLACE = 2**31 - 1
"""The contract's `displayOrder` is an int32: a server refuses more."""


def is_metered(fields: Fields) -> bool:
    """Whether an entitlement's fields describe a metered quota."""
    return fields.get("type") in NUMBER_TYPES


def drop_empty_warning(fields: dict[str, Any]) -> None:
    """Remove the warning of what is not metered: servers return 0 for it, and refuse it.

    Source: API facts, section 2.2.
    """
    if not is_metered(fields):
        fields.pop("warningThresholdPercent", None)


def _number_default(value: Json) -> Default:
    return lambda fields: value if is_metered(fields) else ABSENT


def _unit(name: str, description: str, example: str) -> FieldSpec:
    return FieldSpec(
        name=name,
        default=constant(None),
        takes_null=True,
        generations=ONLY_CURRENT,
        description=f"NUMBER entitlements only. {description}",
        limits=readable_limits(100),
        words=readable_words(name),
        examples=(example,),
    )


ENTITLEMENT = KindSpec(
    rules=(entitlement_diagnostics,),
    clashes=clashes,
    kind=Kind("entitlement", level=1),
    section="entitlements",
    path="/entitlements",
    held_by=HeldBy.REFERRERS,
    after_read=drop_empty_warning,
    before_update=lambda body, _changed: drop_empty_warning(body),
    keys=(
        FieldSpec(
            name="name",
            is_required=True,
            description="The entitlement's name for people.",
            limits=readable_limits(),
            words=readable_words("name"),
            examples=("API Calls",),
        ),
        FieldSpec(
            name="type",
            type=FieldType.ENUM,
            choices=("BOOLEAN", "NUMBER", "NUMBER_AI_CREDIT", "CONFIG"),
            is_required=True,
            mutability=Mutability.IMMUTABLE,
            way_out=_NEW_ENTITLEMENT,
            description="What kind of value licenses grant. It cannot be changed later.",
        ),
        FieldSpec(
            name="description",
            default=constant(None),
            takes_null=True,
            filler=None,
            description="What the entitlement is about.",
            examples=("Calls of the public API",),
        ),
        FieldSpec(
            name="meterType",
            type=FieldType.ENUM,
            choices=("RAW_EVENT", "CALCULATED_USAGE"),
            generations=ONLY_GETTING_STARTED,
            description="How usage is counted. Only servers of the getting-started generation"
            " know it.",
        ),
        FieldSpec(
            name="aggregationMethod",
            type=FieldType.ENUM,
            choices=("SUM", "COUNT", "AVERAGE", "MAX", "MIN", "LATEST"),
            mutability=Mutability.IMMUTABLE,
            default=_number_default("SUM"),
            takes_null=True,
            way_out=_NEW_ENTITLEMENT,
            description="NUMBER entitlements only. How reports add up to usage; SUM when never"
            " set. It cannot be changed later.",
        ),
        FieldSpec(
            name="resetPeriod",
            type=FieldType.ENUM,
            choices=("HOUR", "DAY", "WEEK", "MONTH", "YEAR"),
            mutability=Mutability.ONCE,
            restarts_usage=True,
            default=constant(None),
            takes_null=True,
            generations=ONLY_CURRENT,
            way_out=_NEW_ENTITLEMENT,
            description="NUMBER entitlements only. How often usage starts again from zero; never"
            " when it is not set. Once set, it stays.",
        ),
        FieldSpec(
            name="resetAnchor",
            type=FieldType.ENUM,
            choices=("CALENDAR", "LICENSE_START"),
            mutability=Mutability.ONCE,
            default=lambda fields: "CALENDAR" if fields.get("resetPeriod") is not None else None,
            takes_null=True,
            generations=ONLY_CURRENT,
            way_out=_NEW_ENTITLEMENT,
            description="NUMBER entitlements only. What periods are counted from: the calendar"
            " (UTC), or the day an instance's license starts. Needs `resetPeriod`.",
        ),
        FieldSpec(
            name="warningThresholdPercent",
            type=FieldType.INTEGER,
            default=_number_default(0),
            takes_null=True,
            generations=ONLY_CURRENT,
            description="NUMBER entitlements only. Percentage of the threshold at which a warning"
            " event is sent; 0 sends none.",
            limits={"minimum": 0, "maximum": 100},
            examples=(80,),
        ),
        FieldSpec(
            name="userFacing",
            type=FieldType.BOOLEAN,
            default=constant(False),
            takes_null=True,
            generations=ONLY_CURRENT,
            description="Whether customers see this entitlement.",
            examples=(True,),
        ),
        FieldSpec(
            name="displayOrder",
            type=FieldType.INTEGER,
            default=constant(0),
            takes_null=True,
            generations=ONLY_CURRENT,
            description="Place in lists, from 0.",
            limits={"minimum": 0, "maximum": _LARGEST_PLACE},
            examples=(10,),
        ),
        FieldSpec(
            name="icon",
            default=constant(None),
            takes_null=True,
            generations=ONLY_CURRENT,
            description="An icon of the Lucide set, as `lucide:name`.",
            limits={"maxLength": 64, "pattern": "^lucide:[a-z0-9]+(?:-[a-z0-9]+)*$"},
            words={
                "x-rule": "bad-icon",
                "patternErrorMessage": "an icon is written `lucide:name`, such as `lucide:gauge`",
            },
            examples=("lucide:gauge",),
        ),
        _unit("unitSingular", "The unit for one. Needs `unitPlural`.", "call"),
        _unit("unitPlural", "The unit for several. Needs `unitSingular`.", "calls"),
        _unit(
            "saleUnitSingular",
            "The unit in which it is sold, for one. Needs the other two sale units and the base"
            " units.",
            "thousand calls",
        ),
        _unit(
            "saleUnitPlural",
            "The unit in which it is sold, for several.",
            "thousands of calls",
        ),
        FieldSpec(
            name="saleUnitFactor",
            type=FieldType.NUMBER,
            default=constant(None),
            takes_null=True,
            generations=ONLY_CURRENT,
            description="NUMBER entitlements only. How many base units one sale unit has.",
            limits={"exclusiveMinimum": 0},
            examples=(1000,),
        ),
        FieldSpec(
            name="groups",
            type=FieldType.SLUGS,
            wire="groupSlugs",
            read="entitlementGroups",
            is_echoed=False,  # a PUT without `groupSlugs` leaves memberships alone
            refers_to=Reference(kind="group", rule="undeclared-group"),
            default=constant([]),
            takes_null=True,
            generations=ONLY_CURRENT,
            description="Slugs of the groups that this entitlement is in. An empty list takes it"
            " out of all.",
            words={"errorMessage": "`groups` must be a list of slugs"},
            examples=(["quotas"],),
        ),
        FieldSpec(
            name="protect",
            type=FieldType.BOOLEAN,
            is_note=True,
            description="Plans may not delete it, unless `--allow` names it.",
            examples=(True,),
        ),
    ),
    description="A usage right: on or off (BOOLEAN), a metered quota (NUMBER, NUMBER_AI_CREDIT),"
    " or free JSON (CONFIG).",
    words={"errorMessage": "an entitlement must be a map with `name` and `type`"},
    examples=({"name": "API Calls", "type": "NUMBER", "resetPeriod": "MONTH"},),
    section_description="Usage rights by slug.",
    section_examples=({"api-calls": {"name": "API Calls", "type": "NUMBER"}},),
)
