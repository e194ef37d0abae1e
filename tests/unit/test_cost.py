"""What a catalog costs, counted in calls, bytes and modules: no clock, so the same on any machine.

A limit is a third above what was counted when it was set. Whoever has to raise one says why.
"""

from __future__ import annotations

import cProfile
import gc
import subprocess
import sys
import tracemalloc
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.curve import catalog_yaml
from tests.fakes.catalog import FakeCatalog

from kaiten_sync.api.wire import decode_object
from kaiten_sync.apply.freshness import Expectations, already_done
from kaiten_sync.apply.observe import Found
from kaiten_sync.cli.outcomes import OutcomeLines
from kaiten_sync.diff import diff_catalog
from kaiten_sync.disk import Disk
from kaiten_sync.errors import StalePlanError
from kaiten_sync.jobs.overwriting import Output, check_replaces
from kaiten_sync.jobs.validating import validate_all
from kaiten_sync.model.plan import Plan, TargetRef
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
from kaiten_sync.plan import read_plan, recorded, seal, write_plan
from kaiten_sync.plan.plan_file import plan_pieces
from kaiten_sync.report.plan_text import plan_texts

SIZES = (1000, 2000, 4000)
TARGET = TargetRef("local", "http://127.0.0.1:1")
CALLS_PER_GRANT = {"validate": 66, "compare": 16, "propose": 110, "decode": 76, "refuse": 117}
BYTES_PER_GRANT = {
    "load": 400,
    "plan": 890,
    "print": 30,
    "seal": 230,
    "write": 230,
    "read": 1_150,
    "replace": 1_100,
    "follow": 15,
}
"""At most at one time, beside what was there before; of loading, and of what follows an apply, what
is left of it. A plan is sealed, written and printed piece by piece: its JSON as a whole takes
2,000. What grants have is not in dicts, which saves a third of the memory and takes more calls, in
no more time."""

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


def refused(plan: Plan, found: Found) -> None:
    """Look whether a stale plan is done already: somebody else made every object."""
    with pytest.raises(StalePlanError) as stale:
        already_done(plan, found)
    assert len(stale.value.diagnostics) == len(found)


def counted(job: str, folder: Path, size: int) -> int:
    (folder / f"{size}.yaml").write_text(catalog_yaml(size), encoding="utf-8")
    source = CatalogSource(root=folder, catalog=[f"{size}.yaml"])
    if job == "validate":
        return calls(lambda: validate_all(folder, None, [f"{size}.yaml"]))
    desired = load(source)
    live = as_live(desired)
    if job == "refuse":
        plan, odd = first_plan(desired), {"value": 0.5}
        found = {a: LiveResource(address=a, fields=odd) for a in desired.resources if a.parent}
        return calls(lambda: refused(plan, found))
    if job == "decode":
        items = [as_answered(each) for each in desired.resources.values() if each.address.parent]
        return calls(lambda: [decode_object("grant", each) for each in items])
    if job == "propose":
        server, inputs = FakeCatalog(), PlanInputs(target=TARGET, scope=Scope(), policy=Policy())
        return calls(
            lambda: propose_on(desired, recorded(desired), server, live, inputs, NoProgress())
        )
    return calls(lambda: diff_catalog(desired, live, Scope()))


@pytest.mark.parametrize("job", CALLS_PER_GRANT)
def test_the_cost_of_a_grant_is_bounded_and_does_not_grow(job: str, tmp_path: Path) -> None:
    counted(job, tmp_path, SIZES[0])  # what is imported or kept at the first time
    small, middle, large = (counted(job, tmp_path, size) for size in SIZES)
    first = (middle - small) / (SIZES[1] - SIZES[0])
    second = (large - middle) / (SIZES[2] - SIZES[1])
    assert first <= CALLS_PER_GRANT[job]
    assert second <= 1.05 * first, "the cost of a grant grows with the catalog"


def memory_bytes(work: Callable[[], object]) -> tuple[int, int]:
    """How much memory what something gives takes, and how much it takes itself at most."""
    tracemalloc.start()
    given = work()
    found = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del given
    return found


def first_plan(desired: DesiredState) -> Plan:
    """The plan for a server that has nothing."""
    empty = FakeCatalog()
    return make_plan(
        desired, empty, target=TARGET, scope=Scope(), policy=Policy(), progress=NoProgress()
    ).plan


def memory_of(job: str, folder: Path, size: int) -> int:
    (folder / f"{size}.yaml").write_text(catalog_yaml(size), encoding="utf-8")
    source = CatalogSource(root=folder, catalog=[f"{size}.yaml"])
    if job == "load":
        return memory_bytes(lambda: load(source))[0]
    desired = load(source)
    if job == "plan":
        return memory_bytes(lambda: first_plan(desired))[1]
    plan = first_plan(desired)
    if job == "seal":
        return memory_bytes(lambda: seal(plan))[1]
    if job == "read":
        content = write_plan(plan)
        # Now and then the interpreter enlarges its table of interned strings, which takes as much.
        return min(memory_bytes(lambda: read_plan(content))[1] for _ in range(3))
    if job == "follow":
        return memory_bytes(lambda: (Expectations(plan), OutcomeLines(plan)))[0]
    if job == "replace":
        before = folder / f"{size}.plan.json"
        before.write_bytes(write_plan(plan))
        return memory_bytes(lambda: check_replaces(str(before), Disk(), Output.PLAN))[1]
    pieces = plan_pieces(plan) if job == "write" else plan_texts(plan, color=False, width=100)
    return memory_bytes(lambda: deque(pieces, maxlen=0))[1]


@pytest.mark.parametrize("job", BYTES_PER_GRANT)
def test_the_memory_of_a_grant_is_bounded(job: str, tmp_path: Path) -> None:
    memory_of(job, tmp_path, SIZES[0])  # what is imported or kept at the first time
    small, large = (memory_of(job, tmp_path, size) for size in (SIZES[0], SIZES[2]))
    assert large - small <= (SIZES[2] - SIZES[0]) * BYTES_PER_GRANT[job]


def test_what_was_read_is_gone_at_once(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text(catalog_yaml(1000), encoding="utf-8")
    gc.collect()
    gc.disable()  # as good as that for a whole run, since it looks through a catalog rarely
    try:
        load(CatalogSource(root=tmp_path, catalog=["catalog.yaml"]))
        assert gc.collect() < 100
    finally:
        gc.enable()


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
