"""Forms of entitlements: the table of their fields, and what of them can still change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kaiten_sync.server.dashboard.fields import Choice, Field, choices, fixed
from kaiten_sync.server.dashboard.pages import Visit
from kaiten_sync.server.domain.entitlements import NUMBER_FAMILY
from kaiten_sync.server.service import groups
from kaiten_sync.server.service.entitlements import get_entitlement
from kaiten_sync.server.shapes.entitlements import entitlement_json

TYPES = ("NUMBER", "BOOLEAN", "CONFIG", "NUMBER_AI_CREDIT")
RESET_PERIODS = ("HOUR", "DAY", "WEEK", "MONTH", "YEAR")

_MAX_GROUPS = 200
"""Groups offered as boxes to tick: the largest page of the API, and more than anybody reads."""

_NUMBER_ONLY = "Only for NUMBER and NUMBER_AI_CREDIT."

_NAME = Field("name", "Name", required=True, hint="For people, such as API Calls.")
_SLUG = Field(
    "slug",
    "Slug",
    hint="For programs, such as api-calls. Made from the name if left empty; it never changes.",
)
_TYPE = Field(
    "type",
    "Type",
    kind="choice",
    choices=(
        Choice(value="NUMBER", label="NUMBER: a quota that is metered"),
        Choice(value="BOOLEAN", label="BOOLEAN: on or off"),
        Choice(value="CONFIG", label="CONFIG: any JSON"),
        Choice(value="NUMBER_AI_CREDIT", label="NUMBER_AI_CREDIT: metered credits"),
    ),
    required=True,
    initial="NUMBER",
    hint="It never changes.",
)
_METER_TYPE = Field(
    "meterType",
    "Meter type",
    kind="choice",
    choices=choices(("RAW_EVENT", "CALCULATED_USAGE"), none="none"),
    hint=_NUMBER_ONLY,
)
_METHOD = Field(
    "aggregationMethod",
    "Aggregation method",
    kind="choice",
    choices=choices(("SUM", "COUNT", "AVERAGE", "MAX", "MIN", "LATEST"), none="default"),
    hint=f"How reports add up. {_NUMBER_ONLY} SUM by default; it never changes.",
)
_PERIOD = Field(
    "resetPeriod",
    "Reset period",
    kind="choice",
    choices=choices(RESET_PERIODS, none="never"),
    hint="When usage starts again at zero. Once set, it never changes.",
)
_ANCHOR = Field(
    "resetAnchor",
    "Reset anchor",
    kind="choice",
    choices=choices(("CALENDAR", "LICENSE_START"), none="default"),
    hint="What the reset period counts from. Once set, it never changes.",
)
_REST = (
    Field("description", "Description", kind="long", empty=None),
    Field(
        "warningThresholdPercent",
        "Warning at (percent of the threshold)",
        kind="number",
        hint=f"0 to 100. {_NUMBER_ONLY}",
    ),
    Field("unitSingular", "Unit, singular", hint="Such as call. Both or none."),
    Field("unitPlural", "Unit, plural", hint="Such as calls."),
    Field("saleUnitSingular", "Sale unit, singular", hint="Such as pack. All or none."),
    Field("saleUnitPlural", "Sale unit, plural", hint="Such as packs."),
    Field("saleUnitFactor", "Units in a sale unit", kind="number"),
    Field("icon", "Icon", hint="Such as lucide:rocket."),
    Field("displayOrder", "Display order", kind="number"),
    Field("userFacing", "Customers see it", kind="flag"),
)
_GROUPS = Field("groupSlugs", "Groups", kind="flags")


def new_fields(visit: Visit) -> tuple[Field, ...]:
    """The fields of a new entitlement."""
    first = (_NAME, _SLUG, _TYPE, _METER_TYPE, _METHOD, _PERIOD, _ANCHOR)
    return (*first, *_REST, *_groups_field(visit))


def edit_fields(visit: Visit) -> tuple[Field, ...]:
    """The fields of a stored one. What can never change is shown and not asked for."""
    stored = stored_entitlement(visit)
    # A meter type goes with metered types only.
    settable = [_METER_TYPE] if stored["type"] in NUMBER_FAMILY else []
    # Either can be set once, and never changes from then on.
    settable += [fixed(each) if stored.get(each.name) else each for each in (_PERIOD, _ANCHOR)]
    never = (fixed(_SLUG), fixed(_TYPE), fixed(_METHOD))
    return (_NAME, *never, *settable, *_REST, *_groups_field(visit))


def stored_entitlement(visit: Visit) -> dict[str, Any]:
    """A stored entitlement by the fields of a form."""
    shown = entitlement_json(*get_entitlement(visit.work, visit.path["entitlementSlug"]))
    slugs = [group["slug"] for group in shown["entitlementGroups"]]
    return {**as_put(shown), "groupSlugs": slugs}


def edit_body(visit: Visit, body: dict[str, Any]) -> dict[str, Any]:
    """A PUT resets what it leaves out, so what the form does not ask for is sent too."""
    asked = {field.name for field in edit_fields(visit) if not field.fixed} | {"groupSlugs"}
    stored = stored_entitlement(visit)
    return {**{name: value for name, value in stored.items() if name not in asked}, **body}


def as_put(shown: Mapping[str, Any]) -> dict[str, Any]:
    """An entitlement, as the API shows it, as the body of a PUT."""
    left_out = {"id", "createdAt", "updatedAt", "entitlementGroups"}
    if shown["type"] not in NUMBER_FAMILY:
        # Answers have it for every type, and a PUT that repeats it here is refused (API facts,
        # 2.2).
        left_out.add("warningThresholdPercent")
    return {name: value for name, value in shown.items() if name not in left_out}


def offered_groups(visit: Visit) -> tuple[Choice, ...]:
    """The groups to choose from."""
    found = groups.list_groups(visit.work, None, _MAX_GROUPS).rows
    offered = [Choice(value=row.slug, label=row.name) for row in found]
    return tuple(sorted(offered, key=lambda choice: choice.label))


def _groups_field(visit: Visit) -> tuple[Field, ...]:
    offered = offered_groups(visit)
    # Without groups the field is left out, and with it the property: a PUT without it keeps the
    # memberships.
    return (replace(_GROUPS, choices=offered),) if offered else ()
