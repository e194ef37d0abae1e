"""git's conflict markers: both sides of a merge in one file, for a person to choose from. Stage 1.

Source: git-merge(1), "How conflicts are presented"; the markers have seven characters by default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_BEGIN = re.compile(r"<{7}(?: |$)")
_MIDDLE = re.compile(r"={7}$")
_END = re.compile(r">{7}(?: |$)")


def conflicts(lines: Sequence[str]) -> Iterator[int]:
    """The lines at which conflicts begin, counted from 1. Half a conflict is none."""
    begun: int | None = None
    is_second_side = False
    for number, line in enumerate(lines, 1):
        if _BEGIN.match(line):
            begun, is_second_side = number, False
        elif begun is not None and _MIDDLE.match(line):
            is_second_side = True
        elif begun is not None and is_second_side and _END.match(line):
            yield begun
            begun = None
