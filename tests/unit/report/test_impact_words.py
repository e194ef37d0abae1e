"""Shares in percent, of whatever a server reports as used."""

from __future__ import annotations

import math

import pytest

from kaiten_sync.report.impact_words import share


@pytest.mark.parametrize(
    ("used", "whole", "percent"),
    [
        (None, 10, 0),
        (5, None, 0),
        (5, math.inf, 0),
        (-1, 10, 0),
        (1, 3, 33),
        (20, 10, 100),
        (1, 0, 100),
        (1, 5e-324, 100),
        (1e308, 1, 100),
    ],
)
def test_a_share_is_a_percentage_of_at_most_100(
    used: float | None, whole: float | None, percent: int
) -> None:
    assert share(used, whole) == percent
