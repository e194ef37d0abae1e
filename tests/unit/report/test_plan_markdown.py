"""A plan as markdown: complete where it fits, honest where it does not, inert always."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report.strategies import (
    LEAN,
    NASTY,
    drift_reports,
    plan_of,
    plans,
    without_isolates,
)

from kaiten_sync.kinds.addresses import grant_address, license_address
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect, FieldChange, InnerChange
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import DriftReport
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import Json
from kaiten_sync.plan import write_plan
from kaiten_sync.report.drift_markdown import drift_markdown
from kaiten_sync.report.formats import PLAN
from kaiten_sync.report.plan_markdown import plan_markdown
from kaiten_sync.report.views import Look, PlanView

_FENCED = re.compile(r"^(`{3,})(diff|text)\n(.*?)\n\1$", re.M | re.S)


def update(address: Address, before: Json, after: Json, effect: Effect) -> Change:
    return Change(
        address=address,
        action=Action.UPDATE,
        fields=(FieldChange(name="value", before=before, after=after, effect=effect),),
        effect=effect,
    )


def test_the_first_line_carries_the_digest(plan: Plan) -> None:
    first, *_ = plan_markdown(plan).splitlines()
    assert first == f"<!-- kaiten-sync plan {plan.digest} -->"
    forged = plan.changed(digest="--> <script>")
    assert plan_markdown(forged).startswith("<!-- kaiten-sync plan unsealed -->\n")


def test_a_small_plan_is_shown_whole_and_riskiest_first(plan: Plan) -> None:
    text = plan_markdown(plan)
    assert "| create | update | delete | publish | tightens | unchanged |" in text
    assert text.count("<details>") == text.count("</details>") == len(plan.changes) - 1
    assert "not shown" not in text
    order = ["license/old", "license/growth/grant/api-calls", "group/quotas"]
    positions = [text.index(f"<code>{address}</code>") for address in order]
    assert positions == sorted(positions)
    assert "⚠️ <b>tightens</b> — <code>value&#58; 1,000 → 500</code>" in text
    assert "```diff\n- value: 1,000\n+ value: 500\n```" in text
    assert "<p>declared at <code>catalog.yaml&#58;1</code></p>" in text
    assert "```diff\n+ value.logos[1]: 2\n- value.theme: dark\n+ value.theme: light\n```" in text


def test_nothing_to_do(nothing_to_do: Plan) -> None:
    assert "No changes." in plan_markdown(nothing_to_do)


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_an_empty_plan_that_is_refused_does_not_say_no_changes(
    nothing_to_do: Plan, name: str
) -> None:
    refusal = Diagnostic(rule="fixed-field", message="it cannot go back to DRAFT")
    view = PlanView(plan=nothing_to_do, write=lambda _: b"", diagnostics=[refusal])
    shown = PLAN[name](view, Look())
    assert "No changes" not in shown
    assert "cannot be changed as it is declared" in shown


def test_fifty_thousand_changes_fit_and_the_rest_is_counted() -> None:
    harmless = [
        update(grant_address(f"l{n}", "seats"), n, n + 1, Effect.LOOSENS) for n in range(50_000)
    ]
    harm = update(license_address("last"), "a", "b", Effect.BREAKS)
    text = plan_markdown(plan_of((*harmless, harm)))
    assert len(text) <= 60_000
    assert text.index("license/last") < text.index("license/l0/")
    shown = text.count("<b>loosens</b>") + text.count("<b>breaks</b>")
    assert shown > 200
    assert f"**{50_001 - shown:,} more changes not shown**" in text
    assert text.endswith("<code>kaiten-sync show PLAN</code> shows all.\n")


def delete(name: str, effect: Effect = Effect.NEUTRAL) -> Change:
    address = license_address(name)
    fields = (FieldChange(name="name", before=name),)
    return Change(
        address=address,
        action=Action.DELETE,
        fields=fields,
        effect=effect,
    )


def test_deletes_and_what_tightens_are_never_pushed_out() -> None:
    harmless = [
        update(grant_address(f"l{n}", "seats"), "x" * 200, "y" * 200, Effect.LOOSENS)
        for n in range(700)
    ]
    deletes = [delete(f"gone-{n}") for n in range(400)]
    tightened = [update(grant_address(f"t{n}", "seats"), 2, 1, Effect.TIGHTENS) for n in range(400)]
    plan = plan_of((*harmless, *deletes, *tightened))
    text = plan_markdown(plan)
    assert len(text) <= 60_000
    for change in (*deletes, *tightened):
        assert f"<code>{change.address}</code>" in text
    shown = sum(f"<code>{change.address}</code>" in text for change in harmless)
    left = f"{700 - shown} more changes not shown**: {700 - shown} to update; none of them"
    assert left in text


def test_harm_that_does_not_fit_is_counted() -> None:
    plan = plan_of(tuple(delete(f"gone-{n}", Effect.TIGHTENS) for n in range(9_000)))
    text = plan_markdown(plan)
    shown = text.count("<code>license/gone-")
    assert shown > 1_000
    left = f"{9_000 - shown:,}"
    assert f"**{left} more changes not shown**: {left} to delete; ⛔ {left} of them" in text


def test_huge_values_names_and_many_inner_changes_fit() -> None:
    inner = tuple(InnerChange(path="k" * 10_000 + str(n), after="v" * 1000) for n in range(5_000))
    giant = FieldChange(name="value", before={}, after={"x": "y"}, inner=inner)
    plan = plan_of(
        (
            update(license_address("n" * 10_000), "a" * 1_000_000, "b" * 1_000_000, Effect.BREAKS),
            update(license_address("config"), {}, {}, Effect.NEUTRAL).changed(fields=(giant,)),
        ),
        warnings=("w" * 10_000,) * 1_000,
    )
    text = plan_markdown(plan)
    assert len(text) < 60_000
    assert "license/config" in text
    assert "more lines" in text
    assert "and 990 more" in text


@pytest.mark.parametrize("nasty", NASTY)
def test_outside_text_stays_in_code(nasty: str) -> None:
    address = Address(LICENSE.kind, nasty or "x")
    change = update(address, nasty, nasty + "!", Effect.TIGHTENS).changed(reason=nasty)
    text = plan_markdown(plan_of((change,), warnings=(nasty,)))
    outside = re.sub(r"<code>[^<]*</code>", "", _FENCED.sub("", text))
    assert "alert" not in outside
    assert "@" not in outside
    assert "`" not in outside
    assert "javascript" not in outside
    assert set(re.findall(r"<[^>]+>", outside)) <= {
        f"<!-- kaiten-sync plan {plan_of((change,), warnings=(nasty,)).digest} -->",
        *("<h3>", "</h3>", "<details>", "</details>", "<summary>", "</summary>"),
        *("<b>", "</b>", "<p>", "</p>"),
    }


def test_a_fence_is_longer_than_the_backticks_inside() -> None:
    change = update(license_address("a"), "`````", "x", Effect.NEUTRAL)
    assert "``````diff\n- value: `````\n+ value: x\n``````" in plan_markdown(plan_of((change,)))


@LEAN
@given(plans(), st.integers(0, 3_000) | st.just(60_000))
def test_markdown_is_never_too_long_and_never_a_script(plan: Plan, max_chars: int) -> None:
    text = plan_markdown(plan, max_chars=max_chars)
    assert len(text) <= max_chars
    assert not re.search(r"<(script|img|a)\b", text, re.I)
    assert without_isolates(text.replace("\n", "").replace("\ufe0f", "")).isprintable()


@LEAN
@given(drift_reports(), st.integers(0, 3_000) | st.just(60_000))
def test_drift_markdown_keeps_the_same_promises(report: DriftReport, max_chars: int) -> None:
    text = drift_markdown([report], max_chars=max_chars)
    assert len(text) <= max_chars
    assert not re.search(r"<(script|img|a)\b", text, re.I)
    assert without_isolates(text.replace("\n", "")).isprintable()


def test_a_text_of_another_direction_is_never_cut_in_its_middle(drift: DriftReport) -> None:
    report = drift.changed(target=TargetRef("שלום", "http://127.0.0.1:6060"))
    for max_chars in range(600):
        text = drift_markdown([report], max_chars=max_chars)
        assert text.count("\u2068") == text.count("\u2069")
        assert text.count("<code>") == text.count("</code>")


def test_drift_markdown_shows_live_and_git(drift: DriftReport) -> None:
    text = drift_markdown([drift])
    assert "```diff\n- live value: 1,000\n+ git value: 500\n```" in text
    assert "<code>?</code> unmanaged <code>license/old</code>" in text
    assert "by ann&#64;example.com at 2025-11-20T10&#58;00&#58;00Z" in text
    assert "3 missing, 3 changed. 1 not managed. 8 objects compared." in text
    cut = drift_markdown([drift], max_chars=640)
    assert re.search(r"\*\*\d more differences? not shown\*\*", cut)


def test_no_drift_in_markdown(drift: DriftReport) -> None:
    assert "No drift." in drift_markdown([drift.changed(differences=())])


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_is_inherited_is_not_said_to_be_at_its_way(plan: Plan, form: str) -> None:
    source = SourceRef("a-folder-with-a-long-name/catalog.yaml", 7, 3, ("free", "basics"))
    changes = tuple(c.changed(source=source, fields=()) for c in plan.changes)
    text = PLAN[form](PlanView(plan=plan.changed(changes=changes), write=write_plan), Look())
    assert "inherited from basics through free, a-folder" in text
    assert not re.search(r"at (<code>)?inherited", text)
