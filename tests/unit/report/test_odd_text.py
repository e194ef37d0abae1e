"""Text from outside is shown in every format of every document, and obeyed in none.

The values have odd text in every field that is not ours: terminal escapes, commands to CI
systems, bidirectional overrides, markup, line ends.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.html import Html
from tests.unit.report.strategies import (
    LEAN,
    apply_results,
    built,
    comparisons,
    diagnostics,
    drift_reports,
    examinations,
    impacts,
    plans,
    price_tables,
    texts,
    without_isolates,
)

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Plan
from kaiten_sync.plan.plan_file import write_plan
from kaiten_sync.report.formats import DOCUMENTS
from kaiten_sync.report.impact_csv import text_cell
from kaiten_sync.report.markdown import code
from kaiten_sync.report.safe_text import json_text, safe_text
from kaiten_sync.report.views import DriftView, ExaminationView, Look, PlanView

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "doctor": examinations().map(
        lambda found: ExaminationView(
            examination=found, codes={each.name: 6 for each in found.targets}
        )
    ),
    "plan": built(
        PlanView,
        plan=plans(),
        write=st.just(write_plan),
        diagnostics=diagnostics(),
        impact=st.none() | impacts(),
    ),
    "impact": impacts(),
    "table": price_tables(),
    "drift": built(DriftView, reports=st.lists(drift_reports(), min_size=1, max_size=2)),
    "apply": apply_results(),
    "compare": comparisons(),
    "diagnostics": diagnostics(),
}
FORMATS = [(document, name) for document, formats in DOCUMENTS.items() for name in formats]

_STYLE = re.compile("\x1b\\[[0-9;]*m")
_OLD_COMMAND = re.compile(r"##\w*\[")
_COMMAND = re.compile(r"::(error|warning|notice) (\w+=[^,:]*,?)+::")
_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section"),
    *("h1", "h2", "h3", "p", "div", "span", "code", "ul", "li", "dl", "dt", "dd"),
    *("details", "summary", "article", "table", "thead", "tbody", "tr", "th", "td", "meter"),
}
_CASES = {"testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"}
_FENCED = re.compile(r"^(`{3,})(diff|text|sh)\n(.*?)\n\1$", re.M | re.S)
_CODE = re.compile(r"<code>[^<]*</code>")
_MARKDOWN_TAGS = {
    *("<h3>", "<h4>", "<details>", "<summary>", "<div>", "<b>", "<p>"),
    *("<table>", "<tr>", "<th>", "<td>"),
}


def shows_only_characters(text: str) -> None:
    for line in text.split("\n"):
        assert without_isolates(line.replace("\t", "")).isprintable(), repr(line)


def is_obeyed_by_no_runner(text: str) -> None:
    """Source: actions/runner, `ActionCommand.cs`: how a line of a log is read."""
    for line in re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text):
        assert not line.lstrip().startswith("::"), line
        assert not _OLD_COMMAND.search(line), line


def is_markdown_of_ours(text: str) -> None:
    outside = _CODE.sub("", _FENCED.sub("", text))
    outside = re.sub(r"^<!-- kaiten-sync plan (unsealed|sha256:\w+) -->$", "", outside, flags=re.M)
    tags = {tag.replace("/", "") for tag in re.findall(r"<[^>]*>?", outside)}
    assert tags <= _MARKDOWN_TAGS, tags - _MARKDOWN_TAGS
    assert "obeyed" not in outside
    assert "```" not in outside
    assert not re.search(r"<(script|img)\b", text)
    assert not re.search(r"javascript|https?://|@|日本", outside), outside


def is_html_of_ours(text: str) -> None:
    page = Html(text)
    elements = list(page.root.iter())
    assert {element.tag for element in elements} <= _TAGS
    attributes = {name for element in elements for name in element.attrib}
    assert not any(name.startswith("on") or name in ("href", "src") for name in attributes)


def is_junit_of_ours(text: str) -> None:
    assert {element.tag for element in Xml.fromstring(text).iter()} <= _CASES


def is_json(text: str) -> None:
    json.loads(text)


def is_csv_of_text(text: str) -> None:
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {len(rows[0])}
    for cell in (cell for row in rows for cell in row if not re.fullmatch(r"-?[\d.e+-]+", cell)):
        assert not re.search(r"(^|;)\s*[=+@]", cell), cell


CHECKS: dict[str, tuple[Callable[[str], None], ...]] = {
    "text": (is_obeyed_by_no_runner,),
    "json": (is_obeyed_by_no_runner, is_json),
    "markdown": (is_obeyed_by_no_runner, is_markdown_of_ours),
    "html": (is_obeyed_by_no_runner, is_html_of_ours),
    "junit": (is_obeyed_by_no_runner, is_junit_of_ours),
    "sarif": (is_obeyed_by_no_runner, is_json),
    "gitlab": (is_obeyed_by_no_runner, is_json),
    "csv": (is_obeyed_by_no_runner, is_csv_of_text),
    "github": (),  # it is made of commands: see below
}


@pytest.mark.parametrize(("document", "name"), FORMATS)
@LEAN
@given(st.data())
def test_text_from_outside_is_not_obeyed(document: str, name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[document])
    text = DOCUMENTS[document][name](value, Look())
    shows_only_characters(text)
    for check in CHECKS[name]:
        check(text)


@pytest.mark.parametrize("text", ["=1", " =1", "\n-1", "a;=1", "a; @b", "＝1"])
def test_no_text_is_a_formula_in_any_language(text: str) -> None:
    assert text_cell(text).count("'") == 1


def test_a_name_is_no_link() -> None:
    assert "www." not in code("www.example.com").lower()
    assert "www." not in code("WWW.example.com").lower()


@pytest.mark.parametrize("document", DOCUMENTS)
@LEAN
@given(st.data())
def test_color_is_all_that_a_terminal_obeys(document: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[document])
    render = DOCUMENTS[document]["text"]
    assert _STYLE.sub("", render(value, Look(color=True))) == render(value, Look())


@LEAN
@given(diagnostics())
def test_each_diagnostic_is_one_command_to_github(found: list[Diagnostic]) -> None:
    text = DOCUMENTS["diagnostics"]["github"](found, Look())
    lines = text.splitlines()
    assert len(lines) == len(found)
    for line in lines:
        command = _COMMAND.match(line)
        assert command, line
        said = line[command.end() :].replace("%0A", "\n").replace("%25", "%")
        is_obeyed_by_no_runner(said)


@LEAN
@given(plans())
def test_json_of_a_plan_means_what_its_file_means(plan: Plan) -> None:
    document = PlanView(plan=plan, write=write_plan)
    shown = DOCUMENTS["plan"]["json"](document, Look())
    assert json.loads(shown) == json.loads(write_plan(plan))


@given(texts)
def test_json_keeps_what_text_says(text: str) -> None:
    assert json.loads(json_text({text: [text]})) == {text: [text]}


@given(texts)
def test_text_in_place_keeps_its_columns(text: str) -> None:
    assert len(safe_text(text, in_place=True)) == len(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "�:error::x"),
        ("  ::add-mask::x", "  �:add-mask::x"),
        ("\n::error::x", " �:error::x"),
        ("at ::1", "at ::1"),
        ("##[group]x", "##�group]x"),
        ("say ###vso[x]", "say ###vso�x]"),
        ("## [not one]", "## [not one]"),
        ("\x1b[1m#\x1b[0m#[group]", "##�group]"),
    ],
)
def test_commands_to_ci_systems_are_disarmed(text: str, shown: str) -> None:
    assert safe_text(text) == shown
