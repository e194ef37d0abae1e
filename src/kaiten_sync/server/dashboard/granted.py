"""The value of a grant as people type it: 1000, unlimited, on, off, or a JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kaiten_sync.licensing import MAX_OVERAGE_PERCENT, UNCAPPED, overage_message
from kaiten_sync.server.dashboard.fields import Field, json_of
from kaiten_sync.server.dashboard.figures import (
    Measured,
    number_of,
    show_amount,
    show_overage,
    spell_number,
    typed_amount,
    unit_names,
)
from kaiten_sync.server.db.grants import NamedGrant
from kaiten_sync.server.domain.grants import VALUE_TYPES
from kaiten_sync.server.domain.refusals import Problem, unprocessable

_UNLIMITED_TEXT = "unlimited"
_FLAGS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


def value_text(value: Mapping[str, Any]) -> str:
    """A granted value as it would be typed."""
    match value["type"]:
        case "number":
            return _UNLIMITED_TEXT if value["value"] == UNCAPPED else spell_number(value["value"])
        case "boolean":
            return "on" if value["value"] else "off"
        case _:
            return json.dumps(value["value"], ensure_ascii=False)


def terms_text(value: Mapping[str, Any], overage_percent: int | None, of: Measured) -> str:
    """A grant to read: its value with its unit, and how far usage may go beyond it."""
    percent = overage_percent or 0
    is_amount = value["type"] == "number" and value["value"] != UNCAPPED
    shown = show_amount(value["value"], of) if is_amount else value_text(value)
    return shown + (f" (+{show_overage(percent)})" if percent > 0 else "")


def granted_text(row: NamedGrant) -> str:
    """A stored grant to read, with its unit."""
    return terms_text(row.value, row.overage_percent, row)


def typed_text(value: Mapping[str, Any], of: Measured) -> str:
    """A granted value as it would be typed; bytes and bits with their unit."""
    is_amount = value["type"] == "number" and value["value"] != UNCAPPED
    return typed_amount(value["value"], of) if is_amount else value_text(value)


GRANT_FIELDS = (
    Field(
        "value",
        "Threshold",
        required=True,
        hint="1,000, 50k, 10 GB (in the unit that it has), 0.5 or unlimited; on or off for BOOLEAN;"
        " a JSON object for CONFIG.",
        show=value_text,
    ),
    Field(
        "limitCapExceededOveragePercent",
        "Overage (percent)",
        kind="number",
        hint="How far usage may go beyond the threshold. Empty: not at all.",
        units=("%",),
    ),
)


def stored_grant(value: Mapping[str, Any], overage_percent: int | None) -> dict[str, Any]:
    """A stored grant by the fields above. No overage, and no limit, are an empty field."""
    overage = overage_percent if (overage_percent or 0) > 0 else None
    return {"value": value, "limitCapExceededOveragePercent": overage}


def grant_body(entitlement_type: str, fields: Mapping[str, Any], of: Measured) -> dict[str, Any]:
    """The body that grants what was read of the fields above, with a tagged value.

    Raises:
        RefusalError: 422, something else has to be typed for an entitlement of this type.
    """
    value = fields["value"]
    # What was not edited is still the stored value, with its tag.
    if isinstance(value, str):
        tag = VALUE_TYPES[entitlement_type]
        try:
            value = {"type": tag, "value": _value_of(tag, value, unit_names(of))}
        except ValueError as error:
            problem = Problem(str(error), "body.value")
            raise unprocessable("UNPROCESSABLE", "validation failed", [problem]) from error
    if wrong := _wrong_overage(value, fields.get("limitCapExceededOveragePercent")):
        problem = Problem(wrong, "body.limitCapExceededOveragePercent")
        raise unprocessable("UNPROCESSABLE", "validation failed", [problem])
    return {**fields, "value": value}


def _wrong_overage(value: Mapping[str, Any], percent: float | None) -> str | None:
    """What to do about an overage that the API would refuse, in the words of the page."""
    if percent is None:
        return None
    if value["type"] != "number":
        return "leave this empty: only numbers have an overage"
    # Not as a float, which a long integer does not fit into.
    if percent % 1 == 0 and overage_message(value["value"], int(percent)) is None:
        return None
    if value["value"] == UNCAPPED:
        return "leave this empty: an unlimited threshold has no overage"
    return f"type a whole number from 0 to {MAX_OVERAGE_PERCENT:,}"


def _value_of(tag: str, text: str, units: Sequence[str]) -> Any:
    match tag:
        case "number":
            return UNCAPPED if text.lower() == _UNLIMITED_TEXT else number_of(text, units)
        case "boolean":
            if text.lower() not in _FLAGS:
                raise ValueError("type on or off")
            return _FLAGS[text.lower()]
        case _:
            return json_of(text)
