"""What a catalog costs, counted in calls, bytes and modules: no clock, so the same on any machine.

A limit is a third above what was counted when it was set. Whoever has to raise one says why.
"""

from __future__ import annotations

import cProfile
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.curve import catalog_yaml
from tests.fakes.catalog import FakeCatalog

from kaiten_sync.api.wire import decode_object
from kaiten_sync.diff import diff_catalog
from kaiten_sync.jobs.validating import validate_all
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import (
    Coverage,
    DesiredState,
    LiveResource,
    LiveState,
    Resource,
)
from kaiten_sync.model.settings import Policy, Scope
from kaiten_sync.pipeline import CatalogSource, PlanInputs, load, make_plan, propose_on
from kaiten_sync.plan import seal

SIZES = (1000, 2000, 4000)
TARGET = TargetRef("local", "http://127.0.0.1:1")
CALLS_PER_GRANT = {"validate": 66, "compare": 12, "propose": 69, "decode": 76}
SEAL_BYTES_PER_CHANGE = 1_100
"""The documents of the changes, and not their JSON: that of all together takes twice as much."""

LATER_STAGES = ("api", "apply", "diff", "families", "live", "pipeline", "plan")


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


def as_answered(grant: Resource) -> dict[str, object]:
    """A grant as the API returns it. Source: API facts, section 2.5."""
    parent = grant.address.parent
    assert parent is not None
    return {
        "licenseId": str(parent),
        "licenseSlug": parent.slug,
        "entitlementSlug": grant.address.slug,
        "value": {"type": "number", "value": grant.fields["value"]},
        "limitCapExceededOveragePercent": 0,
    }


def counted(job: str, folder: Path, size: int) -> int:
    (folder / f"{size}.yaml").write_text(catalog_yaml(size), encoding="utf-8")
    source = CatalogSource(root=folder, catalog=[f"{size}.yaml"])
    if job == "validate":
        return calls(lambda: validate_all(folder, None, [f"{size}.yaml"]))
    desired = load(source)
    live = as_live(desired)
    if job == "decode":
        items = [as_answered(each) for each in desired.resources.values() if each.address.parent]
        return calls(lambda: [decode_object("grant", each) for each in items])
    if job == "propose":
        server, inputs = FakeCatalog(), PlanInputs(target=TARGET, scope=Scope(), policy=Policy())
        return calls(lambda: propose_on(desired, server, live, inputs, NoProgress()))
    return calls(lambda: diff_catalog(desired, live, Scope()))


@pytest.mark.parametrize("job", CALLS_PER_GRANT)
def test_the_cost_of_a_grant_is_bounded_and_does_not_grow(job: str, tmp_path: Path) -> None:
    counted(job, tmp_path, SIZES[0])  # what is imported or kept at the first time
    small, middle, large = (counted(job, tmp_path, size) for size in SIZES)
    first = (middle - small) / (SIZES[1] - SIZES[0])
    second = (large - middle) / (SIZES[2] - SIZES[1])
    assert first <= CALLS_PER_GRANT[job]
    assert second <= 1.05 * first, "the cost of a grant grows with the catalog"


def test_sealing_a_plan_takes_less_memory_than_its_json(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text(catalog_yaml(1000), encoding="utf-8")
    desired = load(CatalogSource(root=tmp_path, catalog=["catalog.yaml"]))
    empty = FakeCatalog()
    made = make_plan(
        desired, empty, target=TARGET, scope=Scope(), policy=Policy(), progress=NoProgress()
    )
    tracemalloc.start()
    assert seal(made.plan) == made.plan
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / len(made.plan.changes) <= SEAL_BYTES_PER_CHANGE


def test_planning_loads_no_library_that_a_plain_plan_does_not_need() -> None:
    code = "import sys, kaiten_sync.jobs.planning, kaiten_sync.bootstrap; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {*done.stdout.split()} & {"deepdiff", "jinja2", "jsonschema"} == set()


def test_validating_loads_no_later_stage() -> None:
    code = "import sys, kaiten_sync.jobs.validating; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in done.stdout.split() if name.startswith("kaiten_sync.")}
    assert loaded & {*LATER_STAGES} == set()
    assert "declare" in loaded
