"""Markdown as a CommonMark reader shows it: what is text, what is code, what is folded up."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import html5lib
from markdown_it import MarkdownIt

_READER = MarkdownIt("gfm-like", {"linkify": False})


class Shown:
    """A markdown text as a page."""

    def __init__(self, text: str) -> None:
        page = html5lib.parse(_READER.render(text), namespaceHTMLElements=False)
        body = page.find("body")
        assert body is not None
        self._body: Element = body

    @property
    def text(self) -> str:
        """All that can be read."""
        return "".join(self._body.itertext())

    @property
    def top_level(self) -> list[str]:
        """The elements that are inside no other, by tag."""
        return [each.tag for each in self._body if isinstance(each.tag, str)]

    @property
    def unfolded(self) -> str:
        """What can be read without opening anything."""
        return "".join(_unfolded(self._body))

    @property
    def blocks(self) -> list[str]:
        """The texts of all code blocks that are folded up nowhere."""
        return ["".join(each.itertext()) for each in self._body if each.tag == "pre"]


def _unfolded(element: Element) -> list[str]:
    parts = [element.text or ""]
    for child in element:
        shown = (
            [each for each in child if each.tag == "summary"] if child.tag == "details" else None
        )
        parts += _unfolded(child) if shown is None else [t for e in shown for t in _unfolded(e)]
        parts.append(child.tail or "")
    return parts
