"""A plan as one HTML file."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from hypothesis import given
from tests.unit.report.strategies import LEAN, NASTY, plan_of, plans, without_isolates

from kaiten_sync.kinds.addresses import license_address
from kaiten_sync.model.change import Action, Change, Effect, FieldChange
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.notice import Notice
from kaiten_sync.report.plan_html import plan_html
from kaiten_sync.report.plan_markdown import plan_markdown

_VOID = {"meta", "br"}
_KNOWN = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "footer",
        "h1",
        "h2",
        "h3",
    ),
    *("div", "p", "ul", "li", "details", "summary", "article", "span", "code", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "open", "aria-label", "scope"),
    "tabindex",
}


class _Page(HTMLParser):
    """Checks that tags nest, and collects what is there."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def test_a_page_needs_nothing_else(plan: Plan) -> None:
    text = plan_html(plan)
    assert text.startswith("<!doctype html>\n")
    assert (
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">" in text
    )
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    assert not re.search(r"url\(|@import|<link|<script|src=|href=", text)


def test_the_riskiest_objects_come_first_with_their_grants(plan: Plan) -> None:
    text = plan_html(plan)
    titles = re.findall(r'<summary><h2>([^<]+) <span class="quiet">', text)
    assert titles == ["Tightens: holders get less", "Changes", "New"]
    assert re.findall(r"<h3><code>(.*?)</code></h3>", text) == [
        *("license/old", "license/growth", "entitlement/api-calls", "license/pro", "group/quotas")
    ]
    shown = " ".join(_Page(text).text.split())
    assert "value 1,000 → 500" in shown
    assert "value.theme dark → light" in shown
    assert "deleted with its grant: api-calls" in shown
    assert plan.digest in shown


def test_nothing_to_do(nothing_to_do: Plan) -> None:
    shown = _Page(plan_html(nothing_to_do)).text
    assert "No changes. local matches the declaration (1 object compared)." in shown


def test_what_a_reader_has_to_know_first_is_there_as_in_markdown(plan: Plan) -> None:
    notices = [
        Notice(message="the plan is refused", details=["a is held"], hint="ask them"),
        Notice(message="A rule of the project warns", details=["many requests"], symbol="⚠️"),
        Notice(message="prod waits for staging", symbol="⏳"),
    ]
    page = _Page(plan_html(plan, notices, is_refused=True))
    written = html.unescape(plan_markdown(plan, notices, is_refused=True))
    for said in [text for each in notices for text in (each.message, *each.details)]:
        assert said in page.text
        assert said in written
    assert "ask them" in page.text
    assert page.tags <= _KNOWN


def test_deletes_that_hurt_nobody_have_their_section() -> None:
    gone = Change(address=license_address("a"), action=Action.DELETE, fields=())
    assert "Deletes and archives" in plan_html(plan_of((gone,)))


def test_hostile_text_is_shown_and_does_nothing() -> None:
    changes = tuple(
        Change(
            address=license_address(f"{position}{nasty}"),
            action=Action.UPDATE,
            fields=(FieldChange(name="name", before=nasty, after=f"{nasty}."),),
            effect=Effect.TIGHTENS,
            reason=nasty,
        )
        for position, nasty in enumerate(NASTY)
    )
    notices = [Notice(message=each, details=[each], hint=each) for each in NASTY]
    page = _Page(plan_html(plan_of(changes, warnings=NASTY), notices))
    assert page.tags <= _KNOWN
    assert page.attributes <= _ATTRIBUTES
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text


@LEAN
@given(plans())
def test_any_plan_is_a_page_of_known_tags(plan: Plan) -> None:
    text = plan_html(plan)
    page = _Page(text)
    assert page.tags <= _KNOWN
    assert page.attributes <= _ATTRIBUTES
    assert without_isolates(text.replace("\n", "")).isprintable()
