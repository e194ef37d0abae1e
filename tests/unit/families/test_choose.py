"""Why a family gets a new version, in words: numbers as people read them."""

from __future__ import annotations

import pytest

from kaiten_sync.families.choose import SoldFamily, _change, _lost
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.change import Effect, FieldChange
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.family import FamilyTerms
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import NO_UNIT, Json, Unit

CALLS, BYTES, MEGABYTES = ("call", "calls"), ("byte", "bytes"), ("MB", "MB")
SAID: list[tuple[str, Json, Json, Unit, str]] = [
    ("value", 100_000, 80_000, NO_UNIT, "100,000 → 80,000"),
    ("value", 100_000, 80_000, CALLS, "100,000 → 80,000 calls"),
    ("value", 10**10, 8 * 10**9, BYTES, "10 GB → 8 GB"),
    ("value", "unlimited", 1, CALLS, "unlimited → 1 call"),
    ("value", True, False, NO_UNIT, "true → false"),
    ("overagePercent", 1000, 0, CALLS, "overagePercent 1,000 → 0"),
]


@pytest.mark.parametrize(("name", "before", "after", "unit", "said"), SAID)
def test_a_reason_has_separators_and_units(
    name: str, before: Json, after: Json, unit: Unit, said: str
) -> None:
    field = FieldChange(name=name, before=before, after=after, effect=Effect.TIGHTENS)
    difference = Difference(
        address=parse_address("license/pro/grant/calls"),
        drift=DriftClass.CHANGED,
        fields=(field,),
        units=(unit, unit),
    )
    assert _change(field, difference) == said


def test_numbers_in_two_units_stay_in_their_own() -> None:
    field = FieldChange(name="value", before=2 * 10**12, after=2_000_000, effect=Effect.TIGHTENS)
    difference = Difference(
        address=parse_address("license/pro/grant/calls"),
        drift=DriftClass.CHANGED,
        fields=(field,),
        units=(BYTES, MEGABYTES),
    )
    assert _change(field, difference) == "2,000,000,000,000 bytes → 2,000,000 MB"


def test_a_reason_names_what_is_removed_and_what_gets_another_value() -> None:
    fields = (FieldChange(name="value", before=2, after=1, effect=Effect.TIGHTENS),)
    lower = Difference(
        address=parse_address("license/pro/grant/calls"),
        drift=DriftClass.CHANGED,
        fields=fields,
        effect=Effect.TIGHTENS,
    )
    gone = Difference(
        address=parse_address("license/pro/grant/sso"),
        drift=DriftClass.UNMANAGED,
        effect=Effect.TIGHTENS,
    )
    sold = SoldFamily(
        address=parse_address("family/pro"),
        terms=FamilyTerms(),
        source=SourceRef("catalog.yaml", 2, 1),
        is_sold=True,
        differences=(lower, gone),
    )
    assert _lost(sold) == "calls 2 → 1, sso is removed"
