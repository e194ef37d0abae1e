"""Versions of a family: made in order, served on purpose, replaced before they are retired."""

from __future__ import annotations

import pytest
from tests.fakes.catalog import live
from tests.support.values import declared, desired, live_state, proposal, sentences

from kaiten_sync.model.change import Action
from kaiten_sync.model.plan import Left, Plan
from kaiten_sync.model.resource import LiveResource, Resource
from kaiten_sync.model.settings import Policy, Prune
from kaiten_sync.model.source import SourceRef


def version(slug: str, number: int | None = None, **fields: object) -> Resource:
    if number is not None:
        fields["version"] = str(number)
    family = {} if slug == "growth" else {"familySlug": "growth"}
    return declared(f"license/{slug}", name="G", type="PAID", **family, **fields)


def at(resource: Resource, file: str, line: int) -> Resource:
    return resource.changed(source=SourceRef(file, line, 1))


def found(slug: str, number: int, state: str = "PUBLISHED", **fields: object) -> LiveResource:
    family = {"familySlug": "growth"}
    fields = {"name": "G", "type": "PAID", "version": str(number), **family, **fields}
    return live(f"license/{slug}", lifecycleState=state, **fields)


def creates(plan: Plan) -> list[str]:
    return [c.address.slug for c in plan.changes if c.action == Action.CREATE]


def waits(plan: Plan, change_id: str) -> set[str]:
    (found,) = [change for change in plan.changes if change.id == change_id]
    return set(found.depends_on)


# Order


def test_versions_are_created_one_after_the_other_by_number() -> None:
    wanted = desired(version("growth-v10", 3), version("growth-v2", 2), version("growth"))
    plan = proposal(wanted, live_state()).plan
    assert creates(plan) == ["growth", "growth-v2", "growth-v10"]
    assert "create:license/growth-v2" in waits(plan, "create:license/growth-v10")
    assert "create:license/growth" in waits(plan, "create:license/growth-v2")


def test_without_numbers_versions_are_created_as_they_are_declared() -> None:
    wanted = desired(version("growth"), version("zeta"), version("alpha"))
    assert creates(proposal(wanted, live_state()).plan) == ["growth", "zeta", "alpha"]


def test_files_count_as_a_person_counts() -> None:
    wanted = desired(
        at(version("b"), "growth/v10.yaml", 3),
        at(version("c"), "growth/v2.yaml", 3),
        at(version("growth"), "growth/z.yaml", 3),
    )
    assert creates(proposal(wanted, live_state()).plan) == ["growth", "c", "b"]


def test_a_version_without_a_number_follows_the_one_before_it() -> None:
    wanted = desired(version("growth"), version("c", 3), version("d"), version("b", 2))
    assert creates(proposal(wanted, live_state()).plan) == ["growth", "b", "c", "d"]


@pytest.mark.parametrize(
    ("known", "number", "says"),
    [
        ([], 5, "the server will number it 2, not 5"),
        ([found("growth", 1), found("growth-v2", 2)], 2, "number it at least 3, not 2"),
    ],
)
def test_a_number_that_the_server_does_not_give_is_refused(
    known: list[LiveResource], number: int, says: str
) -> None:
    wanted = desired(version("growth"), version("growth-new", number))
    (finding,) = sentences(proposal(wanted, live_state(*known)).refusals)
    assert says in finding
    assert "declare that number, or none" in finding


def test_a_wrong_number_is_explained_with_a_way_out() -> None:
    wanted = desired(version("growth-v4", 4))
    (finding,) = sentences(proposal(wanted, live_state(found("growth-v4", 5))).refusals)
    assert "version cannot go from 5 to 4" in finding
    assert "remove `version` or declare the one that it has" in finding
    assert "`isDefault: true`" in finding


def test_a_family_without_a_default_says_which_version_it_serves() -> None:
    wanted = desired(version("growth"), version("b"), version("c", lifecycleState="DRAFT"))
    (warning,) = proposal(wanted, live_state()).plan.warnings
    assert warning == (
        "the family growth has 2 published versions and no default, and serves the highest,"
        " license/b; declare `isDefault: true` on the one to sell"
    )


def test_a_family_with_a_default_needs_no_warning() -> None:
    wanted = desired(version("growth", isDefault=True), version("b"))
    assert proposal(wanted, live_state()).plan.warnings == ()


def test_a_refused_plan_says_nothing_of_what_it_would_serve() -> None:
    wanted = desired(version("b", 3), version("c", 2))
    made = proposal(wanted, live_state(found("b", 2), found("c", 3)))
    assert len(made.refusals) == 2
    assert made.plan.warnings == ()


def test_a_default_that_another_version_takes_does_not_stay() -> None:
    wanted = desired(version("growth"), version("b", isDefault=True))
    growth = found("growth", 1, isDefault=True, description="d")
    for stays in ({}, {"description": "d"}):
        gone = Left(
            address=growth.address, fields={"isDefault": True, **stays}, reason="no longer declared"
        )
        left = proposal(wanted, live_state(growth), let_go=[gone]).plan.left
        assert [dict(each.fields) for each in left] == ([stays] if stays else [])


# The successor first


def test_a_new_default_is_in_place_before_the_old_one_is_cleared() -> None:
    wanted = desired(version("growth", isDefault=False), version("b", isDefault=True))
    plan = proposal(wanted, live_state(found("growth", 1, isDefault=True))).plan
    assert "make-default:license/b" in waits(plan, "clear-default:license/growth")
    assert "publish:license/b" in waits(plan, "clear-default:license/growth")


@pytest.mark.parametrize("state", [None, "DRAFT", "ARCHIVED"])
def test_a_version_is_archived_after_its_successor_is_sold(state: str | None) -> None:
    known = [found("growth", 1, isDefault=True)]
    if state is not None:
        known.append(found("b", 2, state))
    wanted = desired(
        version("growth", lifecycleState="ARCHIVED"),
        version("b", lifecycleState="PUBLISHED", isDefault=True),
    )
    made = proposal(wanted, live_state(*known))
    assert made.refusals == ()
    needed = waits(made.plan, "archive:license/growth")
    assert "make-default:license/b" in needed
    assert {"publish:license/b", "unarchive:license/b"} & needed


def test_a_version_is_deleted_with_its_grants_after_its_successor_is_sold() -> None:
    known = live_state(
        live("entitlement/e", name="E", type="NUMBER"),
        found("growth", 1),
        found("old", 2, isDefault=True),
        live("license/old/grant/e", value=1),
    )
    wanted = desired(
        declared("entitlement/e", name="E", type="NUMBER"),
        version("growth"),
        version("new", isDefault=True),
    )
    plan = proposal(wanted, known, Policy(prune=Prune.ALL)).plan
    for change_id in ("delete:license/old", "delete:license/old/grant/e"):
        assert {"publish:license/new", "make-default:license/new"} <= waits(plan, change_id)


# What the server refuses


@pytest.mark.parametrize("state", ["DRAFT", "ARCHIVED"])
def test_only_a_published_version_can_become_the_default(state: str) -> None:
    wanted = desired(version("growth", isDefault=True))
    (finding,) = sentences(proposal(wanted, live_state(found("growth", 1, state))).refusals)
    assert finding.startswith("license/growth: only a published version can be the default")
    wanted = desired(version("growth", isDefault=True, lifecycleState="PUBLISHED"))
    assert proposal(wanted, live_state(found("growth", 1, state))).refusals == ()


def test_a_family_that_lost_its_first_version_is_not_opened_again() -> None:
    wanted = desired(version("growth"), version("growth-v2"))
    (finding,) = sentences(proposal(wanted, live_state(found("growth-v2", 2))).refusals)
    assert finding.startswith("license/growth: the family growth is there already")
    assert "under another slug with `familySlug: growth`" in finding


def test_a_family_without_a_name_is_known_by_its_versions_or_by_the_list_of_families() -> None:
    second = found("growth-v2", 2)
    unnamed = second.changed(fields={**second.fields, "familySlug": None})
    listed = found("spring", 2).changed(family_slug="growth")
    listed = listed.changed(fields={**listed.fields, "familySlug": None})
    for each in (unnamed, listed):
        (finding,) = sentences(proposal(desired(version("growth")), live_state(each)).refusals)
        assert finding.startswith("license/growth: the family growth is there already")
    assert proposal(desired(version("grow")), live_state(unnamed)).refusals == ()


def test_a_family_that_nothing_opens_cannot_be_joined() -> None:
    (finding,) = sentences(proposal(desired(version("growth-v2")), live_state()).refusals)
    assert finding.startswith("license/growth-v2: there is no family growth to join")


def test_a_family_whose_slug_nothing_shows_may_be_joined() -> None:
    second = found("other-v2", 2)
    unnamed = second.changed(fields={**second.fields, "familySlug": None})
    assert proposal(desired(version("growth-v2")), live_state(unnamed)).refusals == ()
