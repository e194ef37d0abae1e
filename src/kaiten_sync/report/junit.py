"""JUnit XML, which CI systems show as tests. Stage 7."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kaiten_sync.report.failure import reasons_of
from kaiten_sync.report.safe_text import safe_text

if TYPE_CHECKING:
    from kaiten_sync.documents.parts import ErrorDocument


def junit_text(root: Element) -> str:
    """The document. What is in it went through `safe_text`, so XML can hold all of it."""
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def error_case(classname: str, name: str, failed: ErrorDocument) -> Element:
    """A case that could not be looked at, and why."""
    case = Element("testcase", {"classname": classname, "name": name})
    attributes = {"type": failed.kind, "message": safe_text(failed.message)}
    SubElement(case, "error", attributes).text = "\n".join(reasons_of(failed)) or None
    return case
