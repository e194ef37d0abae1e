"""Which license extends which, so that an export is short."""

from __future__ import annotations

import pytest
from tests.fakes.catalog import live
from tests.support.values import live_state

from kaiten_sync.jobs.exporting import Split, catalog_files
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.settings import Scope


def exported(grants: dict[str, dict[str, object]], *, extends: bool = True) -> str:
    """The licenses as they are written."""
    found: list[LiveResource] = []
    for slug, values in grants.items():
        found.append(live(f"license/{slug}", name=slug, type="PAID"))
        found += [live(f"license/{slug}/grant/{name}", value=v) for name, v in values.items()]
    return catalog_files(live_state(*found), Scope(), Split.NONE, extends=extends)["catalog.yaml"]


FREE: dict[str, object] = {"calls": 10, "seats": 1, "sso": False, "logs": 7}

CASES: dict[str, tuple[dict[str, dict[str, object]], dict[str, str]]] = {
    "everything in free, plus": (
        {"free": FREE, "pro": {**FREE, "calls": 50, "beta": True}},
        {"pro": "extends: free\n    entitlements:\n      beta: true\n      calls: 50\n"},
    ),
    "the nearest of several": (
        {
            "free": FREE,
            "pro": {**FREE, "calls": 50, "sso": True},
            "team": {**FREE, "calls": 50, "sso": True, "seats": 9},
        },
        {
            "pro": "extends: free\n    entitlements:\n      calls: 50\n      sso: true\n",
            "team": "extends: pro\n    entitlements:\n      seats: 9\n",
        },
    ),
    "what is not inherited is null": (
        {"free": FREE, "lite": {name: v for name, v in FREE.items() if name != "logs"}},
        {"free": "extends: lite\n    entitlements:\n      logs: 7\n"},
    ),
    "a null where it is shorter than the rest": (
        {
            "free": FREE,
            "pro": {**FREE, "a1": 1, "a2": 2, "a3": 3, "a4": 4},
            "x-pro": {"calls": 10, "seats": 1, "sso": False, "a1": 1, "a2": 2, "a3": 3, "a4": 4},
        },
        {
            "pro": "extends: x-pro\n    entitlements:\n      logs: 7\n",
            "x-pro": "extends: free\n    entitlements:\n      a1: 1\n      a2: 2\n      a3: 3\n"
            "      a4: 4\n      logs: null\n",
        },
    ),
    "equal ones": (
        {"one": FREE, "two": FREE, "three": FREE},
        {"three": "extends: one\n", "two": "extends: one\n"},
    ),
    "nothing in common": ({"free": FREE, "other": {"x1": 1, "x2": 2}}, {}),
    "too little in common": ({"aa": {"calls": 1}, "bb": {"calls": 1, "x1": 2}}, {}),
    "values that are only alike": ({"aa": dict(FREE), "bb": dict.fromkeys(FREE, 1)}, {}),
    "values in several lines": (
        {"aa": {"theme": {"a": 1, "b": 2}}, "bb": {"theme": {"a": 1, "b": 2}}},
        {"bb": "extends: aa\n"},
    ),
}


@pytest.mark.parametrize(("grants", "expected"), CASES.values(), ids=CASES)
def test_a_license_extends_what_leaves_the_fewest_lines(
    grants: dict[str, dict[str, object]], expected: dict[str, str]
) -> None:
    text = exported(grants)
    assert text.count("extends: ") == len(expected)
    for slug, body in expected.items():
        assert f"  {slug}:\n    name: {slug}\n    type: PAID\n    {body}" in text
    assert len(text.splitlines()) <= len(exported(grants, extends=False).splitlines())


def test_what_is_archived_stands_alone_and_nobody_extends_it() -> None:
    found: list[LiveResource] = []
    for slug in ("a-old", "pro", "team"):
        state = "ARCHIVED" if slug == "a-old" else "PUBLISHED"
        found.append(live(f"license/{slug}", name=slug, type="PAID", lifecycleState=state))
        found += [live(f"license/{slug}/grant/{name}", value=v) for name, v in FREE.items()]
    files = catalog_files(live_state(*found), Scope(), Split.NONE, extends=True)
    assert files["catalog.yaml"].count("extends:") == 1
    assert "extends: pro" in files["catalog.yaml"]


def test_without_being_asked_nothing_extends() -> None:
    assert "extends" not in exported({"free": FREE, "pro": FREE}, extends=False)


def test_numbers_are_written_short_on_request() -> None:
    unit = {"unitSingular": "GB", "unitPlural": "GB"}
    found = [
        live("entitlement/calls", name="C", type="NUMBER"),
        live("entitlement/space", name="S", type="NUMBER", **unit),
        live("license/pro", name="P", type="PAID"),
        live("license/pro/grant/calls", value=50_000, overagePercent=2000),
        live("license/pro/grant/space", value=2000),
    ]
    written = catalog_files(live_state(*found), Scope(), Split.NONE, units=True)["catalog.yaml"]
    assert "calls: {value: 50k, overagePercent: 2000}\n" in written
    assert "space: 2TB\n" in written
    assert "value: 50000" in catalog_files(live_state(*found), Scope(), Split.NONE)["catalog.yaml"]
