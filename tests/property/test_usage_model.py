"""Any sequence of reports: the server counts what a plain model counts, and tells the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.clocked import Clock, clocked
from tests.support.metering import Meter, metered

DAY_MS = 86_400_000
START_MS = 1_770_000_000_000
METHODS = ("SUM", "COUNT", "AVERAGE", "MIN", "MAX", "LATEST")


@dataclass(frozen=True)
class Grant:
    cap: float
    overage: int


@dataclass(frozen=True)
class Report:
    value: float
    is_set: bool


@dataclass(frozen=True)
class Wait:
    days: float


Step = Grant | Report | Wait

# Quarters, so that sums are exact and a cap can be met exactly.
quarters = st.integers(-40, 80).map(lambda n: n / 4)
grants = st.one_of(
    st.just(Grant(-1, -1)),
    st.builds(Grant, st.sampled_from([0, 5, 10, 12.5, -5]), st.sampled_from([0, 20, 100])),
)
steps: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        st.builds(Report, quarters, st.just(False)),
        st.builds(Report, quarters, st.just(False)),
        st.builds(Report, quarters, st.booleans()),
        st.builds(Wait, st.sampled_from([0.25, 1, 2.5])),
        grants,
    ),
    min_size=1,
    max_size=10,
)


@dataclass
class Model:
    """What upstream's rules say, written down once more and in the plainest way."""

    method: str
    resets: bool
    warning: int
    cap: float
    overage: int
    value: float = 0
    count: int = 0
    day: int | None = None
    told: list[str] = field(default_factory=list)

    def report(self, report: Report, today: int) -> int:
        self._roll_over(today)
        before = self.value
        after, count = self._folded(report)
        is_limited = self.cap != -1
        if is_limited and after > self.cap + self.cap * self.overage / 100:
            self.told.append("ENTITLEMENT_USAGE_REPORT_REJECTED")
            return 409
        self.value, self.count, self.day = after, count, today
        self.told.append("ENTITLEMENT_USAGE_REPORT_ACCEPTED")
        if is_limited and after == self.cap:
            self.told.append("INSTANCE_ENTITLEMENT_USAGE_REACHED")
        if is_limited and before < self.cap < after:
            self.told.append("INSTANCE_ENTITLEMENT_CAP_EXCEEDED")
        line = self.cap * self.warning / 100
        if is_limited and self.warning and before < line <= after:
            self.told.append("INSTANCE_ENTITLEMENT_USAGE_WARNING_THRESHOLD_REACHED")
        return 200

    def read(self, today: int) -> tuple[float, int]:
        is_stale = self.resets and self.day != today
        return (0, 0) if is_stale else (self.value, self.count)

    def _roll_over(self, today: int) -> None:
        if not self.resets:
            return
        if self.day is not None and self.day < today:
            self.told += ["INSTANCE_ENTITLEMENT_USAGE_PERIOD_ROLLED_OVER"] * (today - self.day)
            self.value, self.count = 0, 0
            self.day = today

    def _folded(self, report: Report) -> tuple[float, int]:
        if report.is_set:
            return report.value, 1
        folded = {
            "SUM": self.value + report.value,
            "COUNT": self.value + 1,
            "AVERAGE": (self.value * self.count + report.value) / (self.count + 1),
            "MIN": min(self.value, report.value),
            "MAX": max(self.value, report.value),
            "LATEST": report.value,
        }
        return folded[self.method], self.count + 1


@pytest.fixture(scope="module")
def metering(database_url: str) -> Iterator[tuple[Meter, Clock]]:
    with clocked(database_url) as (api, clock):
        yield metered(api, database_url), clock


_numbers = itertools.count()


@settings(max_examples=25)
@given(
    method=st.sampled_from(METHODS),
    resets=st.booleans(),
    warning=st.sampled_from([0, 50, 100]),
    first=grants,
    sequence=steps,
)
def test_the_server_counts_like_the_model(
    metering: tuple[Meter, Clock],
    method: str,
    resets: bool,
    warning: int,
    first: Grant,
    sequence: list[Step],
) -> None:
    meter, clock = metering
    slug = f"e{next(_numbers)}"
    clock.now_ms = START_MS
    resets = resets and method != "LATEST"
    model = Model(method, resets, warning, first.cap, first.overage)
    fields: dict[str, Any] = {"resetPeriod": "DAY"} if resets else {}
    meter.grant(
        first.cap,
        slug,
        overage=first.overage,
        aggregationMethod=method,
        warningThresholdPercent=warning,
        **fields,
    )
    for step in sequence:
        match step:
            case Grant():
                meter.regrant(step.cap, slug, step.overage)
                model.cap, model.overage = step.cap, step.overage
            case Wait():
                clock.now_ms += int(step.days * DAY_MS)
            case Report():
                behavior = "set" if step.is_set else "append"
                answer = meter.report(step.value, slug=slug, behavior=behavior)
                assert answer.status_code == model.report(step, clock.now_ms // DAY_MS)
        usage = meter.api.get("/instances/main/entitlements/usage").json()
        value = next(each["value"] for each in usage if each["entitlementSlug"] == slug)
        assert (value["value"], value["event_count"]) == model.read(clock.now_ms // DAY_MS)
    told = [
        row.name
        for row in meter.events()
        if slug in (row.payload.get("entitlement_slug"), row.payload.get("entitlementSlug"))
    ]
    assert told == model.told
