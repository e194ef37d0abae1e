"""What an entitlement's fields mean together. Source: API facts, section 2.2."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from kaiten_sync.kinds.spec import Clash
from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.value import Absent, Fields

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
        names = entitlement.entry.node.entries
        given = {name: entitlement.scalar(name) for name in names if entitlement.is_set(name)}
        for each in clashes({n: v for n, v in given.items() if not isinstance(v, Absent)}):
            yield entitlement.diagnostic(each.rule, each.message, at=each.at, hint=each.hint)


def clashes(fields: Fields) -> Iterator[Clash]:
    """What does not go together, in a declaration or in what an update would make of an object."""
    given = {name for name, value in fields.items() if value is not None}
    kind = fields.get("type")
    for each_field in _NUMBER_ONLY if kind in _NOT_NUMBERS else ():
        if each_field in given:
            yield Clash(
                rule="number-only-field",
                message=f"`{each_field}` does not go with type {kind}",
                at=each_field,
                hint=f"only {' and '.join(sorted(NUMBER_TYPES))} have it: remove it",
            )
    if "resetAnchor" in given and "resetPeriod" not in given:
        yield Clash(
            rule="anchor-without-period",
            message="`resetAnchor` needs a `resetPeriod`",
            at="resetAnchor",
            hint="add `resetPeriod`, or remove `resetAnchor`",
            others=("resetPeriod",),
        )
    if fields.get("aggregationMethod") == "LATEST" and "resetPeriod" in given:
        yield Clash(
            rule="latest-with-reset",
            message="usage by LATEST is never reset, so it has no `resetPeriod`",
            at="resetPeriod",
            hint="remove `resetPeriod`, or declare another `aggregationMethod` if no server has the"
            " entitlement yet",
            others=("aggregationMethod",),
            live_hint="the server keeps what it has: take the other field out, or declare an"
            " entitlement with another slug",
        )
    # The API takes both names of a unit or none, and the three sale fields only together.
    yield from _incomplete(given, _BASE_UNITS)
    yield from _incomplete(given, _SALE_UNITS)
    sale = [name for name in _SALE_UNITS if name in given]
    if sale and not given.intersection(_BASE_UNITS):
        yield Clash(
            rule="units-incomplete",
            message="sale units need base units",
            at=sale[0],
            hint="add " + _listed(_BASE_UNITS),
            others=_BASE_UNITS,
        )


def _incomplete(given: Collection[str], together: tuple[str, ...]) -> Iterator[Clash]:
    """All of these fields, or none."""
    present = [name for name in together if name in given]
    missing = [name for name in together if name not in present]
    if present and missing:
        yield Clash(
            rule="units-incomplete",
            message=f"{_listed(together)} go together",
            at=present[0],
            hint="add " + _listed(missing),
            others=together,
        )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} and {last}" if first else last
