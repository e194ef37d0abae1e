"""The plan: everything that apply does is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.change import Action, Change, Effect, FieldChange
from kaiten_sync.model.compact import Compact
from kaiten_sync.model.family import FamilyChoice
from kaiten_sync.model.migration import Migration
from kaiten_sync.model.on_demand import OnDemand
from kaiten_sync.model.settings import Limit
from kaiten_sync.model.value import ABSENT, NO_UNIT, Fields, Unit

FORMAT_VERSION = 1
"""The plan file format this program writes and reads."""


class TargetRef(Immutable, frozen=True):
    """The server a plan was made for: its name in the project file and its base URL."""

    name: str
    url: str


class Observed(Compact, frozen=True, kw_only=True):
    """One live object that the plan rests on, as it was seen.

    `fields` is None when the object did not exist; then `id` and `fingerprint` are None too.
    `unheld` says that nobody may hold it but what the plan itself removes: no instance the
    license, no grant and no recorded usage the entitlement. `unused` says that nobody may use the
    counter: no instance has a license that grants the entitlement.
    """

    address: Address
    # The server's id: another object under the same slug is not the one that was seen.
    id: str | None = None
    fields: Fields | None = None
    fingerprint: str | None = None
    # True, or nothing is said: no change rests on somebody holding or using something.
    unheld: bool = False
    unused: bool = False


class ObservedObjects(OnDemand[Observed]):
    """What a plan rests on, in the plan's order.

    An object that did not exist is kept as its address: of a new server's plan that is all.
    """

    __slots__ = ("_kept",)

    def __init__(self, observed: Iterable[Observed]) -> None:
        self._kept = tuple(
            each.address if each == Observed(address=each.address) else each for each in observed
        )

    def _made(self, place: int) -> Observed:
        return _whole(self._kept[place])

    def __iter__(self) -> Iterator[Observed]:
        return map(_whole, self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def _whole(kept: Observed | Address) -> Observed:
    return kept if isinstance(kept, Observed) else Observed(address=kept)


class Guards(Immutable, frozen=True, kw_only=True):
    """What a plan was held to, so that apply holds it to the same.

    `population` counts the live objects of each kind; `protected` are the objects that git
    protects, and `allowed` those whose protection was lifted for this one plan. `rules` is the
    digest of the rules that it was judged by, None if the project has none.
    `max_moves` is for migrations, where `allowed` are the holders that are moved although it takes
    from them.
    """

    # Of each kind, a share of what is live or a number. 100% in the project file switches it off.
    max_deletes: Limit = Limit(percent=30)
    max_updates: Limit = Limit(percent=30)
    # A migration means to move everybody, so nothing limits it unless the project does.
    max_moves: Limit = Limit(percent=100)
    population: Mapping[Kind, int] = {}
    protected: frozenset[Address] = frozenset()
    allowed: frozenset[Address] = frozenset()
    rules: str | None = None


class Summary(Immutable, frozen=True, kw_only=True):
    """The plan in numbers. `actions` counts changes per action, `effects` per effect."""

    actions: Mapping[str, int]
    effects: Mapping[str, int]
    unchanged: int
    unmanaged: int


class Left(Immutable, frozen=True, kw_only=True):
    """Something that stays on the server and that nothing manages now.

    `fields` are those of an object that is not declared, or the fields that a declared object no
    longer declares, with their live values. `reason` is for people, and so is the `unit` of the
    object's number. `is_drift` says that the declaration owns the place, so that the target still
    differs from it.
    """

    address: Address
    fields: Fields
    reason: str
    is_drift: bool = False
    unit: Unit = NO_UNIT


class VersionChange(Immutable, frozen=True, kw_only=True):
    """How what a new version contains differs from the same in the version that it replaces.

    `address` is in the new version, also if that leaves it out. `effect` is that on whoever goes
    from the one version to the other.
    """

    address: Address
    fields: tuple[FieldChange, ...]
    effect: Effect

    @property
    def is_new(self) -> bool:
        """Whether the version that is replaced has nothing of the kind."""
        return all(each.before is ABSENT for each in self.fields)

    @property
    def is_left_out(self) -> bool:
        """Whether the new version has nothing of the kind."""
        return all(each.after is ABSENT for each in self.fields)


class NewVersion(Immutable, frozen=True, kw_only=True):
    """A version that a plan creates, as a difference from the one that it replaces.

    It follows from the changes and from what was observed. `unchanged` counts what is alike.
    """

    address: Address
    replaces: Address
    changes: tuple[VersionChange, ...]
    unchanged: int


class Plan(Immutable, frozen=True, kw_only=True):
    """A sealed list of changes.

    `desired_digest` identifies the declaration; `managed` gives the fingerprint of every
    declared object; `requests` predicts what applying will send; `warnings`, `left` and
    `new_versions` are for people and change nothing on the server; `families` has what it does
    about each declared family, and why; `digest` seals the rest. A plan with a `migration` moves
    holders and is made from no declaration: it manages nothing.
    """

    # Apply compares the URL with that of the connection: a name alone identifies no server.
    target: TargetRef
    # Only comparisons with a declaration read it. What apply sends must not depend on it.
    desired_digest: str
    changes: tuple[Change, ...]
    # Apply reads these again, and only these: what is not here may change without a conflict.
    observed: Sequence[Observed]
    # Fingerprints and no values, so that a catalog's plan is not as large as the catalog (ADR 15).
    managed: Mapping[Address, str]
    # For people and rules. Guards count the changes themselves, since a forged plan may lie here.
    summary: Summary
    # A prediction, for people and rules. Apply sends what it takes, whatever this says.
    requests: int
    guards: Guards = Guards()
    # Sentences for a reviewer. Neither apply nor a guard may look at them.
    warnings: tuple[str, ...] = ()
    # The next plan reads it, so that planning twice does not forget what was let go.
    left: tuple[Left, ...] = ()
    families: tuple[FamilyChoice, ...] = ()
    # Derived again by whoever reads the file: no change may depend on it.
    new_versions: tuple[NewVersion, ...] = ()
    migration: Migration | None = None
    # The objects that a revert was asked for, all if empty; None if the plan is no revert. It says
    # how to make the plan again, and nothing else depends on it.
    reverts: tuple[Address, ...] | None = None
    format_version: int = FORMAT_VERSION
    digest: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes

    @property
    def seen_whole(self) -> frozenset[Address]:
        """The objects that it saw with all that is inside: deleted ones, and replaced versions."""
        deleted = (each.address for each in self.changes if each.action == Action.DELETE)
        return frozenset(deleted).union(each.replaces for each in self.new_versions)

    @property
    def has_differences(self) -> bool:
        """Whether the target differs from the declaration now, also if that is to stay so."""
        return bool(self.changes) or any(each.is_drift for each in self.left)
