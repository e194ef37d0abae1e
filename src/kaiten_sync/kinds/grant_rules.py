"""Whether a grant's value fits its entitlement. Source: API facts, section 2.5."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.meant import truth_hint, type_meant
from kaiten_sync.kinds.spec import Clash
from kaiten_sync.model.address import Address
from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.document import Node
from kaiten_sync.model.value import UNLIMITED, UNLIMITED_WIRE, Absent, Fields, Json, is_number

PASTED = "api-form"
"""The rule of a whole object of the API: nothing else is said about it."""

OVERAGE_WIRE = "limitCapExceededOveragePercent"


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
        value = grant.entry.node.value
        takes_number = wanted.get(grant.address.slug, _Shape.NUMBER) is _Shape.NUMBER
        # Almost every grant is a plain threshold that fits, and nothing else can be wrong with it.
        if takes_number and type(value) is int and value >= 0:
            continue
        is_map = grant.is_map
        entry = grant.field("value") if is_map else grant.entry
        if entry is None:
            continue
        node = entry.node
        if is_map and wanted.get(grant.address.slug) is not _Shape.OBJECT and _is_tagged(node):
            yield _pasted(grant, node)
            continue
        shape = _Shape.NUMBER if node.value == UNLIMITED else _SHAPE_OF_VALUE.get(type(node.value))
        if shape is None:  # no value at all, which the schema reports
            continue
        if shape is not wanted.get(grant.address.slug, shape):
            entitlement = view.objects[Address(ENTITLEMENT.kind, grant.address.slug)]
            yield grant.diagnostic_at(
                node.ref,
                "wrong-value-type",
                _takes(entitlement),
                _type_hint(node, wanted[grant.address.slug], entitlement),
            )
        if is_map:
            tag = grant.scalar("type")
            if isinstance(tag, Absent) and _is_tagged(node):
                yield _nested(grant, node)
            # An unknown tag is a fault of its own, which the schema reports.
            if tag in tuple(_Shape) and tag != shape:
                yield grant.diagnostic(
                    "wrong-value-type",
                    f"the tag says {tag}, and the value is of type {shape}",
                    at="type",
                    hint="the tag can be left out",
                )
        yield from _clash_diagnostics(grant, node)


def _clash_diagnostics(grant: Declared, node: Node) -> Iterator[Diagnostic]:
    value: Json = {} if isinstance(node.value, dict | tuple) else node.value
    fields = {"value": value}
    overage = grant.scalar("overagePercent") if grant.is_map else None
    if not isinstance(overage, Absent):
        fields["overagePercent"] = overage
    for each in clashes(fields):
        if each.at == "value":  # which may be written without its key
            yield grant.diagnostic_at(node.ref, each.rule, each.message, each.hint)
        else:
            yield grant.diagnostic(each.rule, each.message, at=each.at, hint=each.hint)


def misread_hint(grant: Declared, value: object, view: CatalogView) -> str | None:
    """What to write for a value that cannot be read; None if its own hint leads to the type."""
    entitlement = view.objects.get(Address(ENTITLEMENT.kind, grant.address.slug))
    wanted = _SHAPE_OF_TYPE.get(str(entitlement.scalar("type"))) if entitlement else None
    meant = type_meant(value)
    if entitlement is None or wanted is None or meant is None:
        return None
    if _SHAPE_OF_VALUE.get(meant) is wanted:
        return None
    return f"{_takes(entitlement)}; {_declared_at(entitlement)}"


def _takes(entitlement: Declared) -> str:
    """What a grant of the entitlement is."""
    declared_type = str(entitlement.scalar("type"))
    return (
        f"'{entitlement.address.slug}' has type {declared_type}, so its grant is"
        f" {_WANTED[_SHAPE_OF_TYPE[declared_type]]}"
    )


def _declared_at(entitlement: Declared) -> str:
    return f"its type is declared at {entitlement.entry.key_ref}"


def _type_hint(node: Node, wanted: _Shape, entitlement: Declared) -> str:
    place = _declared_at(entitlement)
    meant = truth_hint(node.value) if wanted is _Shape.BOOLEAN else None
    return place if meant is None else f"{meant}; {place}"


def _is_tagged(node: Node) -> bool:
    """Whether a value is the API's tagged form."""
    tag = node.entries.get("type")
    return (
        tag is not None
        and node.entries.keys() == {"type", "value"}
        and tag.node.value in tuple(_Shape)
    )


def _pasted(grant: Declared, node: Node) -> Diagnostic:
    """What to write for a grant as the API answers it, with its tagged form below `value`."""
    value = node.entries["value"].node.value
    shown = json.dumps(value) if isinstance(value, int | float) else "..."
    if value == UNLIMITED_WIRE:
        shown = UNLIMITED
    overages = (grant.scalar(name) for name in ("overagePercent", OVERAGE_WIRE))
    percent = next((each for each in overages if is_number(each) and each > 0), None)
    meant = shown if percent is None else f"{{value: {shown}, overagePercent: {percent}}}"
    return grant.diagnostic(
        PASTED,
        "this is a grant as the API answers it, with its value one level too deep",
        hint=f"write `{grant.address.slug}: {meant}`",
    )


def _nested(grant: Declared, node: Node) -> Diagnostic:
    """A CONFIG value that looks like the API's form of one. It may be meant, so it is allowed."""
    diagnostic = grant.diagnostic_at(
        node.ref,
        "nested-value",
        "this value is a map with `type` and `value`, and is stored as it is",
        "if it is the API's form, write its map alone: `{value: {...}}`; if it is meant, write"
        " `type: object` beside it",
    )
    return diagnostic.changed(severity=Severity.WARNING)


def clashes(fields: Fields) -> Iterator[Clash]:
    """What does not go together in a grant, in a declaration or in what it would become."""
    value, overage = fields.get("value"), fields.get("overagePercent")
    # The API's -1 is not a negative threshold: it means that there is none.
    is_unlimited = value == UNLIMITED or (is_number(value) and value == UNLIMITED_WIRE)
    if is_number(value) and value < 0 and not is_unlimited:
        yield Clash(
            rule="negative-value",
            message="a threshold is not negative",
            at="value",
            hint="write `unlimited` for no cap (the API's -1), 0 to allow nothing",
        )
    if overage is None or value is None:
        return
    if not is_number(value) and not is_unlimited:
        yield _overage_clash(
            "overage-not-allowed", "`overagePercent` goes with a number only", "remove it"
        )
    elif is_unlimited and overage != UNLIMITED_WIRE:
        yield _overage_clash(
            "overage-with-unlimited", "what is unlimited has no overage", "remove it"
        )
    elif overage == UNLIMITED_WIRE and not is_unlimited:
        yield _overage_clash(
            "overage-range",
            "`overagePercent: -1` goes with `unlimited` only",
            "write 0 for a hard limit, or a percentage up to 32767",
        )


def _overage_clash(rule: str, message: str, hint: str) -> Clash:
    return Clash(rule=rule, message=message, at="overagePercent", hint=hint, others=("value",))
