"""Rules of an entitlement. Source: API facts, section 2.2."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypedDict

from kaiten_sync.server.domain.numbers import check_number
from kaiten_sync.server.domain.refusals import RefusalError, invalid, unprocessable

NUMBER_FAMILY = frozenset({"NUMBER", "NUMBER_AI_CREDIT"})
ICON_PATTERN = "^[a-z0-9]+:[a-z0-9]+(-[a-z0-9]+)*$"
ICON_PROVIDERS = frozenset({"lucide"})

_ICON = re.compile(ICON_PATTERN.strip("^$"))
Operation = Literal["CreateEntitlement", "UpdateEntitlement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementFields:
    """The fields of an entitlement in a request; None if the request leaves one out."""

    name: str
    description: str | None = None
    slug: str | None = None
    type: str | None = None
    meter_type: str | None = None
    aggregation_method: str | None = None
    reset_period: str | None = None
    reset_anchor: str | None = None
    warning_threshold_percent: int | None = None
    user_facing: bool | None = None
    display_order: int | None = None
    icon: str | None = None
    unit_singular: str | None = None
    unit_plural: str | None = None
    sale_unit_singular: str | None = None
    sale_unit_plural: str | None = None
    sale_unit_factor: float | None = None
    group_slugs: tuple[str, ...] | None = None


class EntitlementColumns(TypedDict):
    """The columns of an entitlement after all rules; its slug never changes."""

    name: str
    description: str | None
    type: str
    meter_type: str | None
    aggregation_method: str | None
    reset_period: str | None
    reset_anchor: str | None
    warning_threshold_percent: int
    user_facing: bool
    display_order: int
    icon: str | None
    unit_singular: str | None
    unit_plural: str | None
    sale_unit_singular: str | None
    sale_unit_plural: str | None
    sale_unit_factor: float | None


class StoredEntitlement(Protocol):
    """The fields of a stored entitlement that the rules read."""

    @property
    def slug(self) -> str:
        """Its name in URLs."""

    @property
    def type(self) -> str:
        """BOOLEAN, NUMBER, CONFIG or NUMBER_AI_CREDIT."""

    @property
    def meter_type(self) -> str | None:
        """How clients of an earlier generation meter it."""

    @property
    def aggregation_method(self) -> str | None:
        """How usage adds up; None if nothing is counted."""

    @property
    def reset_period(self) -> str | None:
        """After how long usage starts again; None for never."""

    @property
    def reset_anchor(self) -> str | None:
        """From when on the periods are counted."""


def settle_new(fields: EntitlementFields) -> EntitlementColumns:
    """A new entitlement with everything decided.

    Raises:
        RefusalError: a rule forbids it.
    """
    if fields.type is None:
        raise unprocessable("CreateEntitlement.TypeRequired", "type is required")
    method = (fields.aggregation_method or "SUM") if fields.type in NUMBER_FAMILY else None
    return _settle("CreateEntitlement", fields.type, replace(fields, aggregation_method=method))


def settle_change(stored: StoredEntitlement, fields: EntitlementFields) -> EntitlementColumns:
    """A stored entitlement as a PUT leaves it, with everything decided.

    Raises:
        RefusalError: a rule forbids it.
    """
    if fields.slug is not None and fields.slug != stored.slug:
        raise unprocessable("UpdateEntitlement.SlugNotRenameable", "a slug never changes")
    if fields.type is not None and fields.type != stored.type:
        raise _immutable("Type", "type")
    method = fields.aggregation_method
    if method is not None and method != stored.aggregation_method:
        raise _immutable("AggregationMethod", "aggregationMethod")
    # A PUT without the stored pair is an attempt to remove it, not a reset to a default.
    if stored.reset_period is not None and fields.reset_period != stored.reset_period:
        raise _immutable("ResetPeriod", "resetPeriod")
    if stored.reset_anchor is not None and fields.reset_anchor != stored.reset_anchor:
        raise _immutable("ResetAnchor", "resetAnchor")
    kept = replace(
        fields,
        type=stored.type,
        aggregation_method=stored.aggregation_method,
        # A client of the current generation does not know meterType: it must not erase it.
        meter_type=fields.meter_type or stored.meter_type,
    )
    return _settle("UpdateEntitlement", stored.type, kept)


def _immutable(code: str, field: str) -> RefusalError:
    return invalid(f"UpdateEntitlement.Immutable{code}", f"{field} never changes once set")


def _settle(operation: Operation, kind: str, fields: EntitlementFields) -> EntitlementColumns:
    """Defaults, then the rules that hold for new and changed entitlements alike."""
    factor = fields.sale_unit_factor
    if factor is not None:
        check_number(factor, "body.saleUnitFactor")
    anchor = fields.reset_anchor or ("CALENDAR" if fields.reset_period else None)
    settled = replace(fields, reset_anchor=anchor)
    problems = {
        "InvalidTypeConfiguration": _number_only("meterType", settled.meter_type, settled),
        "InvalidUnitsConfiguration": _units_problem(settled),
        "InvalidEnforcementPolicyConfiguration": _number_only(
            "warningThresholdPercent", settled.warning_threshold_percent, settled
        ),
        "InvalidResetConfiguration": _reset_problem(settled),
        "InvalidIcon": icon_problem(settled.icon),
    }
    for code, problem in problems.items():
        if problem is not None:
            raise invalid(f"{operation}.{code}", problem)
    return EntitlementColumns(
        name=fields.name,
        description=fields.description,
        type=kind,
        meter_type=fields.meter_type,
        aggregation_method=fields.aggregation_method,
        reset_period=fields.reset_period,
        reset_anchor=anchor,
        warning_threshold_percent=fields.warning_threshold_percent or 0,
        user_facing=bool(fields.user_facing),
        display_order=fields.display_order or 0,
        icon=fields.icon,
        unit_singular=fields.unit_singular,
        unit_plural=fields.unit_plural,
        sale_unit_singular=fields.sale_unit_singular,
        sale_unit_plural=fields.sale_unit_plural,
        sale_unit_factor=None if factor is None else float(factor),
    )


def _number_only(name: str, value: object, fields: EntitlementFields) -> str | None:
    if value is None or fields.type in NUMBER_FAMILY:
        return None
    return f"{name} is only allowed when type is NUMBER or NUMBER_AI_CREDIT"


def _units_problem(fields: EntitlementFields) -> str | None:
    base = (fields.unit_singular, fields.unit_plural)
    sale = (fields.sale_unit_singular, fields.sale_unit_plural, fields.sale_unit_factor)
    given = [value for value in (*base, *sale) if value is not None]
    if given and fields.type not in NUMBER_FAMILY:
        return "unit fields are only allowed when type is NUMBER or NUMBER_AI_CREDIT"
    if any(isinstance(label, str) and not label.strip() for label in given):
        return "unit labels must not be empty"
    if (base[0] is None) != (base[1] is None):
        return "unitSingular and unitPlural come together"
    if any(part is not None for part in sale):
        if any(part is None for part in sale):
            return "saleUnitSingular, saleUnitPlural and saleUnitFactor come together"
        if base[0] is None:
            return "sale units need unitSingular and unitPlural"
    return None


def _reset_problem(fields: EntitlementFields) -> str | None:
    if fields.reset_period is None:
        return "resetAnchor needs resetPeriod" if fields.reset_anchor is not None else None
    if problem := _number_only("resetPeriod", fields.reset_period, fields):
        return problem
    if fields.aggregation_method == "LATEST":
        return "resetPeriod does not go with aggregationMethod LATEST"
    return None


def icon_problem(icon: str | None) -> str | None:
    """Why this cannot be an icon; None if it can, or if there is none."""
    if icon is None:
        return None
    if not _ICON.fullmatch(icon):
        return "icon must have the form provider:name, such as lucide:rocket"
    provider = icon.split(":", 1)[0]
    return None if provider in ICON_PROVIDERS else f"unknown icon provider {provider!r}"
