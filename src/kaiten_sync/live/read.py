"""Reads a live catalog: the kinds first, then the grants license by license, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TypeVar

from kaiten_sync.errors import IncompleteReadingError
from kaiten_sync.live.need import Need, is_needed
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.ports import CatalogReader, Progress
from kaiten_sync.model.resource import Coverage, LiveResource, LiveState
from kaiten_sync.model.settings import Scope

WORKERS = 8
"""Requests side by side. The default of the field's tools lies between 5 and 10."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def read_live(
    reader: CatalogReader,
    need: Need,
    scope: Scope,
    progress: Progress,
    workers: int = WORKERS,
) -> LiveState:
    """Read what is needed, whole or not at all.

    Raises:
        IncompleteReadingError: the catalog changed under the reading.
        ServerError, AccessError: as the reader does.
    """
    resources = _read_kinds(reader, sorted(need.kinds), workers)
    licenses = [
        address.slug
        for address in resources
        if address.kind is Kind.LICENSE and is_needed(need, scope, address)
    ]
    grants = _read_grants(reader, licenses, progress, workers)
    return LiveState(
        resources={**_with_family_slugs(resources), **grants},
        coverage=Coverage(kinds=need.kinds, grants_of=frozenset(licenses)),
    )


def _read_kinds(
    reader: CatalogReader, kinds: Sequence[Kind], workers: int
) -> dict[Address, LiveResource]:
    lists = side_by_side(kinds, reader.list_kind, workers)
    return {resource.address: resource for listed in lists for resource in listed}


def _read_grants(
    reader: CatalogReader, licenses: Sequence[str], progress: Progress, workers: int
) -> dict[Address, LiveResource]:
    def read_one(slug: str) -> Sequence[LiveResource]:
        grants = reader.list_grants(slug)
        progress.advance()
        if grants is None:
            raise IncompleteReadingError(
                f"license/{slug} disappeared while the catalog was being read",
                hint="someone is changing the catalog right now: run it again",
            )
        return grants

    progress.begin("Reading grants", len(licenses))
    try:
        lists = side_by_side(licenses, read_one, workers)
    finally:
        progress.end()
    return {grant.address: grant for listed in lists for grant in listed}


def side_by_side(
    items: Sequence[_Item], call: Callable[[_Item], _Result], workers: int
) -> list[_Result]:
    """Call a function for each item from several threads; the first failure stops the rest."""
    if not items:
        return []
    pool = ThreadPoolExecutor(max_workers=min(workers, len(items)))
    is_over = False
    try:
        futures = [pool.submit(call, item) for item in items]
        wait(futures, return_when=FIRST_EXCEPTION)
        is_over = True
    finally:
        # An interrupt must not wait here for an answer that may never come.
        pool.shutdown(wait=is_over, cancel_futures=True)
    failed = [f for f in futures if not f.cancelled() and f.exception()]
    return [future.result() for future in (failed or futures)]


def _with_family_slugs(
    resources: Mapping[Address, LiveResource],
) -> dict[Address, LiveResource]:
    """Name each license's family by the slug of its first version, where that still exists.

    The API never returns a family's slug with a license; a family has the slug of the license
    that opened it. Source: API facts, section 2.4.
    """
    slugs = _family_slugs(resources.values())
    return {
        address: replace(
            resource, fields={**resource.fields, "familySlug": slugs[resource.family_id]}
        )
        if resource.family_id in slugs
        else resource
        for address, resource in resources.items()
    }


def _family_slugs(resources: Iterable[LiveResource]) -> dict[str | None, str]:
    return {
        resource.family_id: resource.address.slug
        for resource in resources
        if resource.family_id is not None and resource.fields.get("version") == "1"
    }
