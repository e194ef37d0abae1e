"""Reads a live catalog: the kinds first, then what is inside their objects, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

from kaiten_sync.errors import IncompleteReadingError
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.live.need import Need, needed_lists
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.ports import CatalogReader, Progress, ServerReader
from kaiten_sync.model.resource import Coverage, LiveResource, LiveState
from kaiten_sync.model.settings import Scope

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def read_live(
    reader: CatalogReader,
    need: Need,
    scope: Scope,
    progress: Progress,
    beside: Callable[[], object] = lambda: None,
    meanwhile: Callable[[], object] = lambda: None,
) -> LiveState:
    """Read what is needed, whole or not at all.

    `beside` is called while the kinds are read: what else has to be asked first costs no time of
    its own. If it raises, nothing more is read. `meanwhile` is called, if at all, while what is
    inside objects is read, and is to compute what needs no answer.

    Raises:
        IncompleteReadingError: the catalog changed under the reading.
        ServerError, AccessError: as the reader does. Whatever `beside` raises.
    """
    kinds = sorted(need.kinds)
    resources: dict[Address, LiveResource] = {}

    def ask() -> Sequence[LiveResource]:
        beside()
        return ()

    calls: list[Callable[[], Sequence[LiveResource]]] = [ask]
    calls += [partial(reader.list_kind, kind) for kind in kinds]
    found = side_by_side(calls, lambda call: call(), reader)
    for kind, listed in zip(kinds, found[1:], strict=True):
        complete = spec_of(kind).after_list
        resources |= {each.address: each for each in (complete(listed) if complete else listed)}
    need = need.settled(resources.values())
    lists: list[ChildList] = []
    parents = list(resources)
    # Level by level: what is inside an object can be listed only once the object is known.
    while inner := needed_lists(need, scope, parents):
        lists += inner
        children = _read_lists(reader, inner, progress, meanwhile)
        resources |= children
        parents = list(children)
    return LiveState(
        resources=resources, coverage=Coverage(kinds=need.kinds, lists=frozenset(lists))
    )


def _read_lists(
    reader: CatalogReader,
    lists: Sequence[ChildList],
    progress: Progress,
    meanwhile: Callable[[], object],
) -> dict[Address, LiveResource]:
    def read_one(children: ChildList) -> Sequence[LiveResource]:
        found = read_children(reader, children)
        progress.advance()
        return found

    words = {spec_of(each.kind).plural: None for each in lists}
    progress.begin(f"Reading {' and '.join(words)}", len(lists))
    try:
        found = side_by_side(lists, read_one, reader, meanwhile)
    finally:
        progress.end()
    return {each.address: each for listed in found for each in listed}


def read_children(reader: CatalogReader, children: ChildList) -> Sequence[LiveResource]:
    """The objects of a list whose parent was just there.

    Raises:
        IncompleteReadingError: the parent is gone.
    """
    found = reader.list_children(children)
    if found is None:
        raise IncompleteReadingError(
            f"{children.parent} disappeared while its {spec_of(children.kind).plural} were being"
            " read",
            hint="someone is changing the catalog right now: run it again",
        )
    return found


def side_by_side(
    items: Sequence[_Item],
    call: Callable[[_Item], _Result],
    reader: ServerReader,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[_Result]:
    """Call a function for each item, as many at once as a reader has connections.

    The first failure stops the rest. `meanwhile` is called once, by the thread that waits.
    """
    if not items:
        return []
    pool = ThreadPoolExecutor(max_workers=min(reader.connections, len(items)))
    is_over = False
    try:
        futures = [pool.submit(call, item) for item in items]
        meanwhile()
        wait(futures, return_when=FIRST_EXCEPTION)
        is_over = True
    finally:
        # An interrupt must not wait here for an answer that may never come.
        pool.shutdown(wait=is_over, cancel_futures=True)
    failed = [f for f in futures if not f.cancelled() and f.exception()]
    return [future.result() for future in (failed or futures)]
