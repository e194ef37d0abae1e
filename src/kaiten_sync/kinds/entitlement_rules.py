"""What an entitlement's fields mean together. Source: API facts, section 2.2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic

NUMBER_TYPES = frozenset({"NUMBER", "NUMBER_AI_CREDIT"})
"""Entitlement types that are metered. Source: API facts, section 1.4."""

_BASE_UNITS = ("unitSingular", "unitPlural")
_SALE_UNITS = ("saleUnitSingular", "saleUnitPlural", "saleUnitFactor")
_NUMBER_ONLY = (
    "aggregationMethod",
    "resetPeriod",
    "resetAnchor",
    "warningThresholdPercent",
    *_BASE_UNITS,
    *_SALE_UNITS,
)
_NOT_NUMBERS = frozenset({"BOOLEAN", "CONFIG"})


def entitlement_diagnostics(
    entitlements: Sequence[Declared], _view: CatalogView
) -> Iterator[Diagnostic]:
    """Fields of entitlements that do not go together."""
    for entitlement in entitlements:
        yield from _number_diagnostics(entitlement)
        yield from _reset_diagnostics(entitlement)
        yield from _unit_diagnostics(entitlement)


def _number_diagnostics(entitlement: Declared) -> Iterator[Diagnostic]:
    kind = entitlement.scalar("type")
    if kind not in _NOT_NUMBERS:
        return
    for name in _NUMBER_ONLY:
        if entitlement.is_set(name):
            yield entitlement.diagnostic(
                "number-only-field",
                f"`{name}` does not go with type {kind}",
                at=name,
                hint=f"only {' and '.join(sorted(NUMBER_TYPES))} have it: remove it",
            )


def _reset_diagnostics(entitlement: Declared) -> Iterator[Diagnostic]:
    if entitlement.is_set("resetAnchor") and not entitlement.is_set("resetPeriod"):
        yield entitlement.diagnostic(
            "anchor-without-period",
            "`resetAnchor` needs a `resetPeriod`",
            at="resetAnchor",
            hint="add `resetPeriod`, or remove `resetAnchor`",
        )
    if entitlement.scalar("aggregationMethod") == "LATEST" and entitlement.is_set("resetPeriod"):
        yield entitlement.diagnostic(
            "latest-with-reset",
            "usage by LATEST is never reset, so it has no `resetPeriod`",
            at="resetPeriod",
            hint="remove `resetPeriod`, or choose another aggregation",
        )


def _unit_diagnostics(entitlement: Declared) -> Iterator[Diagnostic]:
    yield from _incomplete(entitlement, _BASE_UNITS)
    yield from _incomplete(entitlement, _SALE_UNITS)
    sale = [name for name in _SALE_UNITS if entitlement.is_set(name)]
    if sale and not any(entitlement.is_set(name) for name in _BASE_UNITS):
        yield entitlement.diagnostic(
            "units-incomplete",
            "sale units need base units",
            at=sale[0],
            hint="add " + _listed(_BASE_UNITS),
        )


def _incomplete(entitlement: Declared, together: tuple[str, ...]) -> Iterator[Diagnostic]:
    """All of these fields, or none."""
    present = [name for name in together if entitlement.is_set(name)]
    missing = [name for name in together if name not in present]
    if present and missing:
        yield entitlement.diagnostic(
            "units-incomplete",
            f"{_listed(together)} go together",
            at=present[0],
            hint="add " + _listed(missing),
        )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} and {last}" if first else last
