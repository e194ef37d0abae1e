"""What a plan leaves on the server, in words."""

from __future__ import annotations

from tests.support.values import address, desired, live_state, proposal

from kaiten_sync.model.plan import Left
from kaiten_sync.model.value import Fields
from kaiten_sync.report.left import notes_beside


def test_amounts_are_written_as_everywhere() -> None:
    plan = proposal(desired(), live_state()).plan
    fields: Fields = {"value": 12_000, "overagePercent": 20, "description": "12000"}
    left = Left(address=address("license/pro/grant/calls"), fields=fields, reason="why")
    (note,) = notes_beside(plan.changed(left=(left,)))
    assert note.lines == (
        'license/pro/grant/calls: value 12,000, overagePercent 20, description "12000" (why)',
    )
