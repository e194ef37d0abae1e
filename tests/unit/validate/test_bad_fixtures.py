"""Each bad fixture has one fault, and is named after it. Here is where it must be found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kaiten_sync.declare import merge_documents, read_documents
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.rules import RULES
from kaiten_sync.pipeline import read_project
from kaiten_sync.report.diagnostics_text import render_text
from kaiten_sync.validate import check, load_schema

BAD = Path(__file__).parents[2] / "fixtures" / "bad"

CATALOG_FAULTS: dict[str, list[tuple[str, int, int]]] = {
    "alias-bomb": [("alias-bomb", 12, 27)],
    "ambiguous-scalar-base-60": [("ambiguous-scalar", 4, 11)],
    "ambiguous-scalar-date": [("ambiguous-scalar", 4, 11)],
    "ambiguous-scalar-grant": [("ambiguous-scalar", 9, 18)],
    "ambiguous-scalar-hex": [("ambiguous-scalar", 4, 11)],
    "ambiguous-scalar-key": [("ambiguous-scalar", 3, 3)],
    "ambiguous-scalar-no": [("ambiguous-scalar", 4, 11)],
    "ambiguous-scalar-octal": [("ambiguous-scalar", 4, 11)],
    "ambiguous-scalar-on": [("ambiguous-scalar", 4, 11)],
    "ambiguous-scalar-plus": [("ambiguous-scalar", 4, 11)],
    "ambiguous-scalar-point": [("ambiguous-scalar", 4, 11)],
    "ambiguous-scalar-underscore": [("ambiguous-scalar", 4, 11)],
    "anchor-without-period": [("anchor-without-period", 6, 5)],
    "bad-grant-list": [("bad-grant", 9, 18)],
    "bad-grant-value": [("bad-grant", 9, 26)],
    "bad-grant": [("bad-grant", 9, 18)],
    "bad-icon": [("bad-icon", 6, 11)],
    "bad-merge-key": [("bad-merge-key", 4, 9)],
    "bad-slug-family": [("bad-slug", 6, 17)],
    "bad-slug-long": [("bad-slug", 3, 3)],
    "bad-slug-newline": [("bad-slug", 3, 3)],
    "bad-slug-short": [("bad-slug", 3, 3)],
    "bad-slug": [("bad-slug", 3, 3)],
    "control-character-escaped": [("control-character", 3, 18)],
    "control-character-nul": [("control-character", 3, 21)],
    "control-character": [("control-character", 3, 21)],
    "custom-tag-python": [("custom-tag", 3, 11)],
    "custom-tag-str": [("custom-tag", 3, 18)],
    "custom-tag": [("custom-tag", 3, 18)],
    "default-not-published": [("default-not-published", 7, 5)],
    "duplicate-key-field": [("duplicate-key", 6, 5)],
    "duplicate-key-merge": [("duplicate-key", 6, 5)],
    "duplicate-key": [("duplicate-key", 4, 3)],
    "empty-object-license": [("empty-object", 3, 3)],
    "empty-object": [("empty-object", 9, 7)],
    "empty-section": [("empty-section", 2, 1)],
    "latest-with-reset": [("latest-with-reset", 7, 5)],
    "lfs-pointer": [("lfs-pointer", 1, 1)],
    "missing-field-name": [("missing-field", 3, 3)],
    "missing-field-type": [("missing-field", 3, 3)],
    "missing-field-value": [("missing-field", 9, 7)],
    "missing-version-empty": [("missing-version", 1, 1)],
    "missing-version": [("missing-version", 1, 1)],
    "merge-conflict-three-sides": [("merge-conflict", 3, 1)],
    "merge-conflict-whole": [("merge-conflict", 1, 1)],
    "merge-conflict": [("merge-conflict", 5, 1)],
    "multiple-documents": [("multiple-documents", 2, 1)],
    "negative-value-fraction": [("negative-value", 9, 26)],
    "negative-value": [("negative-value", 9, 18)],
    "non-finite-number-nan": [("non-finite-number", 9, 18)],
    "non-finite-number-overflow": [("non-finite-number", 9, 18)],
    "non-finite-number": [("non-finite-number", 9, 18)],
    "non-string-key-list": [("non-string-key", 3, 5)],
    "non-string-key-null": [("non-string-key", 3, 3)],
    "non-string-key": [("non-string-key", 4, 3)],
    "not-utf-8-utf-16": [("not-utf-8", 1, 1)],
    "not-utf-8": [("not-utf-8", 3, 20)],
    "null-field-protect": [("null-field", 3, 26)],
    "null-field-grants": [("null-field", 6, 5)],
    "null-field-state": [("null-field", 6, 5)],
    "null-field-value": [("null-field", 9, 19)],
    "null-field": [("null-field", 3, 12)],
    "number-only-field-warning": [("number-only-field", 6, 5)],
    "number-only-field": [("number-only-field", 6, 5)],
    "number-too-large-digits": [("number-too-large", 9, 18)],
    "number-too-large": [("number-too-large", 9, 18)],
    "other-file-plan": [("other-file", 1, 1)],
    "other-file-project": [("other-file", 1, 1)],
    "other-file": [("other-file", 1, 1)],
    "out-of-range-factor": [("out-of-range", 10, 21)],
    "out-of-range-order-large": [("out-of-range", 6, 19)],
    "out-of-range-order": [("out-of-range", 6, 19)],
    "out-of-range": [("out-of-range", 6, 30)],
    "overage-not-allowed": [("overage-not-allowed", 9, 32)],
    "overage-range-below": [("overage-range", 9, 45)],
    "overage-range-unlimited": [("overage-range", 9, 29)],
    "overage-range": [("overage-range", 9, 45)],
    "overage-with-unlimited": [("overage-with-unlimited", 9, 37)],
    "pasted-text": [("pasted-text", 1, 1)],
    "recursive-alias": [("recursive-alias", 5, 18)],
    "secret-in-file": [("secret-in-file", 5, 22)],
    "several-defaults": [("several-defaults", 4, 61)],
    "text-length-blank": [("text-length", 3, 18)],
    "text-length-description": [("text-length", 6, 18)],
    "text-length-empty": [("text-length", 3, 18)],
    "text-length-invisible": [("text-length", 3, 18)],
    "text-length-name": [("text-length", 3, 18)],
    "text-length-unit": [("text-length", 6, 19)],
    "text-length-version-name": [("text-length", 6, 18)],
    "undeclared-entitlement": [("undeclared-entitlement", 7, 7)],
    "undeclared-group": [("undeclared-group", 5, 55)],
    "units-incomplete-base": [("units-incomplete", 6, 5)],
    "units-incomplete-sale": [("units-incomplete", 8, 5)],
    "units-incomplete": [("units-incomplete", 6, 5)],
    "unknown-alias": [("unknown-alias", 3, 11)],
    "unknown-field-grant": [("unknown-field", 9, 29)],
    "unknown-field-group": [("unknown-field", 5, 5)],
    "unknown-field-top": [("unknown-field", 2, 1)],
    "unknown-field": [("unknown-field", 6, 5)],
    "unknown-value-type": [("unknown-value", 3, 38)],
    "unknown-value": [("unknown-value", 6, 21)],
    "unknown-version-text": [("unknown-version", 1, 10)],
    "unknown-version": [("unknown-version", 1, 10)],
    "version-without-family": [("version-without-family", 6, 5)],
    "wrong-type-grants": [("wrong-type", 6, 19)],
    "wrong-type-list": [("wrong-type", 6, 13)],
    "wrong-type-object": [("wrong-type", 3, 11)],
    "wrong-type-protect": [("wrong-type", 6, 14)],
    "wrong-type-root": [("wrong-type", 1, 1)],
    "wrong-type-section": [("wrong-type", 3, 3)],
    "wrong-type": [("wrong-type", 6, 19)],
    "wrong-value-type-boolean": [("wrong-value-type", 9, 18)],
    "wrong-value-type-config": [("wrong-value-type", 9, 18)],
    "wrong-value-type-number": [("wrong-value-type", 9, 18)],
    "wrong-value-type-object": [("wrong-value-type", 9, 26)],
    "wrong-value-type-tag": [("wrong-value-type", 9, 19)],
    "wrong-value-type-unlimited": [("wrong-value-type", 9, 18)],
    "yaml-syntax-quote": [("yaml-syntax", 3, 18)],
    "yaml-syntax-tab": [("yaml-syntax", 3, 1)],
    "yaml-syntax": [("yaml-syntax", 4, 8)],
}

PROJECT_FAULTS: dict[str, list[tuple[str, int, int]]] = {
    "bad-rule-both": [("bad-rule", 5, 31)],
    "bad-rule-neither": [("bad-rule", 5, 7)],
    "duplicate-rule": [("duplicate-rule", 6, 14)],
    "missing-field-rule": [("missing-field", 5, 7)],
    "bad-expression": [("bad-expression", 6, 19)],
    "bad-expression-block": [("bad-expression", 8, 26)],
    "bad-expression-number": [("bad-expression", 5, 23)],
    "bad-expression-syntax": [("bad-expression", 5, 40)],
    "text-length-expression": [("text-length", 5, 23)],
    "wrong-type-rule": [("wrong-type", 5, 23)],
    "unknown-value-automatic": [("unknown-value", 4, 23)],
    "bad-install-source": [("bad-install-source", 3, 14)],
    "bad-install-source-plain": [("bad-install-source", 3, 14)],
    "bad-target-name": [("bad-target-name", 4, 3)],
    "circular-order-self": [("circular-order", 4, 47)],
    "circular-order": [("circular-order", 4, 47)],
    "unknown-target": [("unknown-target", 5, 49)],
    "bad-token-none": [("bad-token", 4, 43)],
    "bad-token-two": [("bad-token", 4, 43)],
    "bad-url-port": [("bad-url", 4, 15)],
    "bad-url-query": [("bad-url", 4, 15)],
    "bad-url-scheme": [("bad-url", 4, 15)],
    "bad-url": [("bad-url", 4, 15)],
    "missing-field-catalog": [("missing-field", 1, 1)],
    "other-file": [("other-file", 1, 1)],
    "missing-field-url": [("missing-field", 4, 3)],
    "missing-version": [("missing-version", 1, 1)],
    "secret-in-file-block": [("secret-in-file", 6, 12)],
    "secret-in-file-env": [("secret-in-file", 4, 56)],
    "secret-in-file-key": [("unknown-field", 6, 5), ("secret-in-file", 6, 16)],
    "secret-in-file-token": [("secret-in-file", 4, 50)],
    "secret-in-file-url": [("secret-in-file", 4, 15)],
    "template": [("template", 4, 15)],
    "unknown-field-policy": [("unknown-field", 3, 10)],
    "unknown-field-target": [("unknown-field", 4, 43)],
    "text-length-rule": [("text-length", 5, 13)],
    "unknown-field": [("unknown-field", 3, 1)],
    "unknown-value-generation": [("unknown-value", 4, 55)],
    "unknown-value-limit": [("unknown-value", 3, 22)],
    "unknown-value-on-tighten": [("unknown-value", 3, 21)],
    "unknown-value-negative": [("unknown-value", 3, 22)],
    "unknown-value-prune": [("unknown-value", 3, 17)],
    "unknown-version": [("unknown-version", 1, 10)],
    "wrong-type-require": [("wrong-type", 4, 56)],
    "wrong-type-root": [("wrong-type", 1, 1)],
    "wrong-type-scope": [("wrong-type", 3, 20)],
    "wrong-type-targets": [("wrong-type", 3, 10)],
    "wrong-type-url": [("wrong-type", 4, 15)],
}

SCHEMA_RULES = {
    "bad-format",
    "bad-grant",
    "bad-icon",
    "bad-slug",
    "missing-version",
    "out-of-range",
    "text-length",
    "unknown-field",
    "unknown-value",
    "unknown-version",
    "wrong-type",
}
"""What a schema alone can see, in an editor, while a catalog is typed."""

BEYOND_SCHEMA = {
    "bad-expression",
    "bad-expression-block",
    "bad-expression-number",
    "bad-expression-syntax",
    "bad-slug-newline",
    "bad-url-port",
    "circular-order",
    "circular-order-self",
    "duplicate-rule",
    "unknown-target",
}
"""A slug that ends in a line break (Python's `$` lets it pass); a port that is no number; names;
expressions.
"""


def findings_of(name: str) -> tuple[Diagnostic, ...]:
    documents, found = read_documents([f"{name}.yaml"], root=BAD)
    merged, more = merge_documents(documents, ())
    return tuple(sorted((*found, *more, *check(merged)), key=lambda finding: finding.sort_key))


def places(findings: tuple[Diagnostic, ...]) -> list[tuple[str, int, int]]:
    return [(f.rule, f.ref.line, f.ref.column) for f in findings if f.ref]


@pytest.mark.parametrize("name", CATALOG_FAULTS)
def test_a_catalog_fault_is_found_where_it_is(name: str) -> None:
    assert places(findings_of(name)) == CATALOG_FAULTS[name]


@pytest.mark.parametrize("name", PROJECT_FAULTS)
def test_a_project_fault_is_found_where_it_is(name: str) -> None:
    project, findings = read_project(BAD / "project" / f"{name}.yaml")
    assert project is None
    assert places(findings) == PROJECT_FAULTS[name]


def test_every_fixture_is_in_the_table_and_named_after_a_rule() -> None:
    assert {path.stem for path in BAD.glob("*.yaml")} == set(CATALOG_FAULTS)
    assert {path.stem for path in (BAD / "project").glob("*.yaml")} == set(PROJECT_FAULTS)
    for name in (*CATALOG_FAULTS, *PROJECT_FAULTS):
        assert any(name == rule or name.startswith(f"{rule}-") for rule in RULES), name


@pytest.mark.parametrize("name", PROJECT_FAULTS)
def test_a_credential_is_never_shown(name: str) -> None:
    _, findings = read_project(BAD / "project" / f"{name}.yaml")
    assert "hunter2" not in repr(findings)
    assert "hunter2" not in render_text(findings, color=False)
    assert "ksh_0" not in repr(findings)


def test_every_finding_is_readable() -> None:
    for name in CATALOG_FAULTS:
        for finding in findings_of(name):
            assert len(finding.message) < 300
            assert "{'" not in finding.message
            assert finding.rule in RULES


def is_seen_by_schema(name: str, faults: list[tuple[str, int, int]]) -> bool:
    return faults[0][0] in SCHEMA_RULES and name not in BEYOND_SCHEMA


@pytest.mark.parametrize(
    "name", [name for name, faults in CATALOG_FAULTS.items() if is_seen_by_schema(name, faults)]
)
def test_the_catalog_schema_alone_refuses_shape_faults(name: str) -> None:
    (document,), _ = read_documents([f"{name}.yaml"], root=BAD)
    assert not is_valid("catalog", document.root.plain())


@pytest.mark.parametrize("name", [name for name in PROJECT_FAULTS if name not in BEYOND_SCHEMA])
def test_the_project_schema_alone_refuses_what_the_reader_refuses(name: str) -> None:
    (document,), _ = read_documents([f"project/{name}.yaml"], root=BAD)
    assert not is_valid("project", document.root.plain())


def is_valid(schema: str, value: Any) -> bool:
    return Draft202012Validator(load_schema(schema)).is_valid(value)
