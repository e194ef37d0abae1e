"""JUnit XML, which CI systems show as tests. Stage 7."""

from __future__ import annotations

from xml.etree.ElementTree import Element, indent, tostring


def junit_text(root: Element) -> str:
    """The document. What is in it went through `safe_text`, so XML can hold all of it."""
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'
