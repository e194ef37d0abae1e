"""`extends` is shorthand: the flattened catalog is what the same grants written out would give."""

from __future__ import annotations

import pytest

from kaiten_sync.declare import build_desired, extends, inherit, merge_documents
from kaiten_sync.declare.content import split_lines
from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, MergedCatalog
from kaiten_sync.validate import check

HEAD = """version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
  sso: {name: SSO, type: BOOLEAN}
  theme: {name: Theme, type: CONFIG}
"""
BUNDLES = """bundles:
  basics: {entitlements: {calls: 1000, seats: 3, sso: false}}
  support: {entitlements: {sso: true}}
"""


def document(name: str, text: str) -> Document:
    found, wrong = parse_yaml(name, text, split_lines(text))
    assert wrong == []
    return found


def flatten(*base: str, over: tuple[str, ...] = ()) -> tuple[MergedCatalog, list[Diagnostic]]:
    """The flattened catalog, and everything that `validate` would report."""
    written, wrong = merge_documents(
        [document(f"base{i}.yaml", text) for i, text in enumerate(base)],
        [document(f"over{i}.yaml", text) for i, text in enumerate(over)],
    )
    merged, more = inherit(written)
    return merged, [*wrong, *more, *check(merged, written=written)]


def grants(merged: MergedCatalog, slug: str) -> object:
    return merged.root.plain()["licenses"][slug].get("entitlements")  # type: ignore[index,call-overload,union-attr]


def test_a_license_inherits_overrides_and_takes_away() -> None:
    merged, wrong = flatten(
        HEAD
        + BUNDLES
        + "licenses:\n"
        + "  pro: {name: P, type: PAID, extends: free, entitlements: {calls: 5000, sso: null}}\n"
        + "  free: {name: F, type: COMMUNITY, extends: basics}\n"
    )
    assert wrong == []
    assert grants(merged, "free") == {"calls": 1000, "seats": 3, "sso": False}
    assert grants(merged, "pro") == {"calls": 5000, "seats": 3}
    assert "bundles" not in merged.root.entries


def test_later_ones_win_and_nothing_else_is_inherited() -> None:
    merged, wrong = flatten(
        HEAD
        + BUNDLES
        + "licenses:\n"
        + "  free: {name: F, type: PAID, description: D, extends: [basics, support]}\n"
        + "  pro: {name: P, type: PAID, extends: [support, basics, free]}\n"
    )
    assert wrong == []
    assert grants(merged, "free") == {"calls": 1000, "seats": 3, "sso": True}
    assert merged.root.plain()["licenses"]["pro"] == {  # type: ignore[index,call-overload]
        "name": "P",
        "type": "PAID",
        "entitlements": {"calls": 1000, "seats": 3, "sso": True},
    }


def test_a_grant_is_overridden_whole() -> None:
    merged, _ = flatten(
        HEAD
        + "licenses:\n"
        + "  a1: {name: A, type: PAID, entitlements: {calls: {value: 5, overagePercent: 20}}}\n"
        + "  b1: {name: B, type: PAID, extends: a1, entitlements: {calls: 6}}\n"
    )
    assert grants(merged, "b1") == {"calls": 6}


def test_names_are_found_across_files_and_in_overlays() -> None:
    license_file = "version: 1\nlicenses:\n  free: {name: F, type: PAID, extends: basics}\n"
    overlay = "version: 1\nbundles: {basics: {entitlements: {calls: 7}}}\n"
    merged, wrong = flatten(license_file, HEAD + BUNDLES, over=(overlay,))
    assert wrong == []
    assert grants(merged, "free") == {"calls": 7, "seats": 3, "sso": False}


@pytest.mark.parametrize(
    ("notes", "warned"),
    [
        ("extends: basics, lifecycleState: ARCHIVED", ["this is archived"]),
        ("extends: basics, lifecycleState: ARCHIVED, protect: true", []),
        ("entitlements: {calls: 1}, lifecycleState: ARCHIVED", []),
        ("extends: basics", []),
    ],
)
def test_an_archived_license_that_inherits_gets_a_warning(notes: str, warned: list[str]) -> None:
    license_ = f"licenses: {{old: {{name: O, type: PAID, {notes}}}}}\n"
    _, found = flatten(HEAD + BUNDLES + license_)
    assert [each.message.partition(",")[0] for each in found] == warned


@pytest.mark.parametrize(
    "over",
    [
        "licenses: {pro: {extends: null}}",
        "licenses: {pro: {extends: [support]}}",
        "licenses: {free: {entitlements: {calls: null}}}",
        "bundles: {basics: {entitlements: {calls: null}}}\nlicenses: {free: {extends: basics}}",
    ],
)
def test_a_null_of_the_base_is_right_where_an_overlay_takes_its_object_away(over: str) -> None:
    base = (
        HEAD + BUNDLES + "licenses:\n"
        "  free: {name: F, type: PAID, entitlements: {calls: 5}}\n"
        "  pro: {name: P, type: PAID, extends: free, entitlements: {seats: 9, calls: null}}\n"
    )
    if "basics" in over:
        base = base.replace("entitlements: {calls: 5}", "extends: [basics]")
    merged, wrong = flatten(base, over=(f"version: 1\n{over}\n",))
    assert wrong == []
    granted = grants(merged, "pro")
    assert isinstance(granted, dict)
    assert "calls" not in granted


def test_a_list_that_nobody_declares_stays_undeclared() -> None:
    merged, _ = flatten(
        HEAD
        + "licenses:\n"
        + "  a1: {name: A, type: PAID}\n"
        + "  b1: {name: B, type: PAID, extends: a1}\n"
    )
    assert grants(merged, "b1") is None


def test_an_inherited_grant_keeps_its_place_and_the_way_it_came() -> None:
    merged, _ = flatten(
        HEAD
        + BUNDLES
        + "licenses:\n"
        + "  free: {name: F, type: PAID, extends: basics}\n"
        + "  pro: {name: P, type: PAID, extends: free, entitlements: {calls: 5}}\n"
    )
    desired = build_desired(merged)
    seats = desired.resources[parse_address("license/pro/grant/seats")]
    assert (seats.source.line, seats.source.through) == (8, ("free", "basics"))
    assert seats.source_of("value") == seats.source
    assert desired.resources[parse_address("license/pro/grant/calls")].source.through == ()


def test_what_is_wrong_with_an_inherited_grant_is_said_once_where_it_is_declared() -> None:
    _, wrong = flatten(
        HEAD
        + "licenses:\n"
        + "  zz: {name: Z, type: PAID, entitlements: {sso: 5}}\n"
        + "  b1: {name: B, type: PAID, extends: zz}\n"
        + "  c1: {name: C, type: PAID, extends: b1}\n"
    )
    assert [(each.rule, each.address) for each in wrong] == [
        ("wrong-value-type", "license/zz/grant/sso")
    ]


WRONG = {
    "unknown": ("a1: {name: A, type: PAID, extends: basic}", "undeclared-reference", "basics"),
    "unknown in a list": (
        "a1: {name: A, type: PAID, extends: [basics, suport]}",
        "undeclared-reference",
        "support",
    ),
    "itself": ("a1: {name: A, type: PAID, extends: a1}", "extends-cycle", "remove a1 here"),
    "null of nothing": (
        "a1: {name: A, type: PAID, extends: basics, entitlements: {sats: null}}",
        "removes-nothing",
        "seats",
    ),
    "number": ("a1: {name: A, type: PAID, extends: 7}", "bad-slug", None),
    "null": ("a1: {name: A, type: PAID, extends: null}", "null-field", "remove the line"),
    "not a slug": ("a1: {name: A, type: PAID, extends: [A_1]}", "bad-slug", "a-1"),
    "same name": ("basics: {name: A, type: PAID}", "duplicate-slug", "another name"),
    "empty map": ("a1: {name: A, type: PAID, extends: {}}", "bad-slug", "a list of names"),
    "true": ("a1: {name: A, type: PAID, extends: true}", "bad-slug", "a list of names"),
    "a list in a list": ("a1: {name: A, type: PAID, extends: [[basics]]}", "bad-slug", "a list"),
    "two in one text": (
        "a1: {name: A, type: PAID, extends: 'basics, support'}",
        "bad-slug",
        "[basics, support]",
    ),
    "address": ("a1: {name: A, type: PAID, extends: bundle/basics}", "bad-slug", "'basics'"),
}
WRONG_BUNDLES = {
    "nothing": ("null", "empty-object", "bundle/bad"),
    "no map": ("[calls]", "wrong-type", "bundle/bad"),
    "grants": ("{calls: 1}", "unknown-field", "bundle/bad"),
    "a name": ("{name: Bad}", "unknown-field", "bundle/bad"),
    "unknown": ("{entitlements: {cals: 1}}", "undeclared-entitlement", "bundle/bad/grant/cals"),
    "type": ("{entitlements: {sso: 1}}", "wrong-value-type", "bundle/bad/grant/sso"),
    "null": ("{entitlements: {sso: null}}", "empty-object", "bundle/bad/grant/sso"),
    "part": ("{entitlements: {calls: {overagePercent: 1}}}", "missing-field", "/grant/calls"),
    "text": ("{entitlements: {calls: many}}", "bad-grant", "bundle/bad/grant/calls"),
    "base": ("{extends: nobody}", "undeclared-reference", "bundle/bad"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_cannot_be_extended_is_an_error_with_its_place(
    case: tuple[str, str, str | None],
) -> None:
    text, rule, hint = case
    _, wrong = flatten(HEAD + BUNDLES + f"licenses:\n  {text}\n")
    first = next(each for each in wrong if each.rule == rule)
    assert first.ref is not None
    assert first.line_text
    assert hint is None or (first.hint and hint in first.hint)


@pytest.mark.parametrize("case", WRONG_BUNDLES.values(), ids=WRONG_BUNDLES)
@pytest.mark.parametrize("is_used", [True, False])
def test_a_wrong_bundle_is_reported_once_whether_it_is_used_or_not(
    case: tuple[str, str, str], is_used: bool
) -> None:
    text, rule, address = case
    extends = "extends: bad" if is_used else "description: D"
    _, wrong = flatten(
        HEAD
        + f"bundles:\n  bad: {text}\n"
        + f"licenses:\n  a1: {{name: A, type: PAID, {extends}}}\n"
    )
    found = [each for each in wrong if each.rule != "undeclared-reference" or rule == each.rule]
    assert [each.rule for each in found] == [rule]
    assert (found[0].address or "").endswith(address)


def test_what_extends_an_unknown_name_is_reported_only_for_that() -> None:
    _, wrong = flatten(
        HEAD + "licenses: {a1: {name: A, type: PAID, extends: nope, entitlements: {calls: null}}}\n"
    )
    assert [each.rule for each in wrong] == ["undeclared-reference"]


def test_of_a_name_that_is_listed_twice_the_later_place_counts() -> None:
    merged, wrong = flatten(
        HEAD
        + BUNDLES
        + "licenses: {a1: {name: A, type: PAID, extends: [basics, support, basics]}}\n"
    )
    assert wrong == []
    assert grants(merged, "a1") == {"calls": 1000, "seats": 3, "sso": False}


@pytest.mark.parametrize("size", [2, 3, 50])
def test_a_cycle_is_reported_once_with_the_way_round(size: int) -> None:
    ring = [
        f"  r{i:02}: {{name: R, type: PAID, extends: r{(i + 1) % size:02}}}\n" for i in range(size)
    ]
    tail = "  zz: {name: Z, type: PAID, extends: r00, entitlements: {calls: 1}}\n"
    merged, wrong = flatten(HEAD + "licenses:\n" + "".join(ring) + tail)
    assert [each.rule for each in wrong] == ["extends-cycle"]
    assert wrong[0].message.count(" extends ") == size
    assert grants(merged, "zz") == {"calls": 1}


def test_every_cycle_is_reported() -> None:
    rings = "".join(
        f"  {a}: {{name: R, type: PAID, extends: {b}}}\n"
        for a, b in [("a1", "a2"), ("a2", "a1"), ("b1", "b1"), ("c1", "c2"), ("c2", "c1")]
    )
    _, wrong = flatten(HEAD + "licenses:\n" + rings)
    assert [each.rule for each in wrong] == ["extends-cycle"] * 3


def test_a_long_chain_is_resolved() -> None:
    links = "".join(
        f"  l{i}: {{name: L, type: PAID, extends: l{i - 1}}}\n" for i in range(1001, 4001)
    )
    start = "  l1000: {name: L, type: PAID, entitlements: {calls: 9}}\n"
    merged, _ = flatten(HEAD + "licenses:\n" + start + links)
    assert grants(merged, "l4000") == {"calls": 9}


def test_bundles_that_multiply_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = HEAD + BUNDLES + "licenses:\n"
    text += "".join(f"  l{i}: {{name: L, type: PAID, extends: basics}}\n" for i in range(10, 20))
    monkeypatch.setattr(extends, "MAX_INHERITED", 30)
    assert flatten(text)[1] == []
    monkeypatch.setattr(extends, "MAX_INHERITED", 29)
    _, wrong = flatten(text)
    assert [each.rule for each in wrong] == ["too-many-values"]


@pytest.mark.parametrize(
    ("inherited", "over", "expected"),
    [
        ("1000", "{overagePercent: 10}", {"value": 1000, "overagePercent": 10}),
        ("{value: 9}", "{overagePercent: 10}", {"value": 9, "overagePercent": 10}),
        ("{value: 9, overagePercent: 5}", "{overagePercent: null}", {"value": 9}),
        ("{value: 9, overagePercent: 5}", "{protect: true}", None),
        ("1000", "{value: 5}", {"value": 5}),
        ("1000", "7", 7),
    ],
)
@pytest.mark.parametrize("extended_by", ["base", "overlay"])
def test_an_overlay_is_laid_over_what_is_inherited(
    inherited: str, over: str, expected: object, extended_by: str
) -> None:
    base = (
        HEAD
        + f"bundles: {{core: {{entitlements: {{calls: {inherited}}}}}}}\n"
        + "licenses:\n  free: {name: F, type: PAID, extends: core}\n"
    )
    changed = f"entitlements: {{calls: {over}}}"
    if extended_by == "overlay":
        base, changed = base.replace(", extends: core}", "}"), f"extends: core, {changed}"
    merged, wrong = flatten(base, over=(f"version: 1\nlicenses: {{free: {{{changed}}}}}\n",))
    assert wrong == []
    if expected is None:
        expected = {"value": 9, "overagePercent": 5, "protect": True}
    assert grants(merged, "free") == {"calls": expected}


def test_overlays_are_laid_over_each_other_before_what_is_inherited() -> None:
    merged, wrong = flatten(
        HEAD + BUNDLES + "licenses: {free: {name: F, type: PAID, extends: basics}}\n",
        over=(
            "version: 1\nlicenses: {free: {entitlements: {calls: {overagePercent: 10}}}}\n",
            "version: 1\nlicenses: {free: {entitlements: {calls: {protect: true}}}}\n",
        ),
    )
    assert wrong == []
    found = grants(merged, "free")
    assert isinstance(found, dict)
    assert found["calls"] == {"value": 1000, "overagePercent": 10, "protect": True}


def test_an_overlay_of_what_is_not_inherited_is_an_error_that_names_extends() -> None:
    _, wrong = flatten(
        HEAD + BUNDLES + "licenses: {free: {name: F, type: PAID, extends: support}}\n",
        over=("version: 1\nlicenses: {free: {entitlements: {calls: {overagePercent: 10}}}}\n",),
    )
    assert [each.rule for each in wrong] == ["overlay-without-base"]
    assert "inherits no such grant from what it extends (support)" in wrong[0].message
    assert str(wrong[0].ref).startswith("over0.yaml:2")


def test_a_partial_grant_in_the_base_is_an_error_though_it_is_inherited() -> None:
    _, wrong = flatten(
        HEAD
        + BUNDLES
        + "licenses:\n"
        + "  free: {name: F, type: PAID, extends: basics,"
        + " entitlements: {calls: {overagePercent: 10}}}\n"
    )
    assert [each.rule for each in wrong] == ["missing-field"]
