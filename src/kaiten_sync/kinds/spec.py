"""What can be said about a field of a kind, so that no stage needs to know kinds by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from kaiten_sync.model.address import Kind
from kaiten_sync.model.generation import Generation as Generation
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json

Default: TypeAlias = Callable[[Fields], Json | Absent]
"""What a field is when never set, given the object's other fields."""


class Mutability(Enum):
    """Whether and how a field of an existing object can change."""

    MUTABLE = auto()
    IMMUTABLE = auto()
    """Never changes after creation."""
    ONCE = auto()
    """Can be set later, once; fixed from then on."""
    CREATE_ONLY = auto()
    """Steers creation only and is not compared when the server does not show it."""
    MOVE = auto()
    """Changes through a license move (publish, archive, default), not through a PUT."""


class Order(Enum):
    """Which direction loosens a field for whoever holds it."""

    NONE = auto()
    HIGHER_LOOSENS = auto()
    TRUE_LOOSENS = auto()
    GRANT_VALUE = auto()
    """A grant's value: by number, `unlimited` highest; by truth; or no order (CONFIG)."""


EVERY_GENERATION = frozenset(Generation)
ONLY_CURRENT = frozenset({Generation.CURRENT})
ONLY_GETTING_STARTED = frozenset({Generation.GETTING_STARTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of one kind.

    `wire` is the property that carries it in a request body. `default` gives what the server
    has when it was never set; ABSENT where the server sets nothing. `way_out` is what a person
    can do who wants a fixed field changed.
    """

    name: str
    wire: str = ""
    mutability: Mutability = Mutability.MUTABLE
    order: Order = Order.NONE
    default: Default = lambda _fields: ABSENT
    is_set: bool = False
    generations: frozenset[Generation] = EVERY_GENERATION
    way_out: str = ""

    @property
    def wire_name(self) -> str:
        """The property's name in a request body."""
        return self.wire or self.name

    @property
    def is_universal(self) -> bool:
        """Whether every generation of the API knows the field."""
        return self.generations == EVERY_GENERATION


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSpec:
    """One kind: its word in the plural (as in the catalog file) and its fields in file order."""

    kind: Kind
    plural: str
    fields: Mapping[str, FieldSpec]
    required: tuple[str, ...] = ()


def kind_spec(
    kind: Kind, plural: str, fields: tuple[FieldSpec, ...], required: tuple[str, ...] = ()
) -> KindSpec:
    """Build a kind's table from its fields, keeping their order."""
    return KindSpec(kind=kind, plural=plural, fields={f.name: f for f in fields}, required=required)


def constant(value: Json) -> Default:
    """A default that depends on nothing."""
    return lambda _fields: value
