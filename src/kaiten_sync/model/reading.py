"""The rule by which observed objects are read, so that planning can count what applying takes."""

from __future__ import annotations

import math

PAGE_SIZE = 200
"""Objects per page of a list, the most the API gives. Source: API facts, section 3."""

CONNECTIONS = 8
"""Requests side by side, unless a person says otherwise. The defaults of the field's tools are
between 5 and 10."""

MOST_CONNECTIONS = 64
"""Each is a thread here, and a connection of a server that others use as well."""

READ_SINGLY = 8
"""Up to this many objects of a kind are read one by one, more by list: one round of connections."""


def pages(count: int) -> int:
    """Pages of a list of so many objects: an empty list is a page too."""
    return max(1, math.ceil(count / PAGE_SIZE))
