"""Reads the versions of license families, what they grant in which units, and all instances."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kaiten_sync.errors import CredentialError, ProblemError
from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.instance import INSTANCE
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.live.need import Need
from kaiten_sync.live.read import read_children, read_live, side_by_side
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.ports import CatalogReader, Progress
from kaiten_sync.model.reading import pages
from kaiten_sync.model.resource import LiveResource, LiveState
from kaiten_sync.model.settings import Scope

Resources = Mapping[Address, LiveResource]


def read_licenses(reader: CatalogReader, progress: Progress) -> LiveState:
    """All licenses, without what they grant. Raises as `read_live` does."""
    return read_live(reader, Need(kinds=frozenset({LICENSE.kind})), Scope(), progress)


def read_grants(reader: CatalogReader, versions: Collection[Address]) -> Resources:
    """All that some versions grant.

    Raises:
        IncompleteReadingError: a version disappeared.
        ServerError, AccessError: as the reader does.
    """
    lists = [ChildList(each, GRANT.kind) for each in sorted(versions, key=lambda a: a.sort_key)]

    def read_one(children: ChildList) -> Sequence[LiveResource]:
        return read_children(reader, children)

    found = side_by_side(lists, read_one, reader)
    return {each.address: each for listed in found for each in listed}


def read_entitlements(reader: CatalogReader) -> tuple[Resources, int]:
    """All entitlements, for the units that people read, and the requests that it took.

    It takes the scope `read:entitlements`. Without it there are none.
    """
    try:
        found = reader.list_kind(ENTITLEMENT.kind)
    except (CredentialError, ProblemError):
        return {}, 1
    return {each.address: each for each in found}, pages(len(found))


def read_holding(reader: CatalogReader) -> Resources:
    """All instances, with what they hold. It takes the scope `read:instances`."""
    return {each.address: each for each in reader.list_kind(INSTANCE.kind)}
