"""Bars over time as numbers that a template draws as SVG: no script and no library to load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kaiten_sync.server.service.saturation import ReportDay

_SLOT = 40
_BAR = 26
_HEIGHT = 120
_LEFT = 44
_TOP = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day: where its bar is, how high its two parts are, and what they stand for."""

    day: ReportDay
    x: int
    accepted_y: float
    accepted_height: float
    refused_y: float
    refused_height: float
    is_labelled: bool

    @property
    def middle(self) -> float:
        """The middle of the bar."""
        return self.x + _BAR / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """All bars, the size of the picture, and the number that its top stands for."""

    bars: Sequence[Bar]
    width: int
    height: int
    bar_width: int
    left: int
    top: int
    base: int
    most: int

    @property
    def accepted(self) -> int:
        """All that was accepted."""
        return sum(bar.day.accepted for bar in self.bars)

    @property
    def refused(self) -> int:
        """All that was refused."""
        return sum(bar.day.refused for bar in self.bars)


def draw_reports(days: Sequence[ReportDay]) -> Chart:
    """Reports by day: accepted ones below, refused ones on top of them."""
    most = max((day.accepted + day.refused for day in days), default=0)
    scale = _HEIGHT / most if most else 0.0
    base = _TOP + _HEIGHT
    bars = [_bar(index, day, scale, base) for index, day in enumerate(days)]
    return Chart(
        bars=bars,
        width=_LEFT + _SLOT * len(days),
        height=base + 24,
        bar_width=_BAR,
        left=_LEFT,
        top=_TOP,
        base=base,
        most=most,
    )


def _bar(index: int, day: ReportDay, scale: float, base: int) -> Bar:
    accepted, refused = round(day.accepted * scale, 2), round(day.refused * scale, 2)
    return Bar(
        day=day,
        x=_LEFT + index * _SLOT + (_SLOT - _BAR) // 2,
        accepted_y=base - accepted,
        accepted_height=accepted,
        refused_y=base - accepted - refused,
        refused_height=refused,
        is_labelled=index % 3 == 1,
    )
