"""Siblings are found whether they are live or new, by the server's id or by a declared slug."""

from __future__ import annotations

from tests.fakes.catalog import live
from tests.support.values import address, declared, desired, live_state

from kaiten_sync.plan.families import families_of


def test_a_new_version_is_a_sibling_of_live_ones() -> None:
    found = live_state(live("license/growth"), live("license/b", familySlug="growth", version="2"))
    wanted = desired(declared("license/growth"), declared("license/c", familySlug="growth"))
    families = families_of(wanted, found)
    assert set(families.siblings(address("license/c"))) == {
        address("license/growth"),
        address("license/b"),
    }
    assert address("license/c") in families.siblings(address("license/b"))


def test_a_declaration_names_a_family_that_lost_its_first_version() -> None:
    second = live("license/b", familySlug="growth", version="2")
    fields = {name: value for name, value in second.fields.items() if name != "familySlug"}
    unnamed = type(second)(
        address=second.address, fields=fields, id=second.id, family_id=second.family_id
    )
    wanted = desired(
        declared("license/b", familySlug="growth"), declared("license/c", familySlug="growth")
    )
    families = families_of(wanted, live_state(unnamed))
    assert families.siblings(address("license/c")) == (address("license/b"),)


def test_licenses_without_a_family_in_common_are_no_siblings() -> None:
    found = live_state(live("license/a"), live("license/b"), live("group/a"))
    families = families_of(desired(declared("license/c")), found)
    assert families.siblings(address("license/a")) == ()
    assert families.siblings(address("license/c")) == ()
    assert families.siblings(address("group/a")) == ()
