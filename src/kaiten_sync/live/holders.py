"""Reads who holds what a plan wants to delete, and nothing if it deletes nothing.

A license is held by the instances that have it. An entitlement is held by the grants that refer to
it, and by the instances that have recorded usage of it; those are looked for among the holders of
the licenses that grant it as a number, since only that can be metered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from kaiten_sync.errors import CredentialError, ProblemError, ServerError
from kaiten_sync.kinds.references import referrers, slug_target
from kaiten_sync.kinds.registry import all_kinds, spec_of
from kaiten_sync.kinds.spec import HeldBy
from kaiten_sync.live.read import read_children, side_by_side
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.holder import Holders, Instance, Usage
from kaiten_sync.model.ports import HolderReader, PlanReader, Progress, ServerReader
from kaiten_sync.model.reading import pages
from kaiten_sync.model.resource import Coverage, LiveResource, LiveState
from kaiten_sync.model.value import UNLIMITED, is_number

_NOT_FOUND = 404
"""What a server says that has no such list: who holds what cannot be seen there."""

_NOTHING = LiveState(resources={}, coverage=Coverage())

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Lists = Mapping[ChildList, Sequence[LiveResource]]
"""The objects of each list inside another object."""


class _Referring(NamedTuple):
    """Every list whose objects can refer to some others.

    `requests` is what it takes to read them all, and the list of the objects that they are in.
    """

    lists: _Lists
    requests: int


def read_holders(
    reader: PlanReader,
    gone: Collection[Address],
    *,
    progress: Progress,
    known: LiveState = _NOTHING,
) -> Holders:
    """Who holds the objects that are to be deleted, of the kinds that can be held.

    Instances take the scope `read:instances`. If the token lacks it, or the server has no
    instances at all, the result says what could not be checked, and why. What is `known` is not
    read again.

    Raises:
        IncompleteReadingError: the catalog changed under the reading.
        ServerError, AccessError: as the reader does.
    """
    had = {each for each in gone if spec_of(each.kind).held_by is HeldBy.INSTANCES}
    referred = {each for each in gone if spec_of(each.kind).held_by is HeldBy.REFERRERS}
    gaps: list[str] = []
    referring: _Referring | None = _Referring({}, 0)
    if referred:
        referring = _if_allowed(lambda: _all_lists(reader, referred, known, progress), gaps)
    lists, listing = referring or ({}, 0)
    metered = _metered(lists, referred)
    instances: Sequence[Instance] | None = ()
    # One list answers both questions: who has a license, and who can have usage.
    if had or metered:
        instances = _if_allowed(reader.list_instances, gaps)
    asked = [each.slug for each in instances or () if _license(each) in metered]
    usage = read_usage(reader, asked, progress=progress)
    found = {each.address for listed in lists.values() for each in listed}
    unseen = set(referred) if referring is None else set()
    if instances is None:
        unseen = unseen.union(*metered.values())
    return Holders(
        instances=_holders(instances or (), had),
        referrers=referrers(found.union(known.resources), referred),
        users=_users(usage, referred),
        checked=frozenset(had if instances is not None else ()) | (referred - unseen),
        gap=gaps[0] if gaps else None,
        requests=listing
        + (pages(len(instances)) if instances is not None and (had or metered) else 0)
        + len(asked),
    )


def read_use(
    reader: PlanReader,
    addresses: Collection[Address],
    *,
    progress: Progress,
    known: LiveState = _NOTHING,
) -> Holders:
    """Who may use some entitlements: the instances of the licenses that grant them.

    Raises as `read_holders` does.
    """
    if not addresses:
        return Holders()
    gaps: list[str] = []
    referring = _if_allowed(lambda: _all_lists(reader, addresses, known, progress), gaps)
    instances = _if_allowed(reader.list_instances, gaps) if referring is not None else None
    lists, listing = referring or ({}, 0)
    grants = {each.address for listed in lists.values() for each in listed}
    granted = referrers(grants, addresses)
    parents = {a.parent for each in granted.values() for a in each if a.parent is not None}
    return Holders(
        instances=_holders(instances or (), parents),
        referrers=granted,
        checked=frozenset(addresses if instances is not None else ()),
        gap=gaps[0] if gaps else None,
        requests=0 if instances is None else listing + pages(len(instances)),
    )


def _if_allowed(read: Callable[[], _Result], gaps: list[str]) -> _Result | None:
    """What is read; None if the token may not or the server cannot, and `gaps` says why."""
    try:
        return read()
    except CredentialError as error:
        gaps.append(error.message)
    except ProblemError as error:
        if error.status != _NOT_FOUND:
            raise
        gaps.append(error.message)
    return None


def _all_lists(
    reader: PlanReader,
    referred: Collection[Address],
    known: LiveState,
    progress: Progress,
) -> _Referring:
    """Every list whose objects can refer to one of these by their slug."""
    found: dict[ChildList, list[LiveResource]] = {each: [] for each in known.coverage.lists}
    for resource in known.resources.values():
        if resource.address.child_list is not None:
            found.setdefault(resource.address.child_list, []).append(resource)
    referring = [
        spec
        for spec in all_kinds()
        if spec.slug_refers_to and spec.slug_refers_to.kind in {each.kind for each in referred}
    ]
    parents = {each.kind: _parents(reader, each.parents, known) for each in referring}
    wanted = [ChildList(each.address, kind) for kind, listed in parents.items() for each in listed]
    missing = [each for each in wanted if each not in found]

    def read_one(children: ChildList) -> Sequence[LiveResource]:
        listed = read_children(reader, children)
        progress.advance()
        return listed

    lists = _with_progress(reader, "Reading who grants it", missing, read_one, progress)
    read = dict(zip(missing, lists, strict=True))
    complete = {each: read[each] if each in read else found[each] for each in wanted}
    # A list whose families do not show their slugs takes the list of families as well.
    unnamed = sum(any(e.family_slug is not None for e in listed) for listed in parents.values())
    return _Referring(complete, _list_pages(complete) + unnamed)


def _parents(reader: PlanReader, kinds: Collection[str], known: LiveState) -> list[LiveResource]:
    found: list[LiveResource] = []
    for kind in (spec_of(each).kind for each in kinds if not spec_of(each).versions):
        if kind in known.coverage.kinds:
            found += [each for address, each in known.resources.items() if address.kind == kind]
        else:
            found += reader.list_kind(kind)
    return found


class Listed(NamedTuple):
    """All instances, or none and why they could not be read. `requests` is what that took."""

    instances: Sequence[Instance]
    requests: int
    gap: str | None


def read_instances(reader: HolderReader, budget: int) -> Listed:
    """All instances, if so many requests are enough for the list.

    Raises:
        ServerError, AccessError: the server cannot be read at all.
    """
    if budget <= 0:
        return Listed((), 0, "the budget of requests is 0")
    gaps: list[str] = []
    instances = _if_allowed(lambda: reader.list_instances(budget), gaps)
    if instances is not None:
        return Listed(instances, pages(len(instances)), None)
    if gaps:
        return Listed((), 0, gaps[0])
    count = f"{budget:,} request{'' if budget == 1 else 's'}"
    return Listed((), budget, f"the list of instances alone takes more than {count}")


def read_usage(
    reader: HolderReader,
    instances: Sequence[str],
    *,
    progress: Progress,
) -> dict[str, Sequence[Usage]]:
    """What each instance has used, one request each. Raises as `read_instances` does."""

    def read_one(slug: str) -> Sequence[Usage]:
        found = reader.list_usage(slug)
        progress.advance()
        return found or ()  # an instance that is gone by now holds nothing

    lists = _with_progress(reader, "Reading usage", instances, read_one, progress)
    return dict(zip(instances, lists, strict=True))


def read_refusals(
    reader: HolderReader,
    instances: Sequence[str],
    since: datetime,
    *,
    progress: Progress,
) -> tuple[dict[str, Collection[str]] | None, int]:
    """Of which entitlements each instance had reports refused, and the number of requests.

    None if the server does not tell: the first answer says so, and nobody else is asked. No plan
    fails for it, whatever is wrong with the record.

    Raises:
        AccessError: the server cannot be reached.
    """
    if not instances:
        return {}, 0

    def read_one(slug: str) -> Collection[str] | None:
        try:
            return reader.list_refusals(slug, since)
        except (ServerError, CredentialError):
            return None
        finally:
            progress.advance()

    first, *others = instances
    told = read_one(first)
    if told is None:
        return None, 1
    lists = _with_progress(reader, "Reading refusals", others, read_one, progress)
    named = zip(others, lists, strict=True)
    return {first: told, **{slug: listed or () for slug, listed in named}}, len(instances)


def _with_progress(
    reader: ServerReader,
    what: str,
    items: Sequence[_Item],
    read_one: Callable[[_Item], _Result],
    progress: Progress,
) -> list[_Result]:
    progress.begin(what, len(items))
    try:
        return side_by_side(items, read_one, reader)
    finally:
        progress.end()


def _metered(lists: _Lists, referred: Collection[Address]) -> dict[Address, set[Address]]:
    """The licenses that grant some of the entitlements as a number, and which."""
    found: dict[Address, set[Address]] = defaultdict(set)
    for children, listed in lists.items():
        for each in listed:
            target = slug_target(each.address)
            value = each.fields.get("value")
            is_counted = is_number(value) or value == UNLIMITED
            if target is not None and target in referred and is_counted:
                found[children.parent].add(target)
    return found


def _license(instance: Instance) -> Address | None:
    """The object that an instance has."""
    kinds = (spec.kind for spec in all_kinds() if spec.held_by is HeldBy.INSTANCES)
    return next((Address(kind, instance.license) for kind in kinds), None)


def _holders(
    instances: Iterable[Instance], had: Collection[Address]
) -> dict[Address, tuple[str, ...]]:
    found: dict[Address, list[str]] = defaultdict(list)
    for instance in instances:
        address = _license(instance)
        if address is not None and address in had:
            found[address].append(instance.slug)
    return {address: tuple(sorted(slugs)) for address, slugs in found.items()}


def _users(
    usage: Mapping[str, Sequence[Usage]], referred: Collection[Address]
) -> dict[Address, tuple[str, ...]]:
    by_slug = {each.slug: each for each in referred}
    found: dict[Address, list[str]] = defaultdict(list)
    for instance, listed in usage.items():
        for used in listed:
            if used.entitlement in by_slug and used.reports > 0:
                found[by_slug[used.entitlement]].append(instance)
    return {address: tuple(sorted(slugs)) for address, slugs in found.items()}


def _list_pages(lists: _Lists) -> int:
    """Requests for the list of parents and for the lists inside each."""
    parents = len({children.parent for children in lists})
    return pages(parents) + sum(pages(len(listed)) for listed in lists.values())
