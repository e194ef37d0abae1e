"""The rule by which observed objects are read, so that planning can count what applying takes."""

from __future__ import annotations

import math

PAGE_SIZE = 200
"""Objects per page of a list, the most the API gives. Source: API facts, section 3."""

READ_SINGLY = 8
"""Up to this many objects of a kind are read one by one, more by list: one round of workers."""


def pages(count: int) -> int:
    """Pages of a list of so many objects: an empty list is a page too."""
    return max(1, math.ceil(count / PAGE_SIZE))
