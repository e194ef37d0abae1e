"""Families as a server has them: their versions, and which of them is sold now.

Source: API facts, section 2.4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import child_kinds, kind_on_server, spec_of
from kaiten_sync.kinds.spec import SOLD
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.resource import LiveResource, LiveState, Resource
from kaiten_sync.model.value import Absent, Json

_Version = TypeVar("_Version")

STATE = "lifecycleState"
DEFAULT = "isDefault"
LINK = "familySlug"
NUMBER = "version"

DRAFT = "DRAFT"
PUBLISHED = "PUBLISHED"
ARCHIVED = "ARCHIVED"


class LiveFamily(Immutable, frozen=True, kw_only=True):
    """A family on a server. `versions` has at least one, oldest first."""

    slug: str
    versions: tuple[LiveResource, ...]

    @property
    def served(self) -> LiveResource | None:
        """What whoever is new gets; None if it has nothing on sale."""
        return served_of(self.versions, lambda version: version.fields)

    @property
    def has_default(self) -> bool:
        """Whether somebody chose what it serves."""
        return any(each.fields.get(DEFAULT) is True for each in self.versions)

    @property
    def is_certain(self) -> bool:
        """Whether what it serves follows from a choice: no published version can take over."""
        return self.has_default or len(self.in_state(PUBLISHED)) == 1

    def lacks_default(self, agreed: Collection[Address]) -> bool:
        """Whether the version that it serves was `agreed` to be the default, and is not yet."""
        is_agreed = self.served is not None and self.served.address in agreed
        return is_agreed and not self.has_default

    @property
    def newest(self) -> LiveResource:
        """The version with the highest number."""
        return self.versions[-1]

    @property
    def shown(self) -> LiveResource:
        """The version that the family is compared with: the served one, or else the newest."""
        return self.served or self.newest

    @property
    def ever_sold(self) -> tuple[LiveResource, ...]:
        """The versions that are or were on sale."""
        return tuple(each for each in self.versions if each.fields.get(STATE) != DRAFT)

    def in_state(self, state: str) -> tuple[LiveResource, ...]:
        """The versions in one state of their life."""
        return tuple(each for each in self.versions if each.fields.get(STATE) == state)


def served_of(
    versions: Sequence[_Version], fields_of: Callable[[_Version], Mapping[str, Json | Absent]]
) -> _Version | None:
    """Of versions, oldest first, the one on sale: the default, or else the highest published."""
    default = next((v for v in versions if fields_of(v).get(DEFAULT) is True), None)
    published = (v for v in reversed(versions) if fields_of(v).get(STATE) == PUBLISHED)
    return next(published, None) if default is None else default


def live_families(resources: Iterable[LiveResource]) -> dict[str, LiveFamily]:
    """The families among live objects, by their slugs.

    One whose slug nothing shows goes by the server's id of it.
    """
    members: dict[str, list[LiveResource]] = defaultdict(list)
    for each in resources:
        if each.family_id is not None:
            # In this order: what the first version shows, what the list of families shows, and
            # something that at least keeps the family apart from others.
            slug = each.fields.get(LINK) or each.family_slug or each.family_id
            members[str(slug)].append(each)
    return {
        slug: LiveFamily(slug=slug, versions=tuple(sorted(versions, key=number_of)))
        for slug, versions in members.items()
    }


def number_of(version: LiveResource) -> int:
    """The number that the server gave to a version."""
    number = str(version.fields.get(NUMBER))
    # Servers of the getting-started generation take any text as a version.
    return int(number) if number.isdecimal() else 0


def is_sold(family: Resource) -> bool:
    """Whether a family is declared to be sold to whoever is new."""
    return family.fields.get(SOLD) is not False


def version_address(family: Address, slug: str) -> Address:
    """The address of a version of a family."""
    return Address(kind_on_server(family.kind), slug)


def moved(address: Address, roots: Mapping[Address, Address]) -> Address:
    """An address with the object at its top replaced by another."""
    if address.parent is None:
        return roots.get(address, address)
    return Address(address.kind, address.slug, moved(address.parent, roots))


def as_sold(live: LiveState, shown: Mapping[Address, Address]) -> LiveState:
    """Live as families are declared: each has what one of its versions has.

    `shown` has that version by the family's address. All other versions of these families are left
    out, as they are never compared.
    """
    if not shown:
        return live
    found = live_families(live.resources.values())
    hidden = {v.address for f in shown for v in found[f.slug].versions}
    roots = {version: family for family, version in shown.items()}
    resources = {a: each for a, each in live.resources.items() if a.root not in hidden}
    for address, each in live.resources.items():
        if address.root in roots:
            there = moved(address, roots)
            resources[there] = each.changed(address=there)
    for family in shown:
        # No server has this field. It is what the declared `sold` is compared with.
        sold = found[family.slug].served is not None
        names = spec_of(family.kind).fields
        fields = {name: value for name, value in resources[family].fields.items() if name in names}
        fields = {**fields, SOLD: sold}
        resources[family] = resources[family].changed(fields=fields)
    lists = {
        ChildList(family, child.kind)
        for family, version in shown.items()
        for child in child_kinds(family.kind)
        if ChildList(version, child.kind) in live.coverage.lists
    }
    coverage = live.coverage.changed(lists=live.coverage.lists | lists)
    return LiveState(resources=resources, coverage=coverage)
