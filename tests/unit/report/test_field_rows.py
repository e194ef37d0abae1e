"""The rows of a CONFIG value: its places that changed, or all of it."""

from __future__ import annotations

from typing import Any

import pytest

from kaiten_sync.effects import inner_changes
from kaiten_sync.model.change import FieldChange
from kaiten_sync.report.field_rows import field_rows

OLD = {"theme": "custom"}


@pytest.mark.parametrize(
    ("before", "after", "labels"),
    [
        (OLD, {"theme": "dark"}, ["value.theme"]),
        ({"colors": [1]}, {"colors": [1, 2]}, ["value.colors[1]"]),
        # Of values with little in common all is shown, as of any other field.
        (OLD, {"a": 1, "b": 2, "c": 3, "d": 4}, ["value"]),
        ({"": 1}, {"": 2}, ["value.''"]),
        ({"": 1, "a": 1}, {"": 2, "a": 2}, ["value.''", "value.a"]),
    ],
)
def test_each_place_has_a_name(
    before: dict[str, Any], after: dict[str, Any], labels: list[str]
) -> None:
    inner = inner_changes(before, after)
    field = FieldChange(name="value", before=before, after=after, inner=inner)
    assert [row.label for row in field_rows([field])] == labels


def test_a_value_that_changed_as_a_whole_shows_what_was_agreed() -> None:
    after = {"a": 1, "b": 2, "c": 3, "d": 4}
    field = FieldChange(name="value", before=after, after=OLD, inner=inner_changes(after, OLD))
    (row,) = field_rows([field], agreed={"value": OLD})
    assert row.agreed == '{"theme": "custom"}'


@pytest.mark.parametrize(
    ("agreed", "shown"),
    [
        ({"theme": "dark", "logos": [1]}, ["(not set)", "dark"]),  # as on the server
        ({"theme": "light", "logos": [1, 2]}, ["2", "light"]),  # as in git
        ({"theme": "plain"}, ["(not set)", "plain"]),
        ({"logos": [1, 3]}, ["3", "(not set)"]),
        ({"theme": None, "logos[1]": 7}, ["7", "null"]),
        ({"logos": [1, 3], "logos[1]": 7}, [None, "(not set)"]),  # two places of one name
        (None, [None, None]),
    ],
)
def test_each_place_shows_what_was_agreed_there(
    agreed: dict[str, Any] | None, shown: list[str | None]
) -> None:
    live: dict[str, Any] = {"theme": "dark", "logos": [1]}
    git: dict[str, Any] = {"theme": "light", "logos": [1, 2]}
    field = FieldChange(name="value", before=live, after=git, inner=inner_changes(live, git))
    known = None if agreed is None else {"value": agreed}
    rows = list(field_rows([field], agreed=known))
    assert [row.label for row in rows] == ["value.logos[1]", "value.theme"]
    assert [row.agreed for row in rows] == shown


@pytest.mark.parametrize(
    ("agreed", "shown"),
    [
        (2 * 10**12, "2,000,000,000,000 bytes"),  # as on the server: git is ahead with the unit
        (2_000_000, "2,000,000 MB"),  # as in git: somebody edited the unit on the server
        (7, "7"),
    ],
)
def test_what_was_agreed_is_in_the_unit_of_the_side_that_still_has_it(
    agreed: int, shown: str
) -> None:
    field = FieldChange(name="value", before=2 * 10**12, after=2_000_000)
    units = (("byte", "bytes"), ("MB", "MB"))
    (row,) = field_rows([field], agreed={"value": agreed}, units=units)
    assert row.agreed == shown
