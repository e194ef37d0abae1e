"""A unit that was changed on the server: numbers with units stay the numbers that they are."""

from __future__ import annotations

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.test_adopt import PROJECT, is_clean, read

CATALOG = """\
version: 1
entitlements:
  data: {name: Data, type: NUMBER, NAMES}
bundles:
  basics: {entitlements: {data: &many TEXT}}
  unused: {entitlements: {data: TEXT}}
  covered: {entitlements: {data: {value: TEXT, overagePercent: 5}}}
families:
  old: {name: Old, type: PAID, sold: false, entitlements: {data: TEXT}}
licenses:
  over: {name: Over, type: PAID, extends: covered, entitlements: {data: 5000}}
  free: {name: Free, type: COMMUNITY, extends: basics}
  growth:
    name: Growth
    type: PAID
    entitlements:
      data: TEXT   # agreed
  pro:
    name: Pro
    type: PAID
    entitlements: {data: {value: TEXT, protect: true}}
  own: {name: Own, type: PAID, extends: basics, entitlements: &list {data: *many}}
  same: {name: Same, type: PAID, entitlements: *list}
  below: {name: Below, type: PAID, extends: pro}
  plain: {name: Plain, type: PAID, entitlements: {data: 5000}}
"""
BYTES, MEGABYTES, CALLS = ("byte", "bytes"), ("MB", "MB"), ("call", "calls")

CHANGED = {
    "another prefix in the unit": (BYTES, "10GB", MEGABYTES, None, "10PB"),
    "the number as well": (BYTES, "10GB", MEGABYTES, 10_000, "10GB"),
    "a number that no text of the old unit is": (MEGABYTES, "10GB", BYTES, 7, "7B"),
    "another unit": (BYTES, "10GB", CALLS, None, "10000000000"),
    "another unit and another number": (BYTES, "10GB", CALLS, 8000, "8000"),
    "a unit that is a prefix": (CALLS, "5k", ("k", "k"), None, "5000"),
    "a word": (CALLS, "5_900 calls", BYTES, None, "5900"),
    "a number that no unit is beside": (CALLS, "5_900", BYTES, 7000, "7_000"),
    "a prefix that no unit is beside": (CALLS, "5k", BYTES, 7000, "7k"),
}


def unit(names: tuple[str, str]) -> str:
    return f"unitSingular: {names[0]}, unitPlural: {names[1]}"


@pytest.fixture
def written(place: Workplace, api: httpx.Client, request: pytest.FixtureRequest) -> Workplace:
    """A project that is applied, and then edited on the server."""
    before, text, after, value, _ = CHANGED[request.param]
    place.write("catalog.yaml", CATALOG.replace("NAMES", unit(before)).replace("TEXT", text))
    place.write("prod.yaml", "version: 1\n")
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    done = place.run("apply", "-t", "prod", "--yes")
    assert done.code == 0, done.stderr
    found = api.get("/entitlements/data").json()
    kept = {name: found[name] for name in ("name", "type", "description", "aggregationMethod")}
    body = {**kept, "unitSingular": after[0], "unitPlural": after[1]}
    assert api.put("/entitlements/data", json=body).is_success
    if value is not None:
        for license_slug in ("growth", "pro"):
            changed = {"value": {"type": "number", "value": value}}
            path = f"/licenses/{license_slug}/entitlements/data"
            assert api.put(path, json=changed).is_success
    return place


def grants(place: Workplace) -> list[str]:
    """What the files say of `growth` and of `pro`."""
    lines = [line.strip() for line in read(place).splitlines() if "data: " in line]
    return [line for line in lines if "# agreed" in line or "protect" in line]


@pytest.mark.parametrize(
    ("written", "case"), [(each, each) for each in CHANGED], indirect=["written"]
)
def test_a_unit_is_adopted_with_the_numbers_that_it_is_beside(
    written: Workplace, case: str
) -> None:
    done = written.run("adopt", "-t", "prod")
    assert done.code == 0, done.stderr
    text = CHANGED[case][-1]
    assert grants(written) == [
        f"data: {text}   # agreed",
        f"entitlements: {{data: {{value: {text}, protect: true}}}}",
    ]
    assert is_clean(written)


@pytest.mark.parametrize("written", CHANGED, indirect=True)
@pytest.mark.parametrize(
    "words", [("adopt", "--into-overlay", "-t"), ("export", "--force", "--overlay-of")]
)
def test_an_overlay_has_the_unit_and_what_is_beside_it(
    written: Workplace, words: tuple[str, ...]
) -> None:
    before = read(written)
    done = written.run(*words, "prod")
    assert done.code == 0, done.stderr
    assert read(written) == before
    assert "plain:" not in read(written, "prod.yaml")
    assert is_clean(written)
    protected = written.run("validate", "--format", "json")
    assert protected.code == 0, protected.stdout


@pytest.mark.parametrize("written", ["another unit"], indirect=True)
def test_what_only_git_changed_keeps_its_number(written: Workplace) -> None:
    ahead = read(written).replace("data: 10GB   # agreed", "data: 20GB   # agreed")
    written.write("catalog.yaml", ahead)
    done = written.run("adopt", "-t", "prod", "entitlement/data")
    assert done.code == 0, done.stderr
    assert grants(written)[0] == "data: 20000000000   # agreed"
