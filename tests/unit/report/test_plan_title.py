"""The title of a plan names what moves, and where to, with two different names."""

from __future__ import annotations

import pytest
from tests.unit.report.strategies import plan_of

from kaiten_sync.kinds.addresses import license_address
from kaiten_sync.model.migration import Migration
from kaiten_sync.report.plan_summary import plan_title


@pytest.mark.parametrize(
    ("to", "title"),
    [
        ("growth-v2", "Plan to move holders of growth to growth-v2"),
        ("growth", "Plan to move holders of other versions of growth to growth"),
    ],
)
def test_a_version_may_have_the_slug_of_its_family(to: str, title: str) -> None:
    moved = Migration(family="growth", to=license_address(to), holders=1)
    assert plan_title(plan_of(()).changed(migration=moved)) == title
