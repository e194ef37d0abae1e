"""What is wrong with a plan: its rule, its object, its place in the declaration, the way out."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.support.published import sarif_validator
from tests.support.values import address, declared, desired, live_state, proposal

from kaiten_sync.errors import KaitenSyncError, RefusedError, StalePlanError
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.rules import RULES
from kaiten_sync.model.settings import Limit, Policy, Prune
from kaiten_sync.model.source import SourceRef
from kaiten_sync.pipeline import apply_plan
from kaiten_sync.plan.build import Proposal
from kaiten_sync.plan.plan_file import write_plan
from kaiten_sync.report.failure import failure_json, failure_text
from kaiten_sync.report.formats import PROPOSAL
from kaiten_sync.report.notice import notice_of
from kaiten_sync.report.views import Look, PlanView

SOURCE = Path(__file__).parents[3] / "src" / "kaiten_sync"
ALL = Policy(prune=Prune.ALL)
CALLS = declared("entitlement/calls", name="Calls", type="NUMBER")
GROWTH = declared("license/growth", name="Growth")
FOUND = live_state(
    live("entitlement/calls", name="Calls", type="NUMBER"),
    live("license/growth", name="Growth", lifecycleState="PUBLISHED"),
    live("license/growth/grant/calls", value=10),
)
TIGHTENED = desired(CALLS, GROWTH, declared("license/growth/grant/calls", value=5))


def protecting(wanted: DesiredState, *texts: str) -> DesiredState:
    return wanted.changed(protected=frozenset(address(text) for text in texts))


def refused(made: Proposal) -> tuple[str, str | None, bool]:
    """The rule, the object and whether the place is known, of the only refusal."""
    (found,) = made.refusals
    assert found.severity is Severity.ERROR
    return found.rule, found.address, found.ref is not None


def test_a_refusal_names_rule_object_place_and_way_out() -> None:
    (found,) = proposal(protecting(TIGHTENED, "license/growth"), FOUND).refusals
    assert found == Diagnostic(
        rule="protected",
        message="license/growth/grant/calls is protected and would be tightened",
        ref=TIGHTENED.resources[address("license/growth/grant/calls")].source,
        address="license/growth/grant/calls",
        hint="lift `protect` in git first, or pass --allow license/growth/grant/calls",
    )
    assert found.sentence == f"{found.message}; {found.hint}"


@pytest.mark.parametrize(
    ("wanted", "found", "policy", "expected"),
    [
        (
            desired(declared("entitlement/e", name="E", type="CONFIG")),
            live_state(live("entitlement/e", name="E", type="NUMBER")),
            Policy(),
            ("fixed-field", "entitlement/e", True),
        ),
        (
            desired(declared("license/l/grant/e", value=1)),
            live_state(live("license/l", name="L")),
            Policy(),
            ("missing-reference", "license/l/grant/e", True),
        ),
        (
            desired(declared("license/l/grant/e", value=True)),
            live_state(live("license/l", name="L"), live("entitlement/e", type="NUMBER")),
            Policy(),
            ("misfit", "license/l/grant/e", True),
        ),
        (
            desired(declared("license/l", lifecycleState="ARCHIVED")),
            live_state(live("license/l", lifecycleState="PUBLISHED", isDefault=True)),
            Policy(),
            ("refused-by-server", "license/l", True),
        ),
        (
            desired(declared("license/l-v2", name="L", familySlug="l")),
            live_state(),
            Policy(),
            ("unknown-family", "license/l-v2", True),
        ),
        (
            protecting(desired(), "entitlement/calls"),
            live_state(live("entitlement/calls", name="Calls", type="NUMBER")),
            ALL,
            ("protected", "entitlement/calls", False),
        ),
        (
            desired(),
            live_state(live("group/g", name="G")),
            ALL.changed(max_deletes=Limit(count=0)),
            ("too-many-deletes", None, False),
        ),
        (
            desired(declared("group/g", name="H")),
            live_state(live("group/g", name="G")),
            Policy(max_updates=Limit(count=0)),
            ("too-many-updates", None, False),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_each_guard_names_its_rule_and_its_object(
    wanted: DesiredState,
    found: LiveState,
    policy: Policy,
    expected: tuple[str, str | None, bool],
) -> None:
    assert refused(proposal(wanted, found, policy)) == expected


def test_a_holder_is_a_rule_of_its_own() -> None:
    growth = address("license/growth")
    holders = Holders(instances={growth: ("acme",)}, checked=frozenset({growth}))
    made = proposal(desired(CALLS), FOUND, ALL, holders=holders)
    assert refused(made) == ("still-held", "license/growth", False)


def test_a_warning_is_a_line_of_the_plan_and_has_a_place() -> None:
    drafted = live_state(live("license/growth", name="Growth", lifecycleState="DRAFT"))
    made = proposal(desired(GROWTH), drafted)
    (warning,) = made.diagnostics
    assert (warning.rule, warning.severity) == ("forgotten-draft", Severity.WARNING)
    assert warning.ref == GROWTH.source
    assert made.plan.warnings == (warning.sentence,)
    assert made.refusals == made.notes == ()


def stopped(made: Proposal, catalog: FakeCatalog, error: type[RefusedError]) -> KaitenSyncError:
    with pytest.raises(error) as caught:
        apply_plan(made.plan, catalog, progress=NoProgress(), is_stopped=lambda: False)
    assert catalog.writes == []
    return caught.value


def test_apply_names_what_changed_by_rule_and_place() -> None:
    catalog = FakeCatalog(*FOUND.resources.values())
    grant = address("license/growth/grant/calls")
    catalog.objects[grant] = catalog.objects[grant].changed(fields={"value": 7})
    error = stopped(proposal(TIGHTENED, FOUND), catalog, StalePlanError)
    document: dict[str, Any] = failure_json(error, 4)
    (line,), (found,) = document["findings"], document["diagnostics"]
    place = TIGHTENED.resources[grant].source
    assert line == f"{grant}: value was 10 when the plan was made, now it is 7"
    assert (found["rule"], found["address"]) == ("changed-since-plan", str(grant))
    assert (found["file"], found["line"], found["column"]) == (
        place.file,
        place.line,
        place.column,
    )
    assert f"  - {line} ({place})\n" in failure_text(error, Look())


def test_a_refused_plan_shows_the_places_in_each_format() -> None:
    place = SourceRef("catalog/growth.yaml", 14, 3)
    grant = TIGHTENED.resources[address("license/growth/grant/calls")].changed(source=place)
    wanted = TIGHTENED.changed(resources={**TIGHTENED.resources, grant.address: grant})
    made = proposal(protecting(wanted, "license/growth"), FOUND)
    notices = [notice_of(RefusedError("the plan is refused", made.refusals))]
    view = PlanView(plan=made.plan, write=write_plan, diagnostics=made.diagnostics, notices=notices)
    shown = {name: render(view, Look()) for name, render in PROPOSAL.items()}
    assert shown["github"].startswith(
        "::error file=catalog/growth.yaml,line=14,col=3,title=protected::license/growth/grant/calls"
    )
    log = json.loads(shown["sarif"])
    assert list(sarif_validator().iter_errors(log)) == []
    (result,) = log["runs"][0]["results"]
    located = result["locations"][0]["physicalLocation"]
    assert located["artifactLocation"]["uri"] == "catalog/growth.yaml"
    assert located["region"] == {"startLine": 14, "startColumn": 3}
    for name in ("markdown", "html"):
        assert "(catalog/growth.yaml:14:3)" in shown[name], name
    assert "growth.yaml:14:3" not in PROPOSAL["html"](view.changed(notices=()), Look())


def nodes() -> Iterator[ast.AST]:
    """The syntax of all modules but the table of the rules itself."""
    for path in sorted(SOURCE.rglob("*.py")):
        if path.name != "rules.py":
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_every_rule_is_known_and_every_known_rule_is_used() -> None:
    texts = {each.value for each in nodes() if isinstance(each, ast.Constant)}
    made = {
        each.value.value
        for each in nodes()
        if isinstance(each, ast.keyword) and each.arg == "rule"
        if isinstance(each.value, ast.Constant)
    }
    assert len(made) > 30
    assert made <= RULES.keys()
    put_together = {"too-many-deletes", "too-many-updates"}
    assert RULES.keys() - put_together <= texts
