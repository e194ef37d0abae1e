"""What somebody changes on the server between plan and apply: stale before the first write."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.selling import CATALOG, LOWERED, Seller

HEAD = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
licenses:
"""


class Case(NamedTuple):
    """Declarations before and after, what somebody does in between, and why that is refused."""

    before: str
    after: str
    edit: Callable[[httpx.Client], httpx.Response]
    said: str


def license_of(**fields: str) -> str:
    shown = "".join(f"{name}: {value}, " for name, value in fields.items())
    return f"  pro: {{name: Pro, type: PAID, {shown}entitlements: {{seats: 3}}}}\n"


def put(api: httpx.Client, **fields: object) -> httpx.Response:
    body = {"name": "Pro", "description": "", "type": "PAID", "isDefault": False, **fields}
    return api.put("/licenses/pro", json=body)


CASES = {
    "the default before it is archived": Case(
        license_of(lifecycleState="PUBLISHED"),
        license_of(lifecycleState="ARCHIVED"),
        lambda api: put(api, isDefault=True),
        "license/pro: isDefault was false when the plan was made, now it is true",
    ),
    "archived before it is made the default": Case(
        license_of(lifecycleState="PUBLISHED"),
        license_of(isDefault="true"),
        lambda api: api.post("/licenses/pro/archive"),
        "license/pro: lifecycleState was PUBLISHED when the plan was made, now it is ARCHIVED",
    ),
}


NUMBERED = "  pro-v2: {name: Pro, type: PAID, familySlug: pro, version: '2'}\n"


def take_the_number(api: httpx.Client) -> None:
    body = {"name": "Theirs", "description": "", "type": "PAID", "isDefault": False}
    made = api.post("/licenses", json={**body, "slug": "theirs", "familySlug": "pro"})
    assert made.json()["version"] == "2"


def delete_the_family(api: httpx.Client) -> None:
    assert api.delete("/licenses/pro/entitlements/seats").is_success
    assert api.delete("/licenses/pro").is_success


@pytest.mark.parametrize(
    ("after", "edit", "said"),
    [
        (
            license_of() + NUMBERED,
            take_the_number,
            "it was to be version 2, and license/theirs is 2",
        ),
        (
            NUMBERED.replace(", version: '2'", ""),
            delete_the_family,
            "there was a family pro when the plan was made, now there is none",
        ),
    ],
    ids=["the number is taken", "the family is gone"],
)
def test_a_version_rests_on_its_family(
    place: Workplace,
    api: httpx.Client,
    after: str,
    edit: Callable[[httpx.Client], None],
    said: str,
) -> None:
    place.write("catalog.yaml", HEAD + license_of())
    assert place.run("plan", "-f", "catalog.yaml", "-o", "a.plan.json").code == 0
    assert place.run("apply", "a.plan.json").code == 0
    place.write("catalog.yaml", (HEAD + after).replace("Seats", "Places"))
    made = place.run("plan", "-f", "catalog.yaml", "-o", "b.plan.json", "--previous", "none")
    assert made.code == 0, made.stderr
    edit(api)
    refused = place.run("apply", "b.plan.json")
    assert refused.code == 4, refused.stdout
    assert f"license/pro-v2: {said}" in refused.stderr
    assert api.get("/entitlements/seats").json()["name"] == "Seats"


def test_a_version_with_a_number_takes_as_many_requests_as_the_plan_says(place: Workplace) -> None:
    place.write("catalog.yaml", HEAD + license_of())
    assert place.run("plan", "-f", "catalog.yaml", "-o", "a.plan.json").code == 0
    assert place.run("apply", "a.plan.json").code == 0
    place.write("catalog.yaml", HEAD + license_of() + NUMBERED)
    assert place.run("plan", "-f", "catalog.yaml", "-o", "a.plan.json").code == 0
    done = place.run("apply", "a.plan.json", "--format", "json")
    assert done.code == 0
    assert (
        done.json["requests"]
        == place.run("show", "a.plan.json", "--format", "json").json["requests"]
    )
    assert place.run("apply", "a.plan.json").code == 0


@pytest.mark.parametrize("name", CASES)
def test_what_a_move_needs_is_looked_at_before_the_first_write(
    place: Workplace, api: httpx.Client, name: str
) -> None:
    case = CASES[name]
    place.write("catalog.yaml", HEAD + case.before)
    assert place.run("plan", "-f", "catalog.yaml", "-o", "a.plan.json").code == 0
    assert place.run("apply", "a.plan.json").code == 0
    # Something else that would be written first.
    place.write("catalog.yaml", (HEAD + case.after).replace("Seats", "Places"))
    assert place.run("plan", "-f", "catalog.yaml", "-o", "a.plan.json").code == 0
    assert case.edit(api).is_success
    refused = place.run("apply", "a.plan.json")
    assert refused.code == 4, refused.stdout
    assert case.said in refused.stderr
    assert api.get("/entitlements/seats").json()["name"] == "Seats"


GONE = CATALOG[: CATALOG.index("families:")]


def make_another(shop: Seller, state: str) -> None:
    body = {"name": "Theirs", "description": "", "type": "PAID", "isDefault": False}
    where = {"slug": "theirs", "familySlug": "growth", "lifecycleState": state}
    assert shop.api.post("/licenses", json={**body, **where}).status_code == 201


def remove(shop: Seller, *versions: str) -> None:
    for version in versions:
        for each in shop.grants(version):
            assert shop.api.delete(f"/licenses/{version}/entitlements/{each}").is_success
        assert shop.api.delete(f"/licenses/{version}").is_success


@pytest.mark.parametrize("state", ["DRAFT", "PUBLISHED"])
@pytest.mark.parametrize("done", [(), ("growth",), ("growth-v2",)], ids=str)
def test_a_family_leaves_git_with_all_of_its_versions(
    sold: Seller, state: str, done: tuple[str, ...]
) -> None:
    sold.hold("growth", "acme")
    sold.sell(LOWERED)
    sold.release("acme")
    planned = sold.plan(GONE)
    assert sold.choice["way"] == "delete"
    assert "family/growth: deleted with all of its versions: no longer declared" in planned.stdout
    remove(sold, *done)  # as an apply that was stopped
    make_another(sold, state)
    refused = sold.apply(code=4)
    there = "family/growth: it has the version theirs now, which the plan did not see"
    assert there in refused.stderr
    assert "theirs" in sold.versions()

    # Made again, it deletes that one as well.
    sold.plan(GONE)
    taken = sold.apply()
    assert sold.versions() == {}
    assert f"{sold.planned['requests']} requests" in taken.stdout


def test_a_family_that_is_made_again_after_it_was_deleted_is_another_one(sold: Seller) -> None:
    sold.plan(GONE.replace("Seats", "Places"))
    remove(sold, "growth")
    body = {"name": "Theirs", "description": "", "type": "PAID", "isDefault": False}
    assert sold.api.post("/licenses", json={**body, "slug": "theirs"}).status_code == 201
    sold.apply()
    assert sold.versions().keys() == {"theirs"}
