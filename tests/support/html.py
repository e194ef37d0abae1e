"""Reads pages as a strict parser does, and says what is on them."""

from __future__ import annotations

import warnings
from typing import Any
from xml.etree.ElementTree import Element

with warnings.catch_warnings():
    # It was written for several kinds of trees, and one of them is deprecated.
    warnings.simplefilter("ignore")
    import html5lib


class Html:
    """A page that is valid HTML: whatever is not raises."""

    def __init__(self, text: str) -> None:
        parser: Any = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.root: Element = parser.parse(text)

    @property
    def text(self) -> str:
        """All text on it, with single blanks."""
        return _text(self.root)

    def all(self, tag: str) -> list[Element]:
        """All elements of this name."""
        return list(self.root.iter(tag))

    def value_of(self, name: str) -> str:
        """What is typed in a field."""
        for element in (*self.all("input"), *self.all("textarea")):
            if element.get("name") == name:
                return element.get("value") or element.text or ""
        raise AssertionError(f"there is no field {name}")

    def chosen(self, name: str) -> str:
        """What is chosen in a list to choose from."""
        field = next(each for each in self.all("select") if each.get("name") == name)
        options = list(field.iter("option"))
        selected = [each for each in options if each.get("selected") is not None]
        return (selected or options)[0].get("value") or ""

    def sendable(self, action: str) -> dict[str, list[str]]:
        """What a browser would send of the form that goes there, as it is on the page."""
        forms = [each for each in self.all("form") if each.get("action") == action]
        form = next((each for each in forms if each.get("method") == "post"), forms[0])
        name = form.get("id")
        inside = set(form.iter())
        fields: dict[str, list[str]] = {}
        for field in self.root.iter():
            is_ours = field in inside or (name is not None and field.get("form") == name)
            if is_ours and field.get("name"):
                fields.setdefault(str(field.get("name")), []).extend(_sent(field))
        return fields

    def problem_at(self, name: str) -> str:
        """What is said to be wrong at a field; empty for nothing."""
        return self._text_of(f"problem-{name}")

    def rows(self) -> list[list[str]]:
        """The cells of the bodies of all tables, by row."""
        bodies = self.all("tbody")
        return [[_text(cell) for cell in row] for body in bodies for row in body]

    def has_link(self, text: str) -> bool:
        """Whether there is a link that says this."""
        return any(_text(link) == text for link in self.all("a"))

    def link(self, text: str) -> str:
        """Where the link leads that says this."""
        return next(str(link.get("href")) for link in self.all("a") if _text(link) == text)

    def _text_of(self, element_id: str) -> str:
        for element in self.root.iter():
            if element.get("id") == element_id:
                return _text(element)
        return ""


def _sent(field: Element) -> list[str]:
    if field.tag == "select":
        options = list(field.iter("option"))
        chosen = [each for each in options if each.get("selected") is not None]
        return [(chosen or options)[0].get("value") or ""]
    if field.tag == "textarea":
        return [field.text or ""]
    if field.get("type") in ("checkbox", "radio"):
        return [str(field.get("value"))] if field.get("checked") is not None else []
    return [field.get("value") or ""]


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
