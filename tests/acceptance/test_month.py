"""A month of a team runs as its page in the docs shows it."""

from __future__ import annotations

from tests.acceptance.month import PAGE, told


def test_a_month_of_a_team() -> None:
    assert told() == PAGE.read_text(encoding="utf-8"), "python -m tests.acceptance.month"
