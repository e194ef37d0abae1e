"""What a catalog costs, counted in calls of functions: no clock, so it is the same on any machine.

A limit is a third above what was counted when it was set. Whoever has to raise one says why.
"""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.curve import catalog_yaml

from kaiten_sync.diff import diff_catalog
from kaiten_sync.model.resource import Coverage, DesiredState, LiveResource, LiveState
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import CatalogSource, load, validate

SIZES = (1000, 2000, 4000)
CALLS_PER_GRANT = {"validate": 150, "compare": 55}


def calls(work: Callable[[], object]) -> int:
    """How many functions are called while something is done, those in C included."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return sum(entry.callcount for entry in profile.getstats())


def as_live(desired: DesiredState) -> LiveState:
    """A server that has exactly what is declared."""
    return LiveState(
        resources={
            address: LiveResource(address=address, fields=resource.fields, id=str(address))
            for address, resource in desired.resources.items()
        },
        coverage=Coverage(kinds=frozenset(), lists=desired.owns),
    )


def counted(job: str, folder: Path, size: int) -> int:
    (folder / f"{size}.yaml").write_text(catalog_yaml(size), encoding="utf-8")
    source = CatalogSource(root=folder, catalog=[f"{size}.yaml"])
    if job == "validate":
        return calls(lambda: validate(source))
    desired = load(source)
    live = as_live(desired)
    return calls(lambda: diff_catalog(desired, live, Scope()))


@pytest.mark.parametrize("job", CALLS_PER_GRANT)
def test_the_cost_of_a_grant_is_bounded_and_does_not_grow(job: str, tmp_path: Path) -> None:
    counted(job, tmp_path, SIZES[0])  # what is imported or kept at the first time
    small, middle, large = (counted(job, tmp_path, size) for size in SIZES)
    first = (middle - small) / (SIZES[1] - SIZES[0])
    second = (large - middle) / (SIZES[2] - SIZES[1])
    assert first <= CALLS_PER_GRANT[job]
    assert second <= 1.05 * first, "the cost of a grant grows with the catalog"
