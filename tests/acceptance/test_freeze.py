"""Old versions: the warning that they move, and `freeze`, which writes their grants out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.conftest import Workplace

CATALOG = """\
version: 1
entitlements:
  storage: {name: Storage, type: NUMBER, unitSingular: byte, unitPlural: bytes}
  calls: {name: Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
  theme: {name: Theme, type: CONFIG}
  sso: {name: SSO, type: BOOLEAN}
bundles:
  basics: {entitlements: {sso: false, seats: 1_000}}
licenses:
  free:
    name: Free
    type: COMMUNITY
    extends: basics
    entitlements:
      storage: 10GB   # as sold
      calls:
        value: 50k
        # soft
        overagePercent: 10
      theme: {value: {color: blue}}
  growth:
    name: Growth
    type: PAID
    extends: [free]   # everything
    # what is ours
    entitlements:
      theme: null
      seats: 5        # more
  growth-2: {name: Growth 2, type: PAID, familySlug: growth, extends: free}
"""
FROZEN = CATALOG.replace(
    """\
    extends: [free]   # everything
    # what is ours
    entitlements:
      theme: null
      seats: 5        # more
""",
    """\
    # what is ours
    entitlements:
      seats: 5        # more
      sso: false
      storage: 10GB   # as sold
      calls:
        value: 50k
        # soft
        overagePercent: 10
""",
)


def desired(place: Workplace) -> str:
    done = place.run("plan", "-f", "catalog.yaml", "-o", "p.plan.json")
    assert done.code == 0, done.stderr
    text = (place.folder / "p.plan.json").read_text(encoding="utf-8")
    return text[text.index("desired") :][:100]


def test_a_family_is_frozen_as_a_license_is(place: Workplace) -> None:
    families = CATALOG.replace("licenses:", "families:").replace("familySlug: growth, ", "")
    place.write("catalog.yaml", families)
    before = desired(place)
    assert place.run("freeze", "growth", "-f", "catalog.yaml").code == 0
    frozen = FROZEN.replace("licenses:", "families:").replace("familySlug: growth, ", "")
    assert (place.folder / "catalog.yaml").read_text(encoding="utf-8") == frozen
    assert desired(place) == before


def test_an_old_version_that_inherits_gets_a_warning_with_the_way_out(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    done = place.run("validate", "catalog.yaml")
    assert done.code == 0
    assert "old-version-inherits" in done.stdout
    assert done.stdout.count("license/growth:") == 1
    assert "license/growth-2 is" in done.stdout
    assert "`kaiten-sync freeze -f catalog.yaml growth`" in done.stdout
    planned = place.run("plan", "-f", "catalog.yaml")
    assert "`kaiten-sync freeze -f catalog.yaml growth`" in planned.stderr


@pytest.mark.parametrize(
    "text",
    [
        CATALOG.replace(
            "    extends: [free]   # everything\n", "    extends: free\n    protect: true\n"
        ),
        CATALOG.replace("familySlug: growth, extends", "extends"),
        FROZEN,
    ],
    ids=["protected", "of-another-family", "frozen"],
)
def test_what_does_not_move_gets_no_warning(place: Workplace, text: str) -> None:
    place.write("catalog.yaml", text)
    assert "old-version-inherits" not in place.run("validate", "catalog.yaml").stdout


def test_freezing_writes_inherited_grants_as_they_are_written(place: Workplace) -> None:
    path = place.write("catalog.yaml", CATALOG)
    before = desired(place)
    shown = place.run("freeze", "growth", "-f", "catalog.yaml", "--dry-run")
    assert shown.code == 0, shown.stderr
    assert "-    extends: [free]   # everything\n" in shown.stdout
    assert "+      storage: 10GB   # as sold\n" in shown.stdout
    assert path.read_text(encoding="utf-8") == CATALOG
    done = place.run("freeze", "growth", "-f", "catalog.yaml")
    assert done.code == 0, done.stderr
    assert done.stdout == "changed catalog.yaml\n"
    assert path.read_text(encoding="utf-8") == FROZEN
    assert desired(place) == before


def test_braces_stay_braces_and_files_change_together(place: Workplace) -> None:
    base, _, growth = CATALOG.partition("  growth:\n")
    place.write("c/base.yaml", base)
    old, _, new = growth.partition("  growth-2:")
    place.write("c/old.yaml", f"version: 1\nlicenses:\n  growth:\n{old}")
    place.write("c/new.yaml", f"version: 1\nlicenses:\n  growth-2:{new}")
    done = place.run("freeze", "growth", "license/growth-2", "-f", "c")
    assert done.code == 0, done.stderr
    text = (place.folder / "c/new.yaml").read_text(encoding="utf-8")
    assert (
        "familySlug: growth, entitlements: {sso: false, seats: 1_000, storage: 10GB,"
        " calls: {overagePercent: 10, value: 50k}, theme: {value: {color: blue}}}}" in text
    )
    assert "sso: false" in (place.folder / "c/old.yaml").read_text(encoding="utf-8")


PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  one: {url: "http://127.0.0.1:1"}
  two: {url: "http://127.0.0.1:1", overlays: [two.yaml]}
"""
REFUSED = {
    "a base changes for one target": (
        "licenses: {free: {entitlements: {storage: 5}}}",
        "freezing would change what is declared for two",
    ),
    "extends is taken away for one target": (
        "licenses: {growth: {extends: null, entitlements: {theme: {value: {}}}}}",
        "freezing would break what is declared for two",
    ),
}


@pytest.mark.parametrize(("overlay", "message"), REFUSED.values(), ids=REFUSED)
def test_no_target_changes(place: Workplace, overlay: str, message: str) -> None:
    path = place.write("catalog.yaml", CATALOG)
    place.write("kaiten-sync.yaml", PROJECT)
    place.write("two.yaml", f"version: 1\n{overlay}\n")
    done = place.run("freeze", "growth")
    assert done.code == 4, done.stdout + done.stderr
    assert message in done.stderr
    assert path.read_text(encoding="utf-8") == CATALOG


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("basics", "license/basics is not declared"),
        ("group/a", "not a license: group/a"),
        ("free/../x", "free/../x"),
    ],
)
def test_what_cannot_be_frozen_is_named(place: Workplace, name: str, message: str) -> None:
    place.write("catalog.yaml", CATALOG)
    done = place.run("freeze", name, "-f", "catalog.yaml")
    assert done.code == 3
    assert message in done.stderr


def test_a_license_of_its_own_is_left_alone(tmp_path: Path, place: Workplace) -> None:
    place.write("catalog.yaml", FROZEN)
    done = place.run("freeze", "growth", "-f", "catalog.yaml")
    assert done.code == 3
    assert "license/growth extends nothing" in done.stderr
    assert (tmp_path / "catalog.yaml").read_text(encoding="utf-8") == FROZEN
