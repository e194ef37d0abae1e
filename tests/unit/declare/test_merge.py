"""Files add up, overlays go over them, and every value keeps its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.declare.conftest import Write

from kaiten_sync.declare import merge_documents, read_documents
from kaiten_sync.declare.content import split_lines
from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, MergedCatalog
from kaiten_sync.validate import check

BASE = """version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    description: For teams
    entitlements:
      seats: {value: 25, overagePercent: 20}
"""


def doc(name: str, text: str) -> Document:
    document, findings = parse_yaml(name, text, split_lines(text))
    assert findings == []
    return document


def merge(
    *base: str, overlays: tuple[str, ...] = ()
) -> tuple[MergedCatalog, tuple[Diagnostic, ...]]:
    return merge_documents(
        [doc(f"base{i}.yaml", text) for i, text in enumerate(base)],
        [doc(f"over{i}.yaml", text) for i, text in enumerate(overlays)],
    )


def growth(merged: MergedCatalog) -> object:
    return merged.root.plain()["licenses"]["growth"]  # type: ignore[index,call-overload]


def test_files_merge_into_one_catalog() -> None:
    merged, findings = merge(BASE, "version: 1\nlicenses:\n  starter: {name: Starter}\n")
    assert findings == ()
    assert list(merged.root.entries["licenses"].node.entries) == ["growth", "starter"]
    assert set(merged.lines) == {"base0.yaml", "base1.yaml"}


def test_an_object_declared_twice_is_an_error_that_names_both_places() -> None:
    merged, findings = merge(BASE, "version: 1\nlicenses:\n  growth: {name: Again}\n")
    (finding,) = findings
    assert finding.rule == "duplicate-slug"
    assert str(finding.ref) == "base1.yaml:3:3"
    assert "base0.yaml:5:3" in finding.message
    assert finding.address == "license/growth"
    assert finding.line_text == "  growth: {name: Again}"
    assert growth(merged) != {"name": "Again"}


def test_the_same_slug_in_two_sections_is_fine() -> None:
    text = "version: 1\ngroups: {seats: {name: A}}\nentitlements: {seats: {name: B}}\n"
    assert merge(text)[1] == ()


def test_an_overlay_replaces_scalars_merges_maps_and_removes_by_null() -> None:
    overlay = """version: 1
licenses:
  growth:
    name: Growth (staging)
    description: null
    entitlements:
      seats: {overagePercent: null, value: 5}
"""
    merged, findings = merge(BASE, overlays=(overlay,))
    assert findings == ()
    assert growth(merged) == {
        "name": "Growth (staging)",
        "type": "PAID",
        "entitlements": {"seats": {"value": 5}},
    }


def test_an_overlay_can_remove_an_object_and_a_grant() -> None:
    merged, _ = merge(BASE, overlays=("version: 1\nlicenses: {growth: null}\n",))
    assert merged.root.plain()["licenses"] == {}  # type: ignore[index,call-overload]
    overlay = "version: 1\nlicenses: {growth: {entitlements: {seats: null}}}\n"
    merged, _ = merge(BASE, overlays=(overlay,))
    assert merged.root.entries["licenses"].node.walk(("growth", "entitlements"))
    assert growth(merged)["entitlements"] == {}  # type: ignore[index]


def test_overlays_apply_in_the_order_given() -> None:
    one, two = (f"version: 1\nlicenses: {{growth: {{name: {name}}}}}\n" for name in ("One", "Two"))
    assert growth(merge(BASE, overlays=(one, two))[0])["name"] == "Two"  # type: ignore[index]
    assert growth(merge(BASE, overlays=(two, one))[0])["name"] == "One"  # type: ignore[index]


def test_an_error_in_an_overlay_points_into_the_overlay() -> None:
    overlay = "version: 1\nlicenses:\n  growth:\n    entitlements:\n      seats: {value: true}\n"
    merged, _ = merge(BASE, overlays=(overlay,))
    findings = check(merged)
    assert [(f.rule, str(f.ref)) for f in findings] == [
        ("overage-not-allowed", "base0.yaml:10:26"),
        ("wrong-value-type", "over0.yaml:5:22"),
    ]
    assert findings[1].line_text == "      seats: {value: true}"


def test_an_overlay_can_complete_what_a_base_file_leaves_open() -> None:
    base = "version: 1\nlicenses: {growth: {name: Growth}}\n"
    overlay = "version: 1\nlicenses: {growth: {type: PAID}}\n"
    assert [f.rule for f in check(merge(base)[0])] == ["missing-field"]
    assert check(merge(base, overlays=(overlay,))[0]) == ()


@pytest.mark.parametrize("section", ["groups", "entitlements", "licenses"])
def test_an_empty_section_of_an_overlay_does_not_remove_everything(section: str) -> None:
    merged, findings = merge(BASE, overlays=(f"version: 1\n{section}:\n",))
    assert [(f.rule, str(f.ref)) for f in findings] == [("empty-section", "over0.yaml:2:1")]
    assert merged.root.plain() == merge(BASE)[0].root.plain()


def test_each_file_says_its_version() -> None:
    _, findings = merge(BASE, "groups: {}\n", overlays=("version: 3\n", "version: true\n"))
    assert [(f.rule, str(f.ref)) for f in findings] == [
        ("missing-version", "base1.yaml:1:1"),
        ("unknown-version", "over0.yaml:1:10"),
        ("unknown-version", "over1.yaml:1:10"),
    ]


def test_an_unreadable_file_does_not_make_others_wrong(write: Write, tmp_path: Path) -> None:
    write("c/entitlements.yaml", "version: 1\nentitlements: [\n")
    growth = "{name: X, type: PAD, entitlements: {seats: 1}}"
    write("c/licenses.yaml", f"version: 1\nlicenses: {{growth: {growth}}}\n")
    documents, found = read_documents(["c"], root=tmp_path)
    merged, more = merge_documents(documents, ())
    assert [f.rule for f in (*found, *more, *check(merged))] == ["yaml-syntax", "unknown-value"]


JSON = st.recursive(
    st.booleans() | st.integers(0, 9) | st.text("ab", max_size=2),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=1), inner, max_size=3),
)


@given(JSON, JSON)
def test_merging_is_json_merge_patch(under: object, over: object) -> None:
    base, overlay = ({"version": 1, "licenses": {"k": value}} for value in (under, over))
    merged, _ = merge_documents([doc("b", json.dumps(base))], [doc("o", json.dumps(overlay))])
    assert merged.root.plain() == {"licenses": patch({"k": under}, {"k": over})}


def patch(target: object, change: object) -> object:
    """RFC 7396, as it is written there."""
    if not isinstance(change, dict):
        return change
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = patch(result.get(key), value)
    return result
