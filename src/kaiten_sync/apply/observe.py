"""Re-reads what a plan rests on, and only that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from kaiten_sync.kinds.registry import child_kinds
from kaiten_sync.model.address import Address, ChildList, Kind
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.ports import CatalogReader
from kaiten_sync.model.reading import READ_SINGLY
from kaiten_sync.model.resource import LiveResource

Found = Mapping[Address, LiveResource]
"""Live objects by address; one that does not exist is not in it."""


def read_observed(
    reader: CatalogReader,
    observed: Sequence[Observed],
    workers: int,
    whole: Collection[Address] = (),
) -> Found:
    """The observed objects as they are now, and all that is inside those in `whole`.

    Objects at the top of the catalog are read one by one if they are few, by list if they are many;
    those inside another by list, unless the other does not exist. `whole` are observed objects.
    """
    by_kind: dict[Kind, list[Address]] = defaultdict(list)
    for each in observed:
        if each.address.parent is None:
            by_kind[each.address.kind].append(each.address)
    with _answers(workers) as pool:
        many = [kind for kind, addresses in by_kind.items() if len(addresses) > READ_SINGLY]
        few = [a for kind, addresses in by_kind.items() if kind not in many for a in addresses]
        found = _keyed(pool.map(reader.get, few))
        found |= _keyed(item for kind in many for item in reader.list_kind(kind))
        found |= _read_lists(reader, observed, found, whole, pool)
    wanted = {each.address for each in observed}
    return {a: each for a, each in found.items() if a in wanted or a.parent in whole}


def _read_lists(
    reader: CatalogReader,
    observed: Sequence[Observed],
    found: Found,
    whole: Collection[Address],
    pool: ThreadPoolExecutor,
) -> dict[Address, LiveResource]:
    """What is inside other objects, by list, unless the parent is observed and does not exist."""
    addresses = {each.address for each in observed}
    lists = {
        each.child_list
        for each in addresses
        if each.parent in found or each.parent not in addresses
    }
    # Also if the plan saw nothing inside: there may be something by now.
    lists |= {
        ChildList(a, child.kind) for a in found.keys() & whole for child in child_kinds(a.kind)
    }
    wanted = sorted(
        (each for each in lists if each is not None),
        key=lambda each: (each.parent.sort_key, each.kind),
    )
    return _keyed(
        each for listed in pool.map(reader.list_children, wanted) for each in listed or ()
    )


@contextmanager
def _answers(workers: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that waits for its answers, unless an interrupt gives them up."""
    pool = ThreadPoolExecutor(max_workers=workers)
    is_given_up = False
    try:
        yield pool
    except KeyboardInterrupt:
        is_given_up = True
        raise
    finally:
        pool.shutdown(wait=not is_given_up, cancel_futures=True)


def _keyed(resources: Iterable[LiveResource | None]) -> dict[Address, LiveResource]:
    return {resource.address: resource for resource in resources if resource is not None}
