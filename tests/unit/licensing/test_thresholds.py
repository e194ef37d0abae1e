"""Caps, maxima and boundaries of warning. Source: API facts, sections 1.3 and 1.5."""

from __future__ import annotations

import math

import pytest

from kaiten_sync.licensing.thresholds import MAX_OVERAGE_PERCENT, maximum, warning_boundary


@pytest.mark.parametrize(
    ("threshold", "overage_percent", "expected"),
    [
        (10, 0, 10),
        (0.1, 0, 0.1),
        (10, 50, 15),
        (10, 100, 20),
        (2.5, 10, 2.75),
        (0, 0, 0),
        (0, 100, 0),
        (10, MAX_OVERAGE_PERCENT, 3286.7),
        (-5, 0, -5),
        (-5, 100, -10),
        (-0.5, 0, -0.5),
        (-1, -1, math.inf),
        (-1.0, -1, math.inf),
        (-1, 0, math.inf),
        (1e308, 200, math.inf),
    ],
)
def test_the_maximum(threshold: float, overage_percent: int, expected: float) -> None:
    assert maximum(threshold, overage_percent) == expected


def test_the_maximum_is_reckoned_in_64_bit_floating_point() -> None:
    assert maximum(0.1, 10) == 0.1 + 0.1 * 10 / 100
    assert maximum(2**53 + 1, 0) == 2.0**53


@pytest.mark.parametrize(
    ("threshold", "percent", "expected"),
    [
        (10, 75, 7.5),
        (10, 100, 10),
        (1000, 80, 800),
        (10, 0, None),
        (-1, 80, None),
        (0, 80, 0),
        (-10, 50, -5),
    ],
)
def test_the_boundary_of_warning(threshold: float, percent: int, expected: float | None) -> None:
    assert warning_boundary(threshold, percent) == expected
