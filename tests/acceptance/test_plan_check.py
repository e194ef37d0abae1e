"""`plan --check`: the committed plan is the one that catalog and server give, or why it is not."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.command import Ended
from tests.support.tenants import make

CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements: {calls: 1000, seats: 5}
"""
LESS = CATALOG.replace("  seats: {name: Seats, type: NUMBER}\n", "").replace(", seats: 5", "")
PLAN = "plans/the.plan.json"


@pytest.fixture
def planned(place: Workplace) -> Workplace:
    """A catalog with its plan, not applied."""
    place.write("catalog.yaml", CATALOG)
    plan(place)
    return place


def plan(place: Workplace, *options: str) -> None:
    done = place.run("plan", "-f", "catalog.yaml", "-o", PLAN, *options)
    assert done.code == 0, done.stderr


def check(place: Workplace, *options: str) -> Ended:
    """Check, and see that nothing is written."""
    path = place.folder / PLAN
    before = path.read_bytes() if path.exists() else None
    done = place.run("plan", "-f", "catalog.yaml", "-o", PLAN, "--check", *options)
    assert (path.read_bytes() if path.exists() else None) == before
    return done


def agree(place: Workplace) -> None:
    plan(place)
    assert place.run("apply", PLAN).code == 0


def put_threshold(place: Workplace, value: int) -> None:
    answer = httpx.put(
        f"{place.url}/api/licenses/growth/entitlements/calls",
        json={"value": {"type": "number", "value": value}},
        headers={"Authorization": f"Bearer {place.token}"},
    )
    assert answer.status_code == 204, answer.text


def test_the_plan_that_was_just_made_is_right(planned: Workplace) -> None:
    done = check(planned)
    assert (done.code, "is up to date with" in done.stderr) == (0, True), done.stderr
    assert "create" in done.stdout


def test_it_prints_the_plan_of_now_whatever_the_file_holds(planned: Workplace) -> None:
    planned.write("catalog.yaml", CATALOG.replace("1000", "2000"))
    done = check(planned, "--format", "json")
    assert done.code == 2
    plan(planned)
    printed = {key: value for key, value in done.json.items() if key != "approval"}
    assert printed == json.loads((planned.folder / PLAN).read_text(encoding="utf-8"))


def test_a_catalog_that_has_changed_since_is_named(planned: Workplace) -> None:
    planned.write("catalog.yaml", LESS.replace("1000", "2000"))
    done = check(planned)
    assert done.code == 2
    assert "it was not made from this catalog:" in done.stderr
    assert "- license/growth/grant/calls: declared differently" in done.stderr
    assert "- entitlement/seats: no longer declared" in done.stderr
    assert f"help: make it and commit it: kaiten-sync plan -f catalog.yaml -o {PLAN}" in done.stderr


def test_a_server_that_has_moved_on_is_named(planned: Workplace) -> None:
    agree(planned)
    planned.write("catalog.yaml", CATALOG.replace("1000", "2000"))
    plan(planned)
    put_threshold(planned, 7)
    done = check(planned)
    assert done.code == 2
    assert "the server has changed since:" in done.stderr
    assert "- license/growth/grant/calls: value changed on the server" in done.stderr


def test_a_plan_that_was_applied_is_not_the_plan_any_more(planned: Workplace) -> None:
    agree(planned)
    done = check(planned)
    assert done.code == 2
    assert "its changes are on the server already: it was applied:" in done.stderr
    assert "- create:license/growth: in the file, and no longer to be done" in done.stderr
    assert "the server has changed" not in done.stderr
    plan(planned)
    assert check(planned).code == 0


def test_what_others_do_after_an_apply_is_told_apart_from_it(planned: Workplace) -> None:
    agree(planned)
    put_threshold(planned, 7)
    done = check(planned)
    assert done.code == 2
    applied, _, others = done.stderr.partition("the server has changed since:")
    assert "- create:license/growth: in the file, and no longer to be done" in applied
    assert "license/growth/grant/calls" not in applied
    assert "license/growth/grant/calls" in others
    assert "- license/growth:" not in others


def test_an_applied_plan_beside_a_newer_catalog_does_not_blame_the_server(
    planned: Workplace,
) -> None:
    agree(planned)
    planned.write("catalog.yaml", CATALOG.replace("1000", "2000"))
    done = check(planned)
    assert done.code == 2
    assert "it was not made from this catalog:" in done.stderr
    assert "it was applied:" in done.stderr
    assert "the server has changed" not in done.stderr


def test_an_object_that_nobody_manages_is_said_to_have_come(planned: Workplace) -> None:
    agree(planned)
    plan(planned)
    headers = {"Authorization": f"Bearer {planned.token}"}
    with httpx.Client(base_url=f"{planned.url}/api", headers=headers) as api:
        make(api, "/entitlements", name="Theirs", slug="theirs", type="NUMBER")
    done = check(planned)
    assert done.code == 2
    assert "- objects that git does not manage: 0 then, 1 now" in done.stderr


def test_a_policy_that_has_changed_is_named(planned: Workplace) -> None:
    done = check(planned, "--max-deletes", "1")
    assert done.code == 2
    assert "- maxDeletes was 30%, now it is 1" in done.stderr


def test_what_goes_is_still_to_go_when_the_file_is_its_own_plan_before(planned: Workplace) -> None:
    agree(planned)
    planned.write("catalog.yaml", LESS)
    plan(planned)
    done = check(planned, "--format", "json")
    assert done.code == 0, done.stderr
    assert "delete:entitlement/seats" in {change["id"] for change in done.json["changes"]}


def test_what_went_by_hand_leaves_a_plan_that_can_be_made_again(place: Workplace) -> None:
    """The plan before managed a kind that git declares no more, and others have objects of it."""
    place.write("catalog.yaml", "version: 1\ngroups: {ours: {name: Ours}}\n")
    agree(place)
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as api:
        make(api, "/entitlement-groups", name="Theirs", slug="theirs")
        assert api.delete("/entitlement-groups/ours").status_code == 204
    place.write("catalog.yaml", "version: 1\nentitlements: {sso: {name: SSO, type: BOOLEAN}}\n")
    plan(place)
    done = check(place)
    assert done.code == 0, done.stderr


def test_what_a_reviewed_file_allows_is_allowed_again(planned: Workplace) -> None:
    protected = CATALOG.replace("name: Growth", "name: Growth\n    protect: true")
    planned.write("catalog.yaml", protected)
    agree(planned)
    planned.write("catalog.yaml", LESS.split("licenses:", maxsplit=1)[0])
    refused = check(planned)
    assert refused.code == 4
    assert "license/growth is protected" in refused.stderr
    plan(planned, "--allow", "license/growth")
    done = check(planned)
    assert done.code == 0, done.stderr


def test_a_plan_before_that_is_named_is_the_one_that_counts(planned: Workplace) -> None:
    agree(planned)
    planned.write("before.json", (planned.folder / PLAN).read_text(encoding="utf-8"))
    planned.write("catalog.yaml", LESS)
    plan(planned, "--previous", "none")
    assert check(planned, "--previous", "none").code == 0
    done = check(planned, "--previous", "before.json")
    assert done.code == 2
    assert "- delete:entitlement/seats: not in the file, and to be done now" in done.stderr


def test_a_plan_that_is_not_there_yet_is_a_difference(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    done = check(place)
    assert (done.code, f"there is no {PLAN} yet" in done.stderr) == (2, True)


def test_other_bytes_are_another_file(planned: Workplace) -> None:
    text = (planned.folder / PLAN).read_text(encoding="utf-8")
    planned.write(PLAN, json.dumps(json.loads(text)))
    done = check(planned)
    assert (done.code, "only its formatting differs" in done.stderr) == (2, True)


@pytest.mark.parametrize("content", ["", "{}", '{"formatVersion": 1, "digest": "sha256:0"}'])
def test_a_file_that_is_no_plan_is_refused(planned: Workplace, content: str) -> None:
    planned.write(PLAN, content)
    done = check(planned)
    assert (done.code, PLAN in done.stderr) == (4, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--check",), "--check compares with a committed plan"),
        (("--check", "-o", PLAN, "--detailed-exitcode"), "could not be told apart"),
    ],
)
def test_wrong_uses_are_explained(planned: Workplace, options: tuple[str, ...], says: str) -> None:
    done = planned.run("plan", "-f", "catalog.yaml", *options)
    assert (done.code, says in done.stderr) == (3, True)
