"""How diagnostics name several objects."""

from __future__ import annotations

from collections.abc import Sequence

_MOST = 3
"""Names in one diagnostic: enough to recognize the case, few enough to read."""


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:_MOST])
    return shown if len(names) <= _MOST else f"{shown} and {len(names) - _MOST} more"


def plural(count: int, noun: str, several: str | None = None) -> str:
    """The noun for so many: `holder`, or `holders`."""
    return noun if count == 1 else several or f"{noun}s"
