"""What can be said about a kind and its fields, so that no stage needs to know kinds by name.

A table is a `KindSpec`. Everything in it has a default that says "nothing special", so that a new
kind is written in a few lines. Source of all facts in the tables: API facts, sections 2 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, TypeAlias

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Kind
from kaiten_sync.model.change import Action, Effect
from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.generation import Generation as Generation
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json

Default: TypeAlias = Callable[[Fields], Json | Absent]
"""The value of a field that was never set, computed from the object's other fields."""


class FieldType(StrEnum):
    """The types that a field can have. `kinds/types.py` says what each means."""

    TEXT = "text"
    SLUG = "slug"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ENUM = "enum"
    SLUGS = "slugs"
    """A set of slugs: order and repetition mean nothing."""
    JSON = "json"
    GRANT_VALUE = "grant-value"
    """A number, `unlimited`, true or false, or JSON; tagged on the wire."""


class Mutability(Enum):
    """Whether and how a field of an existing object can change."""

    MUTABLE = auto()
    IMMUTABLE = auto()
    """Never changes after creation."""
    ONCE = auto()
    """Can be set later, once; fixed from then on."""
    CREATE_ONLY = auto()
    """Steers creation only and is not compared if the server does not show it."""
    MOVE = auto()
    """Changes through the moves of its field, not through an update."""


class Order(Enum):
    """Which direction loosens a field for whoever holds the object."""

    NONE = auto()
    HIGHER_LOOSENS = auto()
    TRUE_LOOSENS = auto()
    GRANT_VALUE = auto()
    """A grant's value: by number, `unlimited` highest; by truth; or no order (CONFIG)."""


class HeldBy(Enum):
    """Who can hold an object of a kind and so keeps it from being deleted."""

    NOBODY = auto()
    INSTANCES = auto()
    """The customers' instances that have it."""
    REFERRERS = auto()
    """The objects whose slug refers to it, and the instances that have recorded usage of it."""


PROTECT = "protect"
"""The note of every object that keeps plans from deleting and from tightening it."""

BUNDLE = Kind("bundle", level=0)
"""A set of objects that others inherit. Only messages name one: it is in no catalog's tree."""
EXTENDS = "extends"
"""The note of an object that inherits children: the names of those it takes them from."""

SOLD = "sold"
"""The field of what is sold: whether anybody can buy it."""

SERVES = "serves"
"""The field of a family that only reports show: the version that it serves."""

ON_TIGHTEN = "onTighten"
"""The note of what becomes of a change that takes something from holders."""

REASON = "reason"
"""The note of why holders may lose something."""

ARCHIVE_REPLACED = "archiveReplaced"
"""The note that lets go of older versions that nobody holds."""

EVERY_GENERATION = frozenset(Generation)
ONLY_CURRENT = frozenset({Generation.CURRENT})
ONLY_GETTING_STARTED = frozenset({Generation.GETTING_STARTED})


Rule: TypeAlias = Callable[[Sequence[Declared], CatalogView], Iterator[Diagnostic]]
"""What is wrong with the declared objects of a kind, beyond the types of their fields."""


class Reference(Immutable, frozen=True, kw_only=True):
    """One way in which objects of a kind refer to objects of another.

    `kind` is the word of the kind referred to. `matters` are the fields of the referenced object
    on which a plan rests. A loose reference (`is_strict` false) may lead nowhere: it orders
    changes and nothing else. `rule` is the name of the diagnostic about a reference that leads
    nowhere.
    """

    kind: str
    is_strict: bool = True
    matters: tuple[str, ...] = ()
    rule: str = "undeclared-reference"


class Move(Immutable, frozen=True, kw_only=True):
    """One step of a field from one value to another that is not an update of fields.

    `endpoint` is posted to, below the object's path; without one the field alone is updated.
    `rank` orders moves of one plan: lower ones go first. `waits_for_children` says that all
    changes of the object's children go first; `waits_for_siblings` names the actions on its
    siblings (see `FieldSpec.one_per`) that go first. `not_while` are field values that forbid the
    move, `only_while` those without which the server refuses it, and `refusal` is what to say then.
    `withdraws` says that the move takes something from those who have it or may get it: it waits
    for all moves of siblings that do not, so that a successor is in place first.
    `risk` is the place in reports that show the riskiest first: 0 as a delete, 4 as an
    update, 7 as a create; 1 and below take something away. `symbol` marks the move in reports.
    """

    action: Action
    before: Json
    after: Json
    endpoint: str | None = None
    rank: int = 0
    waits_for_children: bool = False
    waits_for_siblings: frozenset[Action] = frozenset()
    not_while: Mapping[str, Json] = {}
    only_while: Mapping[str, Json] = {}
    refusal: str = ""
    withdraws: bool = False
    risk: int = 4
    symbol: str = ">"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of one kind.

    On the wire: `wire` is the property that carries it in a request body and `read` the one in an
    answer, if they have other names. `filler` is what a body carries if the field is not set,
    because the API insists on the property. An update repeats every field that the object has;
    `is_echoed` is false if leaving it out changes nothing.

    In the catalog file: `description`, `examples` and the limits go into the schema;
    `takes_null` says that null clears it. A note (`is_note`) is read by this program and never
    sent to a server.

    `default` is what the server has if the field was never set; ABSENT if the server sets
    nothing. `way_out` is what a person can do who wants a fixed field changed.
    `numbered_by_server` fields fit no other server, so exports leave them out. `is_own_slug` says
    that a value equal to the object's own slug means the same as none.

    Of a field with moves: `born_as` is the value with which an object is created on servers that
    know the field, before its children exist; `settles_as` is the value that it then gets unless
    another is declared. `one_per` names a field: of the objects that agree in it, its siblings, at
    most one has True here, and the server takes it from the others.
    """

    name: str
    type: FieldType = FieldType.TEXT
    description: str = ""
    examples: tuple[Json, ...] = ()
    is_required: bool = False
    takes_null: bool = False
    choices: tuple[str, ...] = ()
    limits: Mapping[str, Json] = field(default_factory=dict)
    """JSON Schema keywords: `minLength`, `maximum`, `pattern` and the like."""
    words: Mapping[str, str] = field(default_factory=dict)
    """JSON Schema annotations: `errorMessage`, `patternErrorMessage`, `x-rule`."""
    reads_one: bool = False
    """A list of which a single element may be written as it is."""
    units_from: tuple[str, ...] = ()
    """Of a number that people may write with its unit (`10GB`): the fields with the unit's names,
    of the object that the slug refers to."""
    reads_integers: bool = False
    """A text that people write as a whole number, such as a version."""
    is_note: bool = False
    is_declared: bool = True
    """Whether people can declare it; if not, only reports show it."""
    wire: str = ""
    read: str = ""
    filler: Json | Absent = ABSENT
    is_echoed: bool = True
    mutability: Mutability = Mutability.MUTABLE
    order: Order = Order.NONE
    default: Default = lambda _fields: ABSENT
    generations: frozenset[Generation] = EVERY_GENERATION
    way_out: str = ""
    refers_to: Reference | None = None
    numbered_by_server: bool = False
    is_own_slug: bool = False
    moves: tuple[Move, ...] = ()
    born_as: Json | Absent = ABSENT
    settles_as: Json | Absent = ABSENT
    one_per: str = ""
    is_implied: bool = False
    """Whether leaving it out declares its default: what it belongs to is declared whole."""
    restarts_usage: bool = False
    """Whether setting it on an existing object makes everybody's usage start again from 0."""

    wire_name: str = field(init=False)
    """The property's name in a request body."""
    read_name: str = field(init=False)
    """The property's name in an answer."""
    is_set: bool = field(init=False)
    """Whether the value is a set: order and repetition mean nothing."""
    is_universal: bool = field(init=False)
    """Whether every generation of the API knows the field."""

    def __post_init__(self) -> None:
        # Worked out once and not by a property: comparing a large catalog asks for each of them
        # millions of times.
        derived = {
            "wire_name": self.wire or self.name,
            "read_name": self.read or self.name,
            "is_set": self.type is FieldType.SLUGS,
            "is_universal": self.generations == EVERY_GENERATION,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def steps(self, before: Json | Absent, after: Json | Absent) -> tuple[Move, ...] | None:
        """The moves that lead from one value to another, fewest first; None if none do."""
        # Breadth first: the list grows while it is walked, so the first way that arrives is the
        # shortest. A value is reached once, or a circle such as archive and unarchive would never
        # end.
        ways: list[tuple[Move, ...]] = [()]
        reached = [before]
        for way in ways:
            at = way[-1].after if way else before
            if at == after:
                return way
            for move in self.moves:
                if move.before == at and move.after not in reached:
                    reached.append(move.after)
                    ways.append((*way, move))
        return None


class Clash(Immutable, frozen=True, kw_only=True):
    """Fields of one object that do not go together: `at` is the one to name.

    `live_hint` helps if the server has fixed some of them already; empty if `hint` helps then too.
    """

    rule: str
    message: str
    at: str
    hint: str
    others: tuple[str, ...] = ()
    live_hint: str = ""


Body: TypeAlias = dict[str, Any]
"""A request body under construction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSpec:
    """One kind of object, whole.

    `section` is the key that contains such objects in the catalog file: at the top, or inside a
    parent's map if there are `parents`. `plural` is the word for several of them. `shorthand`
    names the field whose bare value may be written instead of a map, `tag` the note that carries
    the API's tag of that value.

    On the wire: `path` is that of the list, below the parent's object if there are parents.
    `slug_wire` carries the object's own slug, `parent_wire` its parent's in answers, `id_wire` the
    server's id (`older_id_wire` on servers of the getting-started generation), and `family_wire`
    the server's id of what makes objects siblings. `slug_refers_to` says that the slug is that of
    another object.

    `held_by` says who can hold such an object; `created` and `deleted` are the effects on holders
    of one that appears and of one that goes, if it `gives` them anything.

    The rest are functions for what one kind does alone: `rules` judge declared objects,
    `after_read` corrects the fields of an answer, `before_create` and `before_update` the body of
    a request, and `after_list` completes the objects of a list from one another. `misfit` returns
    why fields do not fit those of the object that the slug refers to, `clashes` what does not go
    together in the fields that an object has or will have, declared or not.
    """

    kind: Kind
    section: str
    path: str
    keys: tuple[FieldSpec, ...]
    """Fields and notes in the order in which they are written and shown."""
    plural: str = ""
    parents: tuple[str, ...] = ()
    shorthand: str = ""
    tag: str = ""
    bundles: str = ""
    """The section at the top of a catalog with named sets of such objects. Nothing on a server is
    a bundle: parents take its objects with `extends`, as they take those of another parent."""
    limited_by: tuple[str, ...] = ()
    """The fields that limit usage only together: the threshold, and the percentage above it."""
    slug_wire: str = "slug"
    parent_wire: str = ""
    id_wire: str = "id"
    older_id_wire: str = ""
    family_wire: str = ""
    family_path: str = ""
    """The list of what makes objects siblings, with the slug of each; empty if there is none."""
    slug_refers_to: Reference | None = None
    versions: str = ""
    """The kind whose objects on the server are versions of such an object, which the server itself
    does not have as it is declared. Empty for what a server has."""
    held_by: HeldBy = HeldBy.NOBODY
    created: Effect = Effect.NEUTRAL
    deleted: Effect = Effect.NEUTRAL
    gives: Callable[[Fields], bool] = lambda _fields: True
    description: str = ""
    section_description: str = ""
    section_words: Mapping[str, str] = field(default_factory=dict)
    section_examples: tuple[Json, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Json, ...] = ()
    missing_hint: str = ""
    """What to do if a required field is missing; by default, to add it."""
    empty: tuple[str, str] | None = None
    """Message and hint for an object that is declared as null."""
    rules: tuple[Rule, ...] = ()
    after_read: Callable[[dict[str, Any]], None] | None = None
    before_create: Callable[[Body], None] | None = None
    before_update: Callable[[Body, Fields], None] | None = None
    misfit: Callable[[Fields, Fields], str | None] | None = None
    clashes: Callable[[Fields], Iterator[Clash]] = lambda _fields: iter(())
    after_list: Callable[[Sequence[LiveResource]], Sequence[LiveResource]] | None = None
    fields: Mapping[str, FieldSpec] = field(init=False)
    """The fields by name, notes left out."""

    required: tuple[str, ...] = field(init=False)
    """Names of the fields without which there is no such object."""
    moves: Mapping[Action, tuple[FieldSpec, Move]] = field(init=False)
    """Every move by its action, with the field that it moves."""
    referring_fields: tuple[tuple[FieldSpec, Reference], ...] = field(init=False)
    """The fields that refer to other objects, with how they do."""
    flag: FieldSpec | None = field(init=False)
    """The field in which one object of each family has True; None if such objects have none."""
    number: FieldSpec | None = field(init=False)
    """The field with the number that the server gives to each object of a family."""
    implied: tuple[FieldSpec, ...] = field(init=False)
    """The fields that are declared by leaving them out."""
    sets: tuple[FieldSpec, ...] = field(init=False)
    """The fields whose values are sets."""
    newer: frozenset[str] = field(init=False)
    """Names of the fields that not every generation of the API knows."""
    first_states: tuple[FieldSpec, ...] = field(init=False)
    """The fields that a server sets when it creates an object, to be changed afterwards."""

    def __post_init__(self) -> None:
        fields = {spec.name: spec for spec in self.keys if not spec.is_note}
        derived = {
            "plural": self.plural or self.section,
            "fields": fields,
            "required": tuple(name for name, spec in fields.items() if spec.is_required),
            "moves": {m.action: (spec, m) for spec in fields.values() for m in spec.moves},
            "referring_fields": tuple((f, f.refers_to) for f in fields.values() if f.refers_to),
            "flag": next((spec for spec in fields.values() if spec.one_per), None),
            "number": next((f for f in fields.values() if f.numbered_by_server), None),
            "implied": tuple(f for f in fields.values() if f.is_implied),
            "sets": tuple(f for f in fields.values() if f.is_set),
            "newer": frozenset(name for name, spec in fields.items() if not spec.is_universal),
            "first_states": tuple(f for f in fields.values() if f.born_as is not ABSENT),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @property
    def level(self) -> int:
        """The place in the order of creation; deletions go in reverse."""
        return self.kind.level

    def fits_below(self, parent: Kind | None) -> bool:
        """Whether objects of this kind are declared inside objects of another; None: at the top."""
        return parent in self.parents if self.parents else parent is None


def constant(value: Json) -> Default:
    """A default that depends on nothing."""
    return lambda _fields: value
