"""Diagnostics in every format."""

from __future__ import annotations

import json
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report.test_json import check

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.source import SourceRef
from kaiten_sync.report.diagnostics_github import render_github
from kaiten_sync.report.diagnostics_json import render_json
from kaiten_sync.report.diagnostics_sarif import render_sarif
from kaiten_sync.report.diagnostics_text import render_text
from kaiten_sync.report.source_line import WIDTH, excerpt

TYPO = Diagnostic(
    rule="unknown-field",
    message="unknown field 'desciption'",
    ref=SourceRef("catalog/growth.yaml", 12, 5),
    address="license/growth",
    hint="did you mean 'description'?",
    line_text="    desciption: For teams",
)
BARE = Diagnostic(
    rule="no-such-file",
    message="there is no such file",
    ref=SourceRef("a,b: 100%/ü.yaml", 1, 1),
    severity=Severity.WARNING,
)


def test_text_shows_the_place_the_line_and_what_to_do() -> None:
    assert (
        render_text([TYPO, BARE], color=False)
        == """\
catalog/growth.yaml:12:5: error[unknown-field] license/growth: unknown field 'desciption'
  12 |     desciption: For teams
     |     ^
  help: did you mean 'description'?

a,b: 100%/ü.yaml:1:1: warning[no-such-file] there is no such file

1 error, 1 warning in 2 files
"""
    )


def test_color_is_only_added() -> None:
    import re

    colored = render_text([TYPO], color=True)
    assert "\x1b[" in colored
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == render_text([TYPO], color=False)


def test_nothing_wrong_is_no_text() -> None:
    assert render_text([], color=True) == ""
    assert render_github([]) == ""
    assert json.loads(render_json([])) == {
        "formatVersion": 1,
        "diagnostics": [],
        "errors": 0,
        "warnings": 0,
    }
    assert json.loads(render_sarif([]))["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("line", "column", "pointer"),
    [
        ("abc", 2, " ^"),
        ("abc", 4, "   ^"),
        ("\ta\tb", 4, "\t \t^"),
        ("日本: x", 5, "      ^"),
        ("e\u0301: x", 3, " ^"),
        ("", 1, "^"),
        ("ab", 99, "  ^"),
    ],
)
def test_the_pointer_stands_below_the_column(line: str, column: int, pointer: str) -> None:
    assert excerpt(line, column) == (line, pointer)


def test_a_long_line_is_cut_around_the_column() -> None:
    line = "a" * 5000 + "X" + "b" * 5000
    shown, pointer = excerpt(line, 5001)
    assert len(shown) == WIDTH + 2
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert shown[len(pointer) - 1] == "X"


@given(st.text(max_size=300), st.integers(1, 400))
def test_a_line_cannot_move_the_cursor(line: str, column: int) -> None:
    shown, pointer = excerpt(line, column)
    acted_on = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not acted_on & {category(character) for character in shown.replace("\t", "")}
    assert not set("\n\r\x1b\x07\u202e") & set(shown + pointer)
    assert pointer.endswith("^")


def test_escape_sequences_in_names_are_not_sent_to_the_terminal() -> None:
    evil = Diagnostic(rule="r", message="\x1b[2J\n", ref=SourceRef("\x1b]0;x\x07.yaml", 1, 1))
    assert "\x1b" not in render_text([evil], color=False)


def test_json_has_every_field() -> None:
    document = json.loads(render_json([TYPO, BARE]))
    check("validation", document)
    check("validation", json.loads(render_json([])))
    assert document["errors"] == 1
    assert document["warnings"] == 1
    assert document["diagnostics"][0] == {
        "file": "catalog/growth.yaml",
        "line": 12,
        "column": 5,
        "severity": "error",
        "rule": "unknown-field",
        "address": "license/growth",
        "message": "unknown field 'desciption'",
        "hint": "did you mean 'description'?",
        "lineText": "    desciption: For teams",
    }


def test_github_commands_are_escaped() -> None:
    assert render_github([TYPO, BARE]) == (
        "::error file=catalog/growth.yaml,line=12,col=5,title=unknown-field"
        "::license/growth: unknown field 'desciption'%0Ahelp: did you mean 'description'?\n"
        "::warning file=a%2Cb%3A 100%25/ü.yaml,line=1,col=1,title=no-such-file"
        "::there is no such file\n"
    )


def test_a_log_of_github_shows_names_and_obeys_none() -> None:
    evil = TYPO.changed(message="unknown field 'a\x1b[31m\n::stop'", ref=SourceRef("a\x1b", 1, 1))
    (line,) = render_github([evil]).splitlines()
    assert "unknown field 'a ::stop'%0Ahelp: " in line
    assert "\x1b" not in line


def test_sarif_lists_rules_once_and_points_to_them() -> None:
    log = json.loads(render_sarif([TYPO, BARE, TYPO]))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["no-such-file", "unknown-field"]
    assert all(rule["shortDescription"]["text"].endswith(".") for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert run["results"][0]["level"] == "error"
    location = run["results"][0]["locations"][0]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "catalog/growth.yaml"},
        "region": {"startLine": 12, "startColumn": 5},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "license/growth"}]
    other = run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert other["uri"] == "a%2Cb%3A%20100%25/%C3%BC.yaml"


def test_an_absolute_path_is_a_file_uri() -> None:
    finding = Diagnostic(rule="r", message="m", ref=SourceRef("/tmp/a b.yaml", 1, 1))
    assert '"file:///tmp/a%20b.yaml"' in render_sarif([finding])
