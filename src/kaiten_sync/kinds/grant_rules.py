"""Whether a grant's value fits its entitlement. Source: API facts, section 2.5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.model.address import Address
from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Node
from kaiten_sync.model.value import UNLIMITED, UNLIMITED_WIRE, is_number


class _Shape(StrEnum):
    """The tags of the API's values."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    OBJECT = "object"


_SHAPE_OF_TYPE = {
    "NUMBER": _Shape.NUMBER,
    "NUMBER_AI_CREDIT": _Shape.NUMBER,
    "BOOLEAN": _Shape.BOOLEAN,
    "CONFIG": _Shape.OBJECT,
}
_SHAPE_OF_VALUE: Mapping[type, _Shape] = {
    bool: _Shape.BOOLEAN,
    int: _Shape.NUMBER,
    float: _Shape.NUMBER,
    dict: _Shape.OBJECT,
}
_WANTED = {
    _Shape.NUMBER: "a number or `unlimited`",
    _Shape.BOOLEAN: "true or false",
    _Shape.OBJECT: "a map below `value`: `{value: {...}}`",
}


def grant_diagnostics(grants: Sequence[Declared], view: CatalogView) -> Iterator[Diagnostic]:
    """Values that do not fit their entitlement, and overage where there can be none."""
    # The shape that grants of each declared entitlement have, by its slug.
    entitlements = view.by_kind.get(ENTITLEMENT.kind, ())
    declared = ((each.address.slug, each.scalar("type")) for each in entitlements)
    wanted = {slug: _SHAPE_OF_TYPE[t] for slug, t in declared if t in _SHAPE_OF_TYPE}
    for grant in grants:
        is_map = grant.is_map
        entry = grant.field("value") if is_map else grant.entry
        if entry is None:
            continue
        node = entry.node
        shape = _Shape.NUMBER if node.value == UNLIMITED else _SHAPE_OF_VALUE.get(type(node.value))
        if shape is None:  # no value at all, which the schema reports
            continue
        if shape is not wanted.get(grant.address.slug, shape):
            entitlement = view.objects[Address(ENTITLEMENT.kind, grant.address.slug)]
            declared_type = entitlement.scalar("type")
            yield grant.diagnostic_at(
                node.ref,
                "wrong-value-type",
                f"'{grant.address.slug}' has type {declared_type}, so its grant is"
                f" {_WANTED[_SHAPE_OF_TYPE[str(declared_type)]]}",
                f"its type is declared at {entitlement.entry.key_ref}",
            )
        # The API's -1 is not a negative threshold: it means that there is none.
        if is_number(node.value) and node.value < 0 and node.value != UNLIMITED_WIRE:
            yield grant.diagnostic_at(
                node.ref,
                "negative-value",
                "a threshold is not negative",
                "write `unlimited` for no cap (the API's -1), 0 to allow nothing",
            )
        if is_map:
            tag = grant.scalar("type")
            # An unknown tag is a fault of its own, which the schema reports.
            if tag in tuple(_Shape) and tag != shape:
                yield grant.diagnostic(
                    "wrong-value-type",
                    f"the tag says {tag}, and the value is of type {shape}",
                    at="type",
                    hint="the tag can be left out",
                )
            if grant.is_set("overagePercent"):
                yield from _overage_diagnostics(grant, node, shape)


def _overage_diagnostics(grant: Declared, node: Node, shape: _Shape) -> Iterator[Diagnostic]:
    overage = grant.scalar("overagePercent")
    if shape is not _Shape.NUMBER:
        yield grant.diagnostic(
            "overage-not-allowed",
            "`overagePercent` goes with a number only",
            at="overagePercent",
            hint="remove it",
        )
    elif not isinstance(node.value, dict) and node.value in (UNLIMITED, UNLIMITED_WIRE):
        if overage != UNLIMITED_WIRE:
            yield grant.diagnostic(
                "overage-with-unlimited",
                "what is unlimited has no overage",
                at="overagePercent",
                hint="remove it",
            )
    elif overage == UNLIMITED_WIRE:
        yield grant.diagnostic(
            "overage-range",
            "`overagePercent: -1` goes with `unlimited` only",
            at="overagePercent",
            hint="write 0 for a hard limit, or a percentage up to 32767",
        )
