"""A family that lost its first version keeps its slug, and no server opens it again."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.tenants import make

CATALOG = "version: 1\nlicenses:\n  growth: {name: Growth, type: PAID}\n"


@pytest.mark.parametrize("second", ["growth-v2", "spring"])
def test_it_is_refused_while_planning_with_the_way_out(place: Workplace, second: str) -> None:
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as api:
        make(api, "/licenses", name="Growth", slug="growth", type="PAID")
        make(api, "/licenses", name="Growth", slug=second, type="PAID", familySlug="growth")
        assert api.delete("/licenses/growth").status_code == 204
    place.write("catalog.yaml", CATALOG)
    refused = place.run("plan", "-f", "catalog.yaml")
    assert refused.code == 4, refused.stderr
    assert "the family growth is there already and has lost its first version" in refused.stderr
    assert "familySlug: growth" in refused.stderr
    place.write("catalog.yaml", CATALOG.replace("growth:", "other:"))
    assert place.run("apply", "-f", "catalog.yaml", "--yes").code == 0
    joined = CATALOG.replace("growth: {", "growth-v3: {familySlug: growth, ")
    place.write("catalog.yaml", joined)
    assert place.run("apply", "-f", "catalog.yaml", "--yes").code == 0
    assert place.run("plan", "-f", "catalog.yaml", "--detailed-exitcode").code == 0


COUNTER = "  calls: {name: Calls, type: NUMBER}\n"
COUNTERS = f"version: 1\nentitlements:\n  seats: {{name: Seats, type: NUMBER}}\n{COUNTER}"


def test_who_grants_what_is_deleted_takes_the_list_of_families_too(place: Workplace) -> None:
    """No license is declared, so only apply looks for who grants what it deletes."""
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as api:
        make(api, "/licenses", name="Growth", slug="growth", type="PAID")
        make(api, "/licenses", name="Growth", slug="spring", type="PAID", familySlug="growth")
        assert api.delete("/licenses/growth").status_code == 204
    place.write("catalog.yaml", COUNTERS)
    assert place.run("plan", "-f", "catalog.yaml", "-o", "the.plan.json").code == 0
    assert place.run("apply", "the.plan.json").code == 0
    place.write("catalog.yaml", COUNTERS.replace(COUNTER, ""))
    assert place.run("plan", "-f", "catalog.yaml", "-o", "the.plan.json").code == 0
    requests = json.loads((place.folder / "the.plan.json").read_text())["requests"]
    assert f"{requests} requests" in place.run("apply", "the.plan.json").stdout
