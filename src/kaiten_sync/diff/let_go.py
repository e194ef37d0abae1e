"""Fields that the previous plan managed and git no longer declares: they stay. Stage 4."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.diff.agreed import record_of
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import FieldSpec, Mutability
from kaiten_sync.kinds.values import declared_form
from kaiten_sync.model.canonical import fingerprint
from kaiten_sync.model.plan import Left, Plan
from kaiten_sync.model.resource import DesiredState, LiveResource, LiveState
from kaiten_sync.model.value import Fields, is_alike

NO_LONGER_DECLARED = "no longer declared"


def fields_let_go(desired: DesiredState, live: LiveState, previous: Plan) -> tuple[Left, ...]:
    """The declared objects with fields that a plan managed before and that git has dropped.

    What the previous plan itself had let go is in it: planning again must not forget it.
    """
    return tuple(_let_go(desired, live, previous))


def _let_go(desired: DesiredState, live: LiveState, previous: Plan) -> Iterator[Left]:
    record = record_of(previous)
    already = {each.address: each.fields for each in previous.left}
    for address, mark in previous.managed.items():
        resource, found = desired.resources.get(address), live.resources.get(address)
        if resource is None or found is None or not _leavable(address.kind):
            continue
        names = set(already.get(address, ()))
        if fingerprint(declared_form(address.kind, resource.fields)) != mark:
            names |= (record.fields_of(address, resource, found) or {}).keys()
        fields: Fields = {
            spec.name: found.fields[spec.name]
            for spec in _leavable(address.kind)
            if spec.name in names - resource.fields.keys() and _is_set(spec, found)
        }
        if fields:
            yield Left(address=address, fields=fields, reason=NO_LONGER_DECLARED)


def _leavable(kind: str) -> list[FieldSpec]:
    """The fields that a declaration may stop to manage.

    What is declared whole is compared instead, and what is set once for all is nobody's to manage.
    A grant has none: most of the objects of a large catalog need no further look.
    """
    return [
        spec
        for spec in spec_of(kind).fields.values()
        if not (
            spec.is_required
            or spec.is_implied
            or spec.numbered_by_server
            or spec.mutability is Mutability.CREATE_ONLY
        )
    ]


def _is_set(spec: FieldSpec, found: LiveResource) -> bool:
    """Whether the server has another value than one that was never declared would have."""
    value = found.fields.get(spec.name)
    usual = (None, spec.default(found.fields), spec.settles_as)
    return not any(is_alike(value, each) for each in usual)
