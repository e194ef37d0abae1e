"""Entitlements. Source: API facts, sections 2.2 and 5."""

from kaiten_sync.kinds.spec import (
    ONLY_CURRENT,
    ONLY_GETTING_STARTED,
    Default,
    FieldSpec,
    Mutability,
    constant,
    kind_spec,
)
from kaiten_sync.model.address import Kind
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json

NUMBER_TYPES = frozenset({"NUMBER", "NUMBER_AI_CREDIT"})
"""Entitlement types that are metered. Source: API facts, section 1.4."""

_NEW_ENTITLEMENT = (
    "declare a new entitlement under another slug, grant that one, and retire this one later"
)


def is_number(fields: Fields) -> bool:
    """Whether an entitlement's fields describe a metered quota."""
    return fields.get("type") in NUMBER_TYPES


def _number_default(value: Json) -> Default:
    return lambda fields: value if is_number(fields) else ABSENT


def _anchor_default(fields: Fields) -> Json | Absent:
    return "CALENDAR" if fields.get("resetPeriod") is not None else None


ENTITLEMENT = kind_spec(
    Kind.ENTITLEMENT,
    "entitlements",
    (
        FieldSpec(name="name"),
        FieldSpec(name="type", mutability=Mutability.IMMUTABLE, way_out=_NEW_ENTITLEMENT),
        FieldSpec(name="description", default=constant(None)),
        FieldSpec(name="meterType", generations=ONLY_GETTING_STARTED),
        FieldSpec(
            name="aggregationMethod",
            mutability=Mutability.IMMUTABLE,
            default=_number_default("SUM"),
            way_out=_NEW_ENTITLEMENT,
        ),
        FieldSpec(
            name="resetPeriod",
            mutability=Mutability.ONCE,
            default=constant(None),
            generations=ONLY_CURRENT,
            way_out=_NEW_ENTITLEMENT,
        ),
        FieldSpec(
            name="resetAnchor",
            mutability=Mutability.ONCE,
            default=_anchor_default,
            generations=ONLY_CURRENT,
            way_out=_NEW_ENTITLEMENT,
        ),
        FieldSpec(
            name="warningThresholdPercent", default=_number_default(0), generations=ONLY_CURRENT
        ),
        FieldSpec(name="userFacing", default=constant(False), generations=ONLY_CURRENT),
        FieldSpec(name="displayOrder", default=constant(0), generations=ONLY_CURRENT),
        FieldSpec(name="icon", default=constant(None), generations=ONLY_CURRENT),
        FieldSpec(name="unitSingular", default=constant(None), generations=ONLY_CURRENT),
        FieldSpec(name="unitPlural", default=constant(None), generations=ONLY_CURRENT),
        FieldSpec(name="saleUnitSingular", default=constant(None), generations=ONLY_CURRENT),
        FieldSpec(name="saleUnitPlural", default=constant(None), generations=ONLY_CURRENT),
        FieldSpec(name="saleUnitFactor", default=constant(None), generations=ONLY_CURRENT),
        FieldSpec(
            name="groups",
            wire="groupSlugs",
            default=constant([]),
            is_set=True,
            generations=ONLY_CURRENT,
        ),
    ),
    required=("name", "type"),
)
