"""All kinds, by name. A kind registers once and every stage follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.family import FAMILY
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.group import GROUP
from kaiten_sync.kinds.instance import INSTANCE
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.spec import FieldSpec, Generation, HeldBy, KindSpec, Move
from kaiten_sync.model.address import Kind
from kaiten_sync.model.change import Action

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

T = TypeVar("T")

_SPECS: dict[str, KindSpec] = {
    spec.kind: spec for spec in (GROUP, ENTITLEMENT, LICENSE, FAMILY, GRANT)
}

SPECS: Mapping[str, KindSpec] = MappingProxyType(_SPECS)
"""Every table by the word of its kind. Read it when it is needed: later kinds are in it too."""

_BESIDE: Mapping[str, KindSpec] = MappingProxyType({INSTANCE.kind: INSTANCE})
"""Tables of what is on servers and in no catalog: such objects are moved, and never declared."""


_VIEWS: list[_lru_cache_wrapper[Any]] = []


def view(read: Callable[..., T]) -> _lru_cache_wrapper[T]:
    """A function that reads the tables once for each of its arguments, until a kind is registered.

    Only tests register kinds later: what was read before must not answer for them afterwards.
    """
    cached = cache(read)
    _VIEWS.append(cached)
    return cached


def register(spec: KindSpec) -> None:
    """Make a kind known to every stage.

    Raises:
        ValueError: there is such a kind already.
    """
    if spec.kind in _SPECS:
        raise ValueError(f"the kind {spec.kind} is registered already")
    _SPECS[spec.kind] = spec
    _forget_views()


def unregister(kind: str) -> None:
    """Forget a kind again."""
    del _SPECS[kind]
    _forget_views()


def spec_of(kind: str) -> KindSpec:
    """The table of one kind, also of one that no catalog declares.

    Raises:
        KeyError: no such kind is registered.
    """
    # Not a merged mapping, since tables may be registered later; and the declared kinds come
    # first, because they are asked for with every object.
    found = _SPECS.get(kind)
    return _BESIDE[kind] if found is None else found


@view
def all_kinds() -> tuple[KindSpec, ...]:
    """Every table in the order of creation."""
    return tuple(sorted(_SPECS.values(), key=lambda spec: spec.level))


@view
def top_kinds() -> tuple[KindSpec, ...]:
    """The kinds with a section of their own at the top of a catalog, in the order of creation."""
    return tuple(spec for spec in all_kinds() if not spec.parents)


@view
def live_kinds() -> tuple[KindSpec, ...]:
    """The kinds of the objects that a server has, in the order of creation."""
    return tuple(spec for spec in all_kinds() if not spec.versions)


@view
def versioned_kinds() -> tuple[KindSpec, ...]:
    """The kinds of objects that a server has as versions only."""
    return tuple(spec for spec in all_kinds() if spec.versions)


@view
def family_kinds() -> frozenset[str]:
    """The kinds whose objects belong to families."""
    return frozenset(spec.kind for spec in _every_spec() if spec.flag is not None)


@view
def moving_kinds() -> frozenset[str]:
    """The kinds whose objects move from one state to another."""
    return frozenset(spec.kind for spec in _every_spec() if spec.moves)


def kind_on_server(kind: str) -> Kind:
    """The kind of the objects on a server that make up an object of this kind."""
    spec = spec_of(kind)
    return _SPECS[spec.versions].kind if spec.versions else spec.kind


@view
def child_kinds(parent: str) -> tuple[KindSpec, ...]:
    """The kinds whose objects are inside objects of this kind, in the order of creation."""
    return tuple(spec for spec in all_kinds() if parent in spec.parents)


@view
def all_actions() -> tuple[Action, ...]:
    """Create, update, delete, and every move of a table."""
    moves = (action for spec in all_kinds() for action in spec.moves)
    return tuple(dict.fromkeys((Action.CREATE, Action.UPDATE, Action.DELETE, *moves)))


def action_of(kind: str, word: str) -> Action:
    """The action of a kind that has this word.

    Raises:
        ValueError: the kind has no such action.
    """
    # A word alone is not enough: `publish` of a group would be read and never be done.
    known = (Action.CREATE, Action.UPDATE, Action.DELETE, *_SPECS[kind].moves)
    if word not in known:
        raise ValueError(f"{word!r} is not an action of the kind {kind}")
    return known[known.index(word)]  # the same one for all changes


def move_of(kind: str, action: Action) -> tuple[FieldSpec, Move] | None:
    """The move that an action of a kind is, with its field; None for create, update, delete."""
    return spec_of(kind).moves.get(action)


def may_be_in_use(kind: str, action: Action) -> bool:
    """Whether a change deletes what the server may keep although nothing refers to it any more.

    Recorded usage of an entitlement is in no list once the license of its user does not grant it.
    """
    return action == Action.DELETE and spec_of(kind).held_by is HeldBy.REFERRERS


def wire_fields(generation: Generation) -> Mapping[str, frozenset[str]]:
    """The request properties that a generation of the API is known to understand."""
    return {
        kind: frozenset(f.wire_name for f in spec.fields.values() if generation in f.generations)
        for kind, spec in _SPECS.items()
        if not spec.versions
    }


def _every_spec() -> tuple[KindSpec, ...]:
    return (*_SPECS.values(), *_BESIDE.values())


def _forget_views() -> None:
    for each in _VIEWS:
        each.cache_clear()
