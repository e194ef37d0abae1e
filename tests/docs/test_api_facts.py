"""Facts about Kaiten's API are on one page, and what the code cites is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path("docs/reference/api-facts.md")
CITATION = re.compile(
    r"\bfacts[,( ]{1,2}(?:sections? )?(\d[\d.]*(?:(?:,| and| to) \d[\d.]*)*)", re.IGNORECASE
)


def cited(text: str) -> list[str]:
    """The sections that a text cites, in its order."""
    on_one_line = re.sub(r"\s+(?:# )?", " ", text)
    groups = CITATION.findall(on_one_line)
    return [number.rstrip(".") for group in groups for number in re.findall(r"\d[\d.]*", group)]


def headings() -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return [number.rstrip(".") for number in re.findall(r"^#{2,3} (\d[\d.]*) ", text, re.M)]


def test_every_cited_section_is_on_the_page() -> None:
    files = [path for folder in ("src", "tests", "docs") for path in Path(folder).rglob("*.*")]
    texts = [path for path in files if path.suffix in (".py", ".md")]
    found = {
        (str(path), number)
        for path in texts
        if path.name != Path(__file__).name
        for number in cited(path.read_text(encoding="utf-8"))
    }
    assert len(found) > 40
    assert {(path, number) for path, number in found if number not in headings()} == set()


def test_no_section_is_there_twice() -> None:
    assert len(headings()) == len(set(headings()))


def test_the_page_is_linked() -> None:
    assert "(reference/api-facts.md)" in Path("docs/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("Source: API facts, section 2.4.", ["2.4"]),
        ("Source: API facts, sections 1.2, 1.3 and 1.5.", ["1.2", "1.3", "1.5"]),
        ("sections of API facts, sections 1.1 to 1.7.\n", ["1.1", "1.7"]),
        ("as the API\n    facts (section 5), over HTTP", ["5"]),
        ("# numbers versions (facts, 2.4)", ["2.4"]),
        ("API facts without a number, and 12 tests", []),
    ],
)
def test_citations_are_found(text: str, sections: list[str]) -> None:
    assert cited(text) == sections
