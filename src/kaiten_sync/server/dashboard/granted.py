"""The value of a grant as people type it: 1000, unlimited, on, off, or a JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kaiten_sync.licensing.thresholds import UNCAPPED
from kaiten_sync.server.dashboard.forms import Field, Sent, json_of, number_of, read_fields
from kaiten_sync.server.domain.grants import VALUE_TYPES
from kaiten_sync.server.domain.refusals import Fault, unprocessable
from kaiten_sync.server.shapes.scalars import number

_UNLIMITED_TEXT = "unlimited"
_FLAGS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}

_VALUE = Field(
    name="value",
    label="Threshold",
    required=True,
    hint="A number or unlimited; on or off for BOOLEAN; a JSON object for CONFIG.",
)
_OVERAGE = Field(
    name="limitCapExceededOveragePercent",
    label="Overage (percent)",
    kind="number",
    hint="How far usage may go beyond the threshold. Empty: not at all.",
)
GRANT_FIELDS = (_VALUE, _OVERAGE)


def grant_body(entitlement_type: str, sent: Sent) -> dict[str, Any]:
    """The body that grants what was typed of an entitlement of this type.

    Raises:
        RefusalError: 422 with each field in which something else has to be typed.
    """
    fields = read_fields(GRANT_FIELDS, sent)
    tag = VALUE_TYPES[entitlement_type]
    try:
        fields["value"] = {"type": tag, "value": _value_of(tag, fields["value"])}
    except ValueError as error:
        fault = Fault(str(error), "body.value")
        raise unprocessable("UNPROCESSABLE", "validation failed", [fault]) from error
    return fields


def value_text(value: Mapping[str, Any]) -> str:
    """A granted value as it would be typed."""
    match value["type"]:
        case "number":
            return _UNLIMITED_TEXT if value["value"] == UNCAPPED else str(number(value["value"]))
        case "boolean":
            return "on" if value["value"] else "off"
        case _:
            return json.dumps(value["value"], ensure_ascii=False)


def _value_of(tag: str, text: str) -> Any:
    match tag:
        case "number":
            return UNCAPPED if text.lower() == _UNLIMITED_TEXT else number_of(text)
        case "boolean":
            if text.lower() not in _FLAGS:
                raise ValueError("type on or off")
            return _FLAGS[text.lower()]
        case _:
            return json_of(text)
