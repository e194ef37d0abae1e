"""Rules of a grant: its value and its overage percentage. Source: API facts, section 2.5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.licensing import default_overage_percent, overage_message
from kaiten_sync.server.domain.numbers import check_number
from kaiten_sync.server.domain.refusals import invalid

VALUE_TYPES = {
    "NUMBER": "number",
    "NUMBER_AI_CREDIT": "number",
    "BOOLEAN": "boolean",
    "CONFIG": "object",
}
"""The tag that a grant's value must carry, by the type of its entitlement."""


def settle_grant(
    operation: str, entitlement_type: str, value: Mapping[str, Any], overage_percent: int | None
) -> int | None:
    """The overage percentage that a grant of this value has; None if it has none.

    Raises:
        RefusalError: the value does not fit the entitlement or is not finite, or the percentage
            does not fit the value.
    """
    expected = VALUE_TYPES[entitlement_type]
    if value["type"] != expected:
        raise invalid(
            f"{operation}.InvalidValue",
            f"an entitlement of type {entitlement_type} takes a value of type {expected},"
            f" not {value['type']}",
        )
    code = f"{operation}.InvalidLimitCapExceededOveragePercent"
    if expected != "number":
        if overage_percent is not None:
            raise invalid(code, "limitCapExceededOveragePercent is for numbers only")
        return None
    threshold = value["value"]
    check_number(threshold, "body.value.value")
    if overage_percent is None:
        return default_overage_percent(threshold)
    problem = overage_message(threshold, overage_percent)
    if problem is not None:
        raise invalid(code, problem)
    return overage_percent
