"""What the check says about whole catalogs; single faults are in test_bad_fixtures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaiten_sync.declare import build_desired, merge_documents, read_documents
from kaiten_sync.declare.content import split_lines
from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Scope
from kaiten_sync.validate import check

GOOD = Path(__file__).parents[2] / "fixtures" / "good"
TEXT = (GOOD / "everything.yaml").read_text()


def rules(text: str, scope: Scope | None = None) -> list[str]:
    document, findings = parse_yaml("c.yaml", text, split_lines(text))
    merged, more = merge_documents([document], ())
    return [f.rule for f in (*findings, *more, *check(merged, scope))]


def test_a_good_catalog_has_no_findings() -> None:
    assert rules(TEXT) == []


def test_an_empty_catalog_is_fine() -> None:
    assert rules("version: 1\n") == []
    assert rules("version: 1\ngroups: {}\nlicenses: {}\n") == []


def test_all_findings_come_at_once_and_in_order() -> None:
    text = """version: 1
entitlements:
  seats: {name: 5, type: NUMBER, resetAnchor: CALENDAR}
licenses:
  B: {name: B, tpye: PAID, entitlements: {seats: true, nothing: 1}}
"""
    assert rules(text) == [
        "wrong-type",
        "anchor-without-period",
        "bad-slug",
        "unknown-field",
        "wrong-value-type",
        "undeclared-entitlement",
    ]


def test_what_was_reported_when_it_was_read_is_not_reported_again() -> None:
    text = "version: 1\nlicenses:\n  growth: {name: no, type: PAID, isDefault: yes}\n"
    assert rules(text) == ["ambiguous-scalar", "ambiguous-scalar"]
    assert rules("version: 1\nlicenses: {1: {name: A, type: PAID}}") == ["non-string-key"]
    assert rules("version: 1\nlicenses: {aa: *b}") == ["unknown-alias"]


SCOPED = """version: 1
groups: {quotas: {name: Quotas}}
entitlements: {seats: {name: Seats, type: NUMBER, groups: [quotas, theirs]}}
licenses: {growth: {name: Growth, type: PAID, entitlements: {seats: 1, their-calls: 2}}}
"""


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), ["undeclared-group", "undeclared-entitlement"]),
        (Scope({"group": ("!theirs",), "entitlement": ("!their-*",)}), []),
        (Scope({"group": ("quotas",), "entitlement": ("seats",), "license": ("growth",)}), []),
        (
            Scope({"group": ("x",), "entitlement": ("x",), "license": ("!growth",)}),
            ["outside-scope", "outside-scope", "outside-scope"],
        ),
    ],
)
def test_the_scope_says_what_is_declared_elsewhere(scope: Scope, expected: list[str]) -> None:
    assert rules(SCOPED, scope) == expected


def test_a_family_has_one_default_however_it_is_spelled() -> None:
    default = "{name: A, type: PAID, isDefault: true"
    text = f"version: 1\nlicenses:\n  aa: {default}}}\n  bb: {default}, familySlug: aa}}\n"
    assert rules(text) == ["several-defaults"]
    text = f"version: 1\nlicenses:\n  aa: {default}}}\n  bb: {default}, familySlug: cc}}\n"
    assert rules(text) == []


@settings(max_examples=300)
@given(st.data())
def test_a_mutated_catalog_never_raises(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TEXT)))
    end = data.draw(st.integers(start, min(len(TEXT), start + 30)))
    junk = data.draw(st.text(st.sampled_from("{}[]:,-\n \"'#&*!|>~1ab"), max_size=6))
    text = TEXT[:start] + junk + TEXT[end:]
    document, findings = parse_yaml("c.yaml", text, split_lines(text))
    merged, _ = merge_documents([document], [document])
    found = check(merged, Scope({"license": ("g*",)}))
    build_desired(merged)
    lines = split_lines(text)
    for finding in (*findings, *found):
        assert finding.ref
        assert 1 <= finding.ref.line <= len(lines)


KEYS = ["name", "type", "value", "groups", "entitlements", "aa", "bb", "isDefault"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["unlimited", "NUMBER", "aa"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["name", "type", "value", "groups", "entitlements", "aa", "bb", "isDefault"]
            ),
            inner,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300)
@given(groups=ANYTHING, entitlements=ANYTHING, licenses=ANYTHING)
def test_any_shape_is_tolerated(groups: object, entitlements: object, licenses: object) -> None:
    sections = {"groups": groups, "entitlements": entitlements, "licenses": licenses}
    text = json.dumps({"version": 1, **sections})
    document, _ = parse_yaml("c.yaml", text, (text,))
    merged, _ = merge_documents([document], ())
    check(merged)
    build_desired(merged)


def load(folder: Path, licenses: int) -> DesiredState:
    """A catalog with 50 grants per license, read and checked."""
    grants = "".join(f"      ent-{j}: {j * 10}\n" for j in range(50))
    entitlements = "".join(f"  ent-{j}: {{name: E, type: NUMBER}}\n" for j in range(50))
    declared = "".join(
        f"  lic-{i}:\n    name: L\n    type: PAID\n    entitlements:\n{grants}"
        for i in range(licenses)
    )
    text = f"version: 1\nentitlements:\n{entitlements}licenses:\n{declared}"
    (folder / "c.yaml").write_text(text)
    documents, findings = read_documents(["c.yaml"], root=folder)
    merged, more = merge_documents(documents, ())
    assert [*findings, *more, *check(merged)] == []
    return build_desired(merged)


def test_a_catalog_of_20_000_grants_is_checked(tmp_path: Path) -> None:
    assert len(load(tmp_path, 400).resources) == 20_450


def test_the_work_of_a_check_grows_with_the_catalog_and_no_faster(tmp_path: Path) -> None:
    def calls(licenses: int) -> int:
        """How many functions are called: the same on every machine."""
        count = 0

        def note(_frame: FrameType, kind: str, _arg: object) -> None:
            nonlocal count
            count += kind in ("call", "c_call")

        sys.setprofile(note)
        try:
            load(tmp_path, licenses)
        finally:
            sys.setprofile(None)
        return count

    calls(1)  # what is done once and remembered
    few, many = calls(10), calls(40)
    assert few > 10_000
    assert many < 4.1 * few


def test_importing_the_stages_does_not_import_jsonschema() -> None:
    code = (
        "import sys, kaiten_sync.declare, kaiten_sync.validate;"
        "sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
