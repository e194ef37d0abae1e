"""A drift report for the terminal."""

from __future__ import annotations

from hypothesis import given
from tests.unit.report.strategies import LEAN, drift_reports, without_isolates

from kaiten_sync.model.drift import DriftClass, DriftReport, Verdict
from kaiten_sync.report.drift_text import drift_text


def test_each_difference_says_what_where_and_who(drift: DriftReport) -> None:
    kept = [d for d in drift.differences if d.address.slug in ("quotas", "api-calls", "old")]
    report = drift.changed(differences=tuple(kept))
    assert (
        drift_text([report], color=False)
        == """\
Drift of prod at https://kaiten.example.com

  - missing    group/quotas                    catalog.yaml:1
        name: Quotas
        plan:   kaiten-sync plan -o plans/prod.plan.json
        adopt:  kaiten-sync adopt group/quotas
        revert: kaiten-sync drift group/quotas --revert -o prod.revert.plan.json
  ~ changed    entitlement/api-calls           catalog.yaml:1
        name: live API calls, git API Calls
        last edited on the server by ann@example.com at 2025-11-20T10:00:00Z
        adopt:  kaiten-sync adopt entitlement/api-calls
        revert: kaiten-sync drift entitlement/api-calls --revert -o prod.revert.plan.json
  ? unmanaged  license/old
        last edited on the server by ann@example.com at 2025-11-20T10:00:00Z
        adopt:  kaiten-sync adopt license/old
  ~ changed    license/growth/grant/api-calls  catalog.yaml:1
        value: live 1,000, git 500
        last edited on the server by ann@example.com at 2025-11-20T10:00:00Z
        adopt:  kaiten-sync adopt license/growth/grant/api-calls
        revert: kaiten-sync drift license/growth/grant/api-calls --revert -o prod.revert.plan.json
  - missing    license/pro/grant/api-calls     catalog.yaml:1
        value: unlimited
        plan:   kaiten-sync plan -o plans/prod.plan.json
        adopt:  kaiten-sync adopt license/pro/grant/api-calls
        revert: kaiten-sync drift license/pro/grant/api-calls --revert -o prod.revert.plan.json

Drift: 2 missing, 2 changed. 1 not managed. 8 objects compared.
"""
    )


def test_no_drift_is_one_line(drift: DriftReport) -> None:
    assert (
        drift_text([drift.changed(differences=())], color=False)
        == "No drift. prod matches the declaration (8 objects compared).\n"
    )


def test_what_is_not_managed_is_listed_and_is_no_drift(drift: DriftReport) -> None:
    unmanaged = tuple(d for d in drift.differences if d.drift is DriftClass.UNMANAGED)
    text = drift_text([drift.changed(differences=unmanaged)], color=False)
    assert "? unmanaged  license/old\n" in text
    assert text.endswith(
        "\nNo drift. prod matches the declaration (8 objects compared, 1 not managed).\n"
    )


def test_three_sides_that_are_known_are_all_shown(drift: DriftReport) -> None:
    changed = next(d for d in drift.differences if str(d.address) == "entitlement/api-calls")
    changed = changed.changed(moved=Verdict.CONFLICT, agreed={"name": "Calls"})
    changed = changed.changed(server_edited=("name",))
    text = drift_text([drift.changed(differences=(changed,))], color=False)
    assert "        name: live API calls, git API Calls, agreed Calls\n" in text
    assert "changed: name on the server; name in git\n" in text
    narrow = drift_text([drift.changed(differences=(changed,))], color=False, width=40)
    assert "        name:\n          live   API calls\n          git    API Calls\n" in narrow


def test_what_nobody_declared_counts_where_it_is_drift(drift: DriftReport) -> None:
    unmanaged = tuple(d for d in drift.differences if d.drift is DriftClass.UNMANAGED)
    counted = tuple(d.changed(is_drift=True) for d in unmanaged)
    text = drift_text([drift.changed(differences=counted)], color=False)
    assert text.endswith("\nDrift: 1 unmanaged. 8 objects compared.\n")


@LEAN
@given(drift_reports())
def test_without_color_there_are_only_visible_characters(report: DriftReport) -> None:
    assert without_isolates(drift_text([report], color=False).replace("\n", "")).isprintable()
