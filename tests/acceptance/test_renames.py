"""A slug that changes is a delete and a create: the plan says so, and who holds the old one."""

from __future__ import annotations

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.faulty import Faulty, look_at
from tests.support.scenarios import apply, plan_for
from tests.support.selling import CATALOG, Seller
from tests.support.tenants import instance_body, make

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.pipeline import CatalogSource, load

BEFORE = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements: {calls: 1000}
"""
RENAMES = {
    "license": (BEFORE.replace("  growth:", "  grown:"), "license/grown", "license/growth"),
    "entitlement": (
        BEFORE.replace("  calls: {name", "  requests: {name").replace("{calls:", "{requests:"),
        "entitlement/requests",
        "entitlement/calls",
    ),
}
OTHERS = {
    "other content": BEFORE.replace("  growth:", "  grown:").replace("1000", "1001"),
    "another name": BEFORE.replace("  growth:", "  grown:").replace("Growth", "Grown"),
    "no delete": BEFORE + BEFORE[BEFORE.index("  growth:") :].replace("growth:", "grown:"),
}


@pytest.fixture
def agreed(place: Workplace) -> Workplace:
    place.write("catalog.yaml", BEFORE)
    assert place.run("plan", "-f", "catalog.yaml", "-o", "the.plan.json").code == 0
    assert place.run("apply", "the.plan.json").code == 0
    return place


def planned(place: Workplace, text: str, output_format: str = "text", code: int = 0) -> str:
    place.write("catalog.yaml", text)
    ended = place.run(
        "plan", "-f", "catalog.yaml", "-o", "the.plan.json", "--format", output_format
    )
    assert ended.code == code, ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("kind", RENAMES)
@pytest.mark.parametrize("output_format", ["text", "json", "markdown", "html"])
def test_every_format_says_that_nothing_is_renamed(
    agreed: Workplace, kind: str, output_format: str
) -> None:
    text, new, old = RENAMES[kind]
    said = planned(agreed, text, output_format)
    assert f"{new} has the content of {old}, which is deleted" in said
    assert f"{old} has no holders" in said
    assert f"if the same object is meant, keep the slug {old.split('/')[1]}" in said


def test_the_holders_of_the_old_one_are_named(agreed: Workplace) -> None:
    headers = {"Authorization": f"Bearer {agreed.token}"}
    with httpx.Client(base_url=f"{agreed.url}/api", headers=headers) as api:
        make(api, "/instances", **instance_body(api, slug="acme-one"))
    said = planned(agreed, RENAMES["license"][0], code=4)
    assert "license/grown has the content of license/growth" in said
    assert "license/growth is held by instance/acme-one" in said
    assert "to keep it for its holders, keep the slug growth" in said


def test_a_renamed_family_is_called_one(sold: Seller) -> None:
    renamed = CATALOG.replace("  growth:", "  grown:")
    said = sold.plan(renamed).stdout
    assert "family/grown has the content of family/growth, which is deleted" in said
    assert "if the same family is meant, keep the slug growth and change its name instead" in said
    sold.sell(CATALOG, "--previous", "none")
    sold.hold("growth", "one")
    said = sold.plan(renamed, code=4).stdout
    assert "declare family/growth as well, with `sold: false`, until license/" in said


@pytest.mark.parametrize("case", OTHERS)
def test_other_pairs_are_not_taken_for_a_rename(agreed: Workplace, case: str) -> None:
    assert "has the content of" not in planned(agreed, OTHERS[case])


@pytest.mark.parametrize("published", [False, True], ids=["no state", "default"])
@pytest.mark.parametrize("kind", RENAMES)
def test_the_old_one_stays_until_the_new_one_is_in_place(
    place: Workplace, kind: str, published: bool
) -> None:
    renamed, new, old = RENAMES[kind]
    state = "    type: PAID\n"
    if published:
        state += "    lifecycleState: PUBLISHED\n    isDefault: true\n"
    texts = [text.replace("    type: PAID\n", state) for text in (BEFORE, renamed)]
    before, after = (wanted(place, text) for text in texts)
    settings = ConnectionSettings(url=place.url, token=place.token)
    with HttpCatalog(settings) as catalog:
        assert apply(plan_for(before, catalog), catalog).is_complete
        sold = look_at(catalog).resources.keys()
        plan = plan_for(after, catalog)
        gains = [each.id for each in plan.changes if each.action not in ("delete", "update")]
        assert f"create:{new}" in gains
        assert f"delete:{old}" in {each.id for each in plan.changes}
        for refused in gains:
            with Faulty(settings) as faulty:
                faulty.refused = {refused}
                assert not apply(plan, faulty).is_complete
            assert look_at(catalog).resources.keys() >= sold
        assert apply(plan, catalog).is_complete
        assert plan_for(after, catalog).is_empty


@pytest.mark.parametrize("kind", RENAMES)
def test_its_requests_are_counted(place: Workplace, kind: str) -> None:
    before, after = (wanted(place, text) for text in (BEFORE, RENAMES[kind][0]))
    with HttpCatalog(ConnectionSettings(url=place.url, token=place.token)) as catalog:
        assert apply(plan_for(before, catalog), catalog).is_complete
        plan = plan_for(after, catalog)
        assert apply(plan, catalog).requests == plan.requests


def wanted(place: Workplace, text: str) -> DesiredState:
    place.write("catalog.yaml", text)
    return load(CatalogSource(root=place.folder, catalog=["catalog.yaml"]))
