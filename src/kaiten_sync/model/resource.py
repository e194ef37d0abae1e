"""Objects of the catalog as git declares them and as a server has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address, ChildList, Kind
from kaiten_sync.model.compact import Compact
from kaiten_sync.model.family import FamilyTerms
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import Fields


class Resource(Compact, frozen=True, kw_only=True):
    """One declared object. `fields` holds only what is declared; None clears a field.

    `sources` gives the places of its fields, None if all are where the object itself is. Made in
    C, as live objects are: a catalog has tens of thousands of each.
    """

    address: Address
    fields: Fields
    source: SourceRef
    sources: Mapping[str, SourceRef] | None = {}

    def source_of(self, name: str) -> SourceRef | None:
        """Where a field is declared, None if that is not known."""
        return self.source if self.sources is None else self.sources.get(name)


class DesiredState(Immutable, frozen=True, kw_only=True, eq=False):
    """What git declares, merged from all files and overlays.

    `owns` are the lists that are declared, such as a license's `entitlements`: the declaration
    says all that is in them. A license without that key leaves its grants alone. `protected` are
    the objects that declare `protect: true`. `removed` are those that overlays take away, each with
    the place that says so; nothing is deleted for it. `terms` are those of every declared family.
    `spare` is what is written inside bundles and inside families that are not sold: it declares
    nothing by itself, and has to stay valid.

    Two are equal whatever overlays took away on the way, and whatever is spare.
    """

    resources: Mapping[Address, Resource]
    owns: frozenset[ChildList] = frozenset()
    protected: frozenset[Address] = frozenset()
    removed: Mapping[Address, SourceRef] = {}
    terms: Mapping[Address, FamilyTerms] = {}
    spare: Mapping[Address, Resource] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DesiredState) and self._wanted == other._wanted

    __hash__ = None  # type: ignore[assignment]  # it has maps

    @property
    def places(self) -> Mapping[Address, SourceRef]:
        """Where each object is declared."""
        return {address: each.source for address, each in self.resources.items()}

    def without(self, addresses: Collection[Address]) -> DesiredState:
        """The declaration without these objects; what it owns and protects stays."""
        kept = {a: each for a, each in self.resources.items() if a not in addresses}
        return self.changed(resources=kept)

    def owns_place_of(self, address: Address) -> bool:
        """Whether the declaration says all that is where this object is."""
        return address.child_list in self.owns

    @property
    def _wanted(self) -> tuple[object, ...]:
        return (self.resources, self.owns, self.protected, self.terms)


class LiveResource(Compact, frozen=True, kw_only=True):
    """One object as a server has it, in catalog field names, normalized.

    `id` is the server's own (a grant has none: it is named by its license's id and its
    entitlement's slug). `family_slug` is known only if no sibling shows it. `updated_at` and
    `updated_by` are the server's words, for messages.
    """

    address: Address
    fields: Fields
    id: str | None = None
    family_id: str | None = None
    family_slug: str | None = None
    updated_at: str | None = None
    updated_by: str | None = None


class Coverage(Immutable, frozen=True, kw_only=True):
    """What a reading covered: whole kinds at the top of the catalog, and lists inside objects."""

    kinds: frozenset[Kind] = frozenset()
    lists: frozenset[ChildList] = frozenset()


class LiveState(Immutable, frozen=True, kw_only=True):
    """What a server has, as far as `coverage` says."""

    resources: Mapping[Address, LiveResource]
    coverage: Coverage
