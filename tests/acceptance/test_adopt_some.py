"""Adopting what can be adopted: obstacles are named, and other targets that change are too."""

from __future__ import annotations

import stat

import httpx
import pytest
import yaml
from tests.acceptance.conftest import Workplace
from tests.acceptance.test_adopt import GRANT, describe, grant, is_clean, read

CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}   # metered
  theme: {name: Theme, type: CONFIG}
licenses:
  growth:
    name: Growth
    type: PAID
    description: &shared For teams
    entitlements:
      calls: 1000
      theme:
        value:                 # agreed with design
          color: blue          # not green
          sizes: [1, 2]        # in cm
          old: true
          nested:
            # the innermost
            a: x
  other: {name: Other, type: PAID, description: *shared, entitlements: {calls: &many 5}}
  third: {name: Third, type: PAID, description: Mine, entitlements: {calls: *many}}
"""
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  prod: {url: URL}
  same: {url: URL}
  own: {url: URL, overlays: [own.yaml]}
"""
OWN = "version: 1\nlicenses: {growth: {name: Own, entitlements: {calls: 7}}}\n"


NOT_SOLD = """\
version: 1
groups:
  all: {name: All}
entitlements:
  calls: {name: Calls, type: NUMBER, groups: [all]}
  seats: {name: Seats, type: NUMBER}
families:
  kept: {name: Kept, type: PAID, sold: false, entitlements: {seats: 1}}
  gone: {name: Gone, type: PAID, entitlements: {calls: 1, seats: 1}}
"""


@pytest.fixture
def sold(place: Workplace) -> Workplace:
    place.write("catalog.yaml", CATALOG)
    place.write("own.yaml", OWN)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    assert place.run("plan", "-t", "prod", "-o", "plans/prod.plan.json").code == 0
    assert place.run("apply", "plans/prod.plan.json").code == 0
    return place


def other_grant(api: httpx.Client, license_slug: str, value: int) -> None:
    body = {"value": {"type": "number", "value": value}}
    assert api.put(f"/licenses/{license_slug}/entitlements/calls", json=body).status_code == 204


def test_what_several_objects_share_changes_for_one_alone(
    sold: Workplace, api: httpx.Client
) -> None:
    describe(api, name="Growing, [really] {yes}", description="New")
    grant(api, "calls", "number", 2000)
    other_grant(api, "other", 6)
    other_grant(api, "third", 7)
    done = sold.run("adopt", "-t", "prod")
    assert done.code == 0, done.stderr
    assert "description: &shared New" in read(sold)
    assert "description: For teams, entitlements: {calls: &many 6}" in read(sold)
    assert "entitlements: {calls: 7}" in read(sold)
    assert is_clean(sold)


def test_what_cannot_be_changed_is_named_and_the_rest_is_adopted(
    sold: Workplace, api: httpx.Client
) -> None:
    # The third license is the other one in all, so that no text of the two belongs to one of them.
    lines = [line for line in CATALOG.splitlines() if not line.startswith("  third:")]
    shared = "\n".join(lines).replace("other: {", "other: &other {") + "\n  third: *other\n"
    sold.write("catalog.yaml", shared)
    grant(api, "calls", "number", 2000)
    found = api.get("/licenses/other").json()
    body = {key: found[key] for key in ("type", "description", "isDefault", "versionName")}
    assert api.put("/licenses/other", json={**body, "name": "Others"}).status_code == 204
    done = sold.run("adopt", "-t", "prod", GRANT, "license/other")
    assert done.code == 5, done.stdout + done.stderr
    left = {line.split()[2] for line in done.stderr.splitlines() if "not adopted" in line}
    assert left == {"license/other:"}
    again = sold.run("adopt", "-t", "prod", "license/other")
    assert (again.code, "nothing was adopted" in again.stderr) == (4, True)


def test_one_obstacle_leaves_no_other_object_behind(place: Workplace) -> None:
    """What is removed is referred to by what is removed as well, and is adopted with it."""
    place.write("catalog.yaml", NOT_SOLD)
    named = ("group/all", "entitlement/calls", "entitlement/seats", "family/gone")
    done = place.run("adopt", "-f", "catalog.yaml", *named)
    assert done.code == 5, done.stderr
    left = [line for line in done.stderr.splitlines() if line.startswith("not adopted: ")]
    assert [line.split()[2] for line in left] == ["entitlement/seats:"]
    declared = yaml.safe_load((place.folder / "catalog.yaml").read_text(encoding="utf-8"))
    assert not declared["groups"]
    assert {*declared["entitlements"]} == {"seats"}
    again = place.run("adopt", "-f", "catalog.yaml", "entitlement/seats")
    assert (again.code, "nothing was adopted" in again.stderr) == (4, True)


def test_only_the_keys_of_a_config_value_change_that_differ(
    sold: Workplace, api: httpx.Client
) -> None:
    value = {"color": "a, b", "sizes": [1, 3], "nested": {"a": "x", "b, c": True}}
    grant(api, "theme", "object", value)
    assert sold.run("adopt", "-t", "prod").code == 0
    assert read(sold) == CATALOG.replace("color: blue ", "color: a, b ").replace(
        "[1, 2]", "[1, 3]"
    ).replace("          old: true\n", "").replace(
        "            a: x\n", "            a: x\n            b, c: true\n"
    )
    assert is_clean(sold)


def test_the_other_targets_that_change_are_named(sold: Workplace, api: httpx.Client) -> None:
    describe(api, name="Growing")
    grant(api, "calls", "number", 2000)
    done = sold.run("adopt", "-t", "prod", GRANT, "license/growth")
    assert done.code == 0, done.stderr
    (line,) = (line for line in done.stderr.splitlines() if "as well" in line)
    assert "declaration of same as well: 2 objects" in line
    assert "--into-overlay" in line
    third = sold.run("adopt", "-t", "prod")
    assert "as well" not in third.stderr


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_adopting_keeps_what_belongs_to_a_file(
    sold: Workplace, api: httpx.Client, mode: int
) -> None:
    path = sold.folder / "catalog.yaml"
    path.write_bytes(CATALOG.replace("\n", "\r\n").encode())
    (sold.folder / "second.txt").hardlink_to(path)
    path.chmod(mode)
    plan = sold.folder / "plans/prod.plan.json"
    plan.chmod(0o600)
    grant(api, "calls", "number", 2000)
    assert sold.run("adopt", "-t", "prod").code == 0
    assert stat.S_IMODE(path.stat().st_mode) == mode
    expected = CATALOG.replace("calls: 1000", "calls: 2000").replace("\n", "\r\n").encode()
    assert path.read_bytes() == (sold.folder / "second.txt").read_bytes() == expected
    assert sold.run("plan", "-t", "prod", "-o", "plans/prod.plan.json").code == 0
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600


def test_overage_on_a_bare_grant_is_written_as_a_map(sold: Workplace, api: httpx.Client) -> None:
    body = {"value": {"type": "number", "value": 1500}, "limitCapExceededOveragePercent": 20}
    assert api.put("/licenses/growth/entitlements/calls", json=body).status_code == 204
    assert sold.run("adopt", "-t", "prod", GRANT).code == 0
    granted = yaml.safe_load(read(sold))["licenses"]["growth"]["entitlements"]["calls"]
    assert granted == {"value": 1500, "overagePercent": 20}
    assert is_clean(sold)


def test_conflicts_alone_end_with_the_ways_out(sold: Workplace, api: httpx.Client) -> None:
    grant(api, "calls", "number", 2000)
    edited = CATALOG.replace("calls: 1000", "calls: 3000")
    sold.write("catalog.yaml", edited)
    done = sold.run("adopt", "-t", "prod")
    assert done.code == 4
    assert "nothing adopted: git and the server both changed what differs" in done.stderr
    assert f"kaiten-sync adopt -t prod {GRANT}" in done.stderr
    assert "choose a side for each" in done.stderr
    assert read(sold) == edited
    assert sold.run("adopt", "-t", "prod", GRANT).code == 0
    assert read(sold) == CATALOG.replace("calls: 1000", "calls: 2000")


def test_a_dry_run_and_a_wrong_command_line_change_nothing(
    sold: Workplace, api: httpx.Client
) -> None:
    grant(api, "calls", "number", 2000)
    assert sold.run("adopt", "-t", "prod", "--into", "x.yaml", "--into-overlay").code == 3
    dry = sold.run("adopt", "-t", "prod", "--dry-run", "--into", "new.yaml")
    assert dry.code == 0
    assert "--into new.yaml was not needed" in dry.stderr
    assert read(sold) == CATALOG
