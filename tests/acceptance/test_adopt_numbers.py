"""Numbers that are taken over from a server are written as people wrote those that they replace."""

from __future__ import annotations

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.test_adopt import PROJECT, grant, is_clean, read

CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER, unitSingular: call, unitPlural: calls}
  theme: {name: Theme, type: CONFIG}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements:
      calls: BEFORE   # agreed
      theme: {value: {limit: 5_900, sizes: [1_000, 2000], ratio: 0.5, short: 12}}
  other: {name: Other, type: PAID, entitlements: {calls: 5_900}}
"""
NO_OVERLAY = "version: 1\n"

WRITTEN = {
    "groups of digits": ("5_900", 7000, "7_000"),
    "groups for a number that needs none": ("5_900", 700, "700"),
    "more groups": ("5_900", 12345678, "12_345_678"),
    "groups in a map": (
        "{value: 5_900, overagePercent: 20}",
        7000,
        "{value: 7_000, overagePercent: 0}",
    ),
    "groups beside a tag": ("{type: number, value: 5_900}", 7000, "{type: number, value: 7_000}"),
    "groups, and the API's unlimited": ("5_900", -1, "unlimited"),
    "groups with a unit": ("5_900 calls", 7000, "7_000 calls"),
    "groups with a unit and none that are needed": ("5_900 calls", 700, "700 calls"),
    "a unit without groups": ("900 calls", 7000, "7000 calls"),
    "a unit in quotes": ('"5_900 calls"', 7000, '"7_000 calls"'),
    "a prefix": ("5.9k", 7000, "7k"),
    "a plain number": ("5900", 7000, "7000"),
    "a number after unlimited, as others are": ("unlimited", 7000, "7_000"),
    "a number after the API's unlimited": ("-1", 7000, "7_000"),
}


def applied(place: Workplace, before: str, overlay: str = NO_OVERLAY) -> None:
    place.write("catalog.yaml", CATALOG.replace("BEFORE", before))
    place.write("prod.yaml", overlay)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    assert place.run("plan", "-t", "prod", "-o", "plans/prod.plan.json").code == 0
    assert place.run("apply", "plans/prod.plan.json").code == 0


@pytest.mark.parametrize("case", WRITTEN)
def test_a_number_is_written_as_the_one_before_was(
    place: Workplace, api: httpx.Client, case: str
) -> None:
    before, value, after = WRITTEN[case]
    applied(place, before)
    grant(api, "calls", "number", value)
    assert place.run("adopt", "-t", "prod").code == 0
    assert read(place) == CATALOG.replace("BEFORE", after)
    assert is_clean(place)


@pytest.mark.parametrize("case", [each for each in WRITTEN if "map" not in each])
def test_so_it_is_in_an_overlay(place: Workplace, api: httpx.Client, case: str) -> None:
    before, value, after = WRITTEN[case]
    applied(place, before)
    grant(api, "calls", "number", value)
    assert place.run("adopt", "-t", "prod", "--into-overlay").code == 0
    assert read(place) == CATALOG.replace("BEFORE", before)
    wanted = after.strip('"').removeprefix("{type: number, value: ").removesuffix("}")
    lines = read(place, "prod.yaml").replace('"', "").splitlines()
    assert lines[-1].partition("calls: ")[2].rstrip("}") == wanted
    assert is_clean(place)


def test_numbers_inside_a_config_value_keep_their_groups(
    place: Workplace, api: httpx.Client
) -> None:
    applied(place, "5")
    value = {"limit": 7000, "sizes": [3000, 4000], "ratio": 0.75, "short": 1200}
    grant(api, "theme", "object", value)
    assert place.run("adopt", "-t", "prod").code == 0
    assert "{limit: 7_000, sizes: [3_000, 4000], ratio: 0.75, short: 1200}" in read(place)
    assert is_clean(place)


def test_an_exported_overlay_has_the_groups_of_the_base(
    place: Workplace, api: httpx.Client
) -> None:
    applied(place, "5_900")
    grant(api, "calls", "number", 7000)
    assert place.run("export", "--overlay-of", "prod", "--force").code == 0
    assert "calls: 7_000" in read(place, "prod.yaml")
    assert is_clean(place)
