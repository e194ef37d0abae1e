"""Grants: the link between a license and an entitlement. Source: API facts, section 2.5."""

from kaiten_sync.kinds.spec import ONLY_CURRENT, FieldSpec, Order, kind_spec
from kaiten_sync.model.address import Kind
from kaiten_sync.model.value import ABSENT, UNLIMITED, Absent, Fields, Json

UNLIMITED_WIRE = -1
"""How the API spells a cap of `unlimited`, in the value and in the overage percentage."""


def _overage_default(fields: Fields) -> Json | Absent:
    value = fields.get("value")
    if value == UNLIMITED:
        return UNLIMITED_WIRE
    is_cap = isinstance(value, int | float) and not isinstance(value, bool)
    return 0 if is_cap else ABSENT


GRANT = kind_spec(
    Kind.GRANT,
    "grants",
    (
        FieldSpec(name="value", order=Order.GRANT_VALUE),
        FieldSpec(
            name="overagePercent",
            wire="limitCapExceededOveragePercent",
            order=Order.HIGHER_LOOSENS,
            default=_overage_default,
            generations=ONLY_CURRENT,
        ),
    ),
    required=("value",),
)
