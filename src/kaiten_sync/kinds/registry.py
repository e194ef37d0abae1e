"""All kinds, by name. A kind registers once and every stage follows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.group import GROUP
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.spec import FieldSpec, Generation, KindSpec, Move
from kaiten_sync.model.address import Kind
from kaiten_sync.model.change import Action
from kaiten_sync.model.value import ABSENT, Fields, Json

_SPECS: dict[Kind, KindSpec] = {}

SPECS: Mapping[Kind, KindSpec] = MappingProxyType(_SPECS)
"""Every registered table by its kind. Read it when it is needed: a later kind is in it too."""


def register(spec: KindSpec) -> None:
    """Make a kind known to every stage.

    Raises:
        ValueError: there is such a kind already.
    """
    if spec.kind in _SPECS:
        raise ValueError(f"the kind {spec.kind} is registered already")
    _SPECS[spec.kind] = spec


def unregister(kind: Kind) -> None:
    """Forget a kind again."""
    del _SPECS[kind]


for _spec in (GROUP, ENTITLEMENT, LICENSE, GRANT):
    register(_spec)


def spec_of(kind: Kind) -> KindSpec:
    """The table of one kind."""
    return _SPECS[kind]


def all_kinds() -> tuple[KindSpec, ...]:
    """Every table in the order of creation."""
    return tuple(sorted(_SPECS.values(), key=lambda spec: spec.level))


def top_kinds() -> tuple[KindSpec, ...]:
    """The kinds with a section of their own at the top of a catalog, in the order of creation."""
    return tuple(spec for spec in all_kinds() if not spec.parents)


def child_kinds(parent: Kind) -> tuple[KindSpec, ...]:
    """The kinds whose objects are inside objects of this kind, in the order of creation."""
    return tuple(spec for spec in all_kinds() if parent in spec.parents)


def all_actions() -> tuple[Action, ...]:
    """Create, update, delete, and every move of a table."""
    moves = (action for spec in all_kinds() for action in spec.moves)
    return tuple(dict.fromkeys((Action.CREATE, Action.UPDATE, Action.DELETE, *moves)))


def move_of(kind: Kind, action: Action) -> tuple[FieldSpec, Move] | None:
    """The move that an action of a kind is, with its field; None for create, update, delete."""
    return _SPECS[kind].moves.get(action)


def wire_fields(generation: Generation) -> Mapping[Kind, frozenset[str]]:
    """The request properties that a generation of the API is known to understand."""
    return {
        kind: frozenset(f.wire_name for f in spec.fields.values() if generation in f.generations)
        for kind, spec in SPECS.items()
    }


def with_defaults(kind: Kind, fields: Fields) -> Fields:
    """An object's fields, normalised.

    What the server leaves out is filled with its defaults, sets are sorted, and whole floats
    are written as integers.

    Source: API facts, section 9.3.
    """
    full: dict[str, Json] = {}
    for name, spec in SPECS[kind].fields.items():
        value = fields.get(name)
        if value is None:
            default = spec.default({**fields, **full})
            if default is ABSENT:
                continue
            value = default
        full[name] = normal_value(spec, value)
    return full


def declared_form(kind: Kind, fields: Fields) -> dict[str, Json]:
    """What is declared of an object in the spelling that fingerprints are made of."""
    specs = SPECS[kind].fields
    return {
        name: None if value is None else normal_value(specs[name], value)
        for name, value in fields.items()
    }


def normal_value(spec: FieldSpec, value: Json) -> Json:
    """One value in the spelling that comparisons use."""
    if spec.is_set and isinstance(value, list | tuple):
        return sorted({str(item) for item in value})
    return normal_json(value)


def normal_json(value: Json) -> Json:
    """JSON with one spelling per number: the server keeps float64, so 1000.0 is 1000."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: normal_json(item) for key, item in value.items()}
        case list() | tuple():
            return [normal_json(item) for item in value]
        case _:
            return value
