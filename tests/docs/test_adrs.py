"""Decisions are numbered once each, and begin with their number, a date and a status."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path("docs/adr")
_HEAD = re.compile(
    r"# (\d+)\. [^\n]+\n\nDate: \d{4}-\d{2}-\d{2}\. Status: (accepted|replaced)\b[^\n]*\n"
)


def test_every_decision_has_its_own_number_a_date_and_a_status() -> None:
    found: dict[int, str] = {}
    for path in sorted(FOLDER.glob("*.md")):
        number = int(path.name[:4])
        head = _HEAD.match(path.read_text(encoding="utf-8"))
        assert head, path
        assert int(head[1]) == number, path
        assert number not in found, (path.name, found.get(number))
        found[number] = path.name
