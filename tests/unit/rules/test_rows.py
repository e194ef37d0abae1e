"""What rules see of whom a plan affects."""

from __future__ import annotations

from datetime import UTC, datetime

from kaiten_sync.kinds.instance import MOVE, instance_address
from kaiten_sync.model.change import Change, Effect
from kaiten_sync.model.impact import Impact, Sample
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.rules.rows import ReadImpact


def test_who_is_moved_and_may_not_be_in_a_sample_is_not_known() -> None:
    sampled = Impact(
        target=TargetRef("prod", "http://127.0.0.1:1"),
        plan_digest="",
        taken_at=datetime(2026, 1, 1, tzinfo=UTC),
        requests=2,
        budget=2,
        changes=(),
        sample=Sample(size=1, population=3, margin=80),
    )
    moved = Change(address=instance_address("one"), action=MOVE, fields=(), effect=Effect.TIGHTENS)
    assert ReadImpact(sampled).row(moved) == {"impact.holders": 1}
