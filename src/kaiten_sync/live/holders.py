"""Reads who holds what a plan wants to delete, and nothing where it deletes nothing.

A license is held by the instances that have it. An entitlement is held by the licenses that
grant it, and by the instances that have recorded usage of it; those are looked for among the
holders of the licenses that grant it as a number, which is what can be metered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from kaiten_sync.errors import CredentialError, IncompleteReadingError, ProblemError
from kaiten_sync.live.read import WORKERS, side_by_side
from kaiten_sync.model.address import Kind, entitlement_address, license_address
from kaiten_sync.model.holder import Holders, Instance, Usage, granting
from kaiten_sync.model.ports import PlanReader, Progress
from kaiten_sync.model.reading import pages
from kaiten_sync.model.resource import Coverage, LiveResource, LiveState
from kaiten_sync.model.value import UNLIMITED

_NOT_FOUND = 404
_NOTHING = LiveState(resources={}, coverage=Coverage())

_Result = TypeVar("_Result")
_Grants = Mapping[str, Sequence[LiveResource]]
"""The grants of each license, by its slug."""


def read_holders(
    reader: PlanReader,
    *,
    licenses: Collection[str],
    entitlements: Collection[str],
    progress: Progress,
    workers: int = WORKERS,
    known: LiveState = _NOTHING,
) -> Holders:
    """Who holds these licenses and entitlements, given by slug.

    Instances take the scope `read:instances`. Where the token lacks it, or the server has no
    instances at all, the result says what could not be checked, and why. What is `known` is not
    read again.

    Raises:
        IncompleteReadingError: the catalog changed under the reading.
        ServerError, AccessError: as the reader does.
    """
    gaps: list[str] = []
    grants: _Grants | None = {}
    if entitlements:
        grants = _if_allowed(lambda: _all_grants(reader, known, progress, workers), gaps)
    metered = _metered(grants or {}, entitlements)
    instances: Sequence[Instance] | None = ()
    if licenses or metered:
        instances = _if_allowed(reader.list_instances, gaps)
    asked = [each.slug for each in instances or () if each.license in metered]
    usage = _usage(reader, asked, progress, workers)
    addresses = [*known.resources, *(g.address for each in (grants or {}).values() for g in each)]
    unseen = set(entitlements) if grants is None else set()
    if instances is None:
        unseen = unseen.union(*metered.values())
    return Holders(
        instances=_by_license(instances or (), licenses),
        licenses=granting(addresses, entitlements),
        users=_users(usage, entitlements),
        checked=frozenset(
            [
                *(license_address(slug) for slug in licenses if instances is not None),
                *(entitlement_address(slug) for slug in entitlements if slug not in unseen),
            ]
        ),
        gap=gaps[0] if gaps else None,
        requests=(_grant_pages(grants) if entitlements and grants is not None else 0)
        + (pages(len(instances)) if instances is not None and (licenses or metered) else 0)
        + len(asked),
    )


def _if_allowed(read: Callable[[], _Result], gaps: list[str]) -> _Result | None:
    """What is read; None where the token may not or the server cannot, and `gaps` says why."""
    try:
        return read()
    except CredentialError as error:
        gaps.append(error.message)
    except ProblemError as error:
        if error.status != _NOT_FOUND:
            raise
        gaps.append(error.message)
    return None


def _all_grants(
    reader: PlanReader, known: LiveState, progress: Progress, workers: int
) -> dict[str, Sequence[LiveResource]]:
    found: dict[str, list[LiveResource]] = {slug: [] for slug in known.coverage.grants_of}
    for resource in known.resources.values():
        if resource.address.license is not None:
            found.setdefault(resource.address.license, []).append(resource)
    licenses = (
        [a for a in known.resources if a.kind is Kind.LICENSE]
        if Kind.LICENSE in known.coverage.kinds
        else [each.address for each in reader.list_kind(Kind.LICENSE)]
    )
    missing = [address.slug for address in licenses if address.slug not in found]

    def read_one(slug: str) -> Sequence[LiveResource]:
        grants = reader.list_grants(slug)
        progress.advance()
        if grants is None:
            raise IncompleteReadingError(
                f"license/{slug} disappeared while its grants were being read",
                hint="someone is changing the catalog right now: run it again",
            )
        return grants

    lists = _with_progress("Reading who grants it", missing, read_one, progress, workers)
    return {**found, **dict(zip(missing, lists, strict=True))}


def _usage(
    reader: PlanReader, instances: Sequence[str], progress: Progress, workers: int
) -> dict[str, Sequence[Usage]]:
    def read_one(slug: str) -> Sequence[Usage]:
        found = reader.list_usage(slug)
        progress.advance()
        return found or ()  # an instance that is gone by now holds nothing

    lists = _with_progress("Reading usage", instances, read_one, progress, workers)
    return dict(zip(instances, lists, strict=True))


def _with_progress(
    what: str,
    slugs: Sequence[str],
    read_one: Callable[[str], _Result],
    progress: Progress,
    workers: int,
) -> list[_Result]:
    progress.begin(what, len(slugs))
    try:
        return side_by_side(slugs, read_one, workers)
    finally:
        progress.end()


def _metered(grants: _Grants, entitlements: Collection[str]) -> dict[str, set[str]]:
    """The licenses that grant some of the entitlements as a number, and which."""
    found: dict[str, set[str]] = defaultdict(set)
    for license_slug, listed in grants.items():
        for grant in listed:
            if grant.address.slug in entitlements and _is_number(grant):
                found[license_slug].add(grant.address.slug)
    return found


def _is_number(grant: LiveResource) -> bool:
    value = grant.fields.get("value")
    return value == UNLIMITED or (isinstance(value, int | float) and not isinstance(value, bool))


def _by_license(
    instances: Iterable[Instance], licenses: Collection[str]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for instance in instances:
        if instance.license in licenses:
            found[instance.license].append(instance.slug)
    return {slug: tuple(sorted(names)) for slug, names in found.items()}


def _users(
    usage: Mapping[str, Sequence[Usage]], entitlements: Collection[str]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for instance, listed in usage.items():
        for used in listed:
            if used.entitlement in entitlements and used.reports > 0:
                found[used.entitlement].append(instance)
    return {slug: tuple(sorted(names)) for slug, names in found.items()}


def _grant_pages(grants: _Grants) -> int:
    """Requests for the list of licenses and for the grants of each."""
    return pages(len(grants)) + sum(pages(len(listed)) for listed in grants.values())
