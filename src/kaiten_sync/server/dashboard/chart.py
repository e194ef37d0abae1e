"""Charts as the tables that they are drawn of: pages show the table, and a script draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from kaiten_sync.server.dashboard.figures import show_number
from kaiten_sync.server.domain.saturation import ratio_to
from kaiten_sync.server.service.saturation import Meter
from kaiten_sync.server.service.usage_days import SHOWN_DAYS, ReportDay, usage_by_day
from kaiten_sync.server.service.work import Work

MAX_LINES = 5
"""Lines in one chart: as many as a reader can distinguish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number of a series, which may be unknown; `ratio` is its part of the threshold if any.

    A number of reports has no unit.
    """

    value: float | None
    ratio: float | None = None
    unit_singular: str | None = None
    unit_plural: str | None = None

    @property
    def height(self) -> float | None:
        """How high it is drawn: in percent where there is a threshold."""
        return self.value if self.ratio is None else self.ratio * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line, or one part of each bar, with a cell for each day."""

    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Series over the same days, which are named by their start. Without series it is empty."""

    kind: Literal["bars", "lines"]
    caption: str
    days: Sequence[int]
    series: Sequence[Series]


def chart_reports(days: Sequence[ReportDay], what: str) -> Chart:
    """Reports by day: accepted ones below, refused ones on top of them."""
    accepted, refused = sum(day.accepted for day in days), sum(day.refused for day in days)
    series = (
        Series(label="accepted", cells=[Cell(value=day.accepted) for day in days]),
        Series(label="refused", cells=[Cell(value=day.refused) for day in days]),
    )
    return Chart(
        kind="bars",
        caption=f"{what}: {show_number(accepted)} accepted, {show_number(refused)} refused"
        f" in {SHOWN_DAYS} days",
        days=[day.start_ms for day in days],
        series=series if accepted or refused else (),
    )


def chart_usage(work: Work, meters: Sequence[Meter], label: Callable[[Meter], str]) -> Chart:
    """Usage by day next to the threshold: a line for each of the fullest meters that have one."""
    bounded = [(meter.ratio, meter) for meter in meters if meter.ratio is not None]
    bounded.sort(key=lambda each: -each[0])
    shown = [meter for _, meter in bounded[:MAX_LINES]]
    used = usage_by_day(work, shown)
    return Chart(
        kind="lines",
        caption="The most of each day, in percent of today's threshold",
        days=[day.start_ms for day in used[0]] if used else (),
        series=[
            Series(
                label=label(meter),
                cells=[
                    Cell(
                        value=day.value,
                        ratio=None if day.value is None else ratio_to(meter.threshold, day.value),
                        unit_singular=meter.row.unit_singular,
                        unit_plural=meter.row.unit_plural,
                    )
                    for day in days
                ],
            )
            for meter, days in zip(shown, used, strict=True)
        ],
    )
