"""Generations of the Kaiten API."""

from __future__ import annotations

from enum import StrEnum


class Generation(StrEnum):
    """Generations of the API that differ in the fields they know.

    Source: API facts, section 5 (G0 is the getting-started page's, G1 the 1.0 contract's).
    """

    GETTING_STARTED = "getting-started"
    CURRENT = "current"
