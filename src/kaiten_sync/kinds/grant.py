"""Grants: the link between a license and an entitlement. Source: API facts, section 2.5."""

from __future__ import annotations

from typing import Any

from kaiten_sync.kinds.grant_rules import OVERAGE_WIRE, clashes, grant_diagnostics
from kaiten_sync.kinds.spec import (
    ONLY_CURRENT,
    FieldSpec,
    FieldType,
    KindSpec,
    Order,
    Reference,
)
from kaiten_sync.model.address import Kind
from kaiten_sync.model.change import Effect
from kaiten_sync.model.value import (
    ABSENT,
    UNLIMITED,
    UNLIMITED_WIRE,
    Absent,
    Fields,
    Json,
    is_number,
)

_NO_VALUE = "a grant's value is a number, `unlimited`, true/false, or for CONFIG a map"
_NO_GRANT = "a grant is a number, `unlimited`, true/false, or a map with `value`"


def settle_overage(body: dict[str, Any], changed: Fields) -> None:
    """-1 is in the overage exactly when the value is unlimited (API facts, 2.5)."""
    # A PUT repeats what was read. If the value changes between a number and `unlimited`, the
    # overage that was read does not go with the new one, and the server would refuse the whole.
    if body["value"].get("type") != "number" or body["value"]["value"] == UNLIMITED_WIRE:
        body.pop(OVERAGE_WIRE, None)
    elif body.get(OVERAGE_WIRE) == UNLIMITED_WIRE and "overagePercent" not in changed:
        body.pop(OVERAGE_WIRE)


def value_misfit(fields: Fields, entitlement: Fields) -> str | None:
    """Why a grant's value does not fit its entitlement; None if it does."""
    value, kind = fields.get("value"), entitlement.get("type")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "BOOLEAN": isinstance(value, bool),
        "CONFIG": isinstance(value, dict),
        # Whatever is neither is metered, also a type that this program does not know yet.
    }.get(str(kind), is_number or value == UNLIMITED)
    return (
        None
        if "value" not in fields or fits
        else f"{value} is not a value for a {kind} entitlement"
    )


def _overage_default(fields: Fields) -> Json | Absent:
    value = fields.get("value")
    if value == UNLIMITED:
        return UNLIMITED_WIRE
    return 0 if is_number(value) else ABSENT


GRANT = KindSpec(
    rules=(grant_diagnostics,),
    clashes=clashes,
    kind=Kind("grant", level=3),
    section="entitlements",
    plural="grants",
    path="/entitlements",
    parents=("license", "family"),
    bundles="bundles",
    shorthand="value",
    # The maximum is the value plus the percentage of it: either may fall while the maximum rises.
    limited_by=("value", "overagePercent"),
    tag="type",
    slug_wire="entitlementSlug",
    parent_wire="licenseSlug",
    id_wire="licenseId",
    # The getting-started generation writes it with a capital D.
    older_id_wire="licenseID",
    slug_refers_to=Reference(kind="entitlement", matters=("type",), rule="undeclared-entitlement"),
    created=Effect.LOOSENS,
    deleted=Effect.TIGHTENS,
    gives=lambda fields: fields.get("value") is not False,
    before_update=settle_overage,
    misfit=value_misfit,
    keys=(
        FieldSpec(
            name="type",
            type=FieldType.ENUM,
            is_note=True,
            choices=("number", "boolean", "object"),
            description="The API's tag for the value. It can be left out.",
        ),
        FieldSpec(
            name="value",
            type=FieldType.GRANT_VALUE,
            is_required=True,
            order=Order.GRANT_VALUE,
            units_from=("unitSingular", "unitPlural"),
            description="The value: a number (`1000`, `50k`, `10GB`), `unlimited`, true or false,"
            " or for CONFIG a map.",
            words={
                "x-rule": "bad-grant",
                "errorMessage": _NO_VALUE,
                "patternErrorMessage": _NO_VALUE,
            },
            examples=(25, "unlimited", True, {"theme": "custom"}),
        ),
        FieldSpec(
            name="overagePercent",
            type=FieldType.INTEGER,
            wire=OVERAGE_WIRE,
            read=OVERAGE_WIRE,
            # -1 comes with `unlimited` alone, and then the value decides.
            order=Order.HIGHER_LOOSENS,
            default=_overage_default,
            is_implied=True,  # the same YAML is the same limit on a new server and on an old one
            takes_null=True,
            generations=ONLY_CURRENT,
            description="By how many percent usage may go over a number; -1 goes with `unlimited`"
            " only. Without it, a number is a hard limit.",
            limits={"minimum": -1, "maximum": 32767},
            words={"x-rule": "overage-range"},
            examples=(20,),
        ),
        FieldSpec(
            name="protect",
            type=FieldType.BOOLEAN,
            is_note=True,
            description="Plans may neither delete nor tighten it, unless `--allow` names it.",
            examples=(True,),
        ),
    ),
    description="What a license grants of one entitlement: a number (the threshold), `unlimited`,"
    " true or false, or a map with `value`. In an overlay, null takes the grant away;"
    " in a license with `extends`, it takes an inherited one away.",
    words={
        "x-rule": "bad-grant",
        "errorMessage": _NO_GRANT,
        "patternErrorMessage": _NO_GRANT,
    },
    examples=(
        1000,
        "unlimited",
        True,
        {"value": 25, "overagePercent": 20},
        {"value": {"theme": "custom"}},
    ),
    missing_hint="add `value`; what a CONFIG entitlement takes goes below it: `{value: {...}}`",
    empty=(
        "the grant has no value",
        "write a number, `unlimited` or true/false, or remove the line",
    ),
    section_description="What the license grants, by entitlement. With this key, a grant on the"
    " server that is not listed is a difference; without it, grants are left alone.",
    section_words={"errorMessage": "`entitlements` must be a map from entitlement slugs to grants"},
    section_examples=(
        {
            "api-calls": 1000,
            "seats": {"value": 25, "overagePercent": 20},
            "exports": "unlimited",
            "sso": True,
        },
    ),
)
