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
