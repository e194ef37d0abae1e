"""What changed inside a CONFIG value. DeepDiff finds it; this says it in our words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from kaiten_sync.model.change import InnerChange, path_into
from kaiten_sync.model.value import ABSENT, Absent, Json

_VALUE_KINDS = ("values_changed", "type_changes")
_ADDED = ("dictionary_item_added", "iterable_item_added")
_REMOVED = ("dictionary_item_removed", "iterable_item_removed")


def inner_changes(before: Json | Absent, after: Json | Absent) -> tuple[InnerChange, ...]:
    """Differences between two JSON objects, by path; nothing unless both are objects."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return ()
    from deepdiff import DeepDiff  # imported late: it is slow to load and rarely needed

    tree = DeepDiff(before, after, view="tree", ignore_numeric_type_changes=False)
    changes = [
        InnerChange(
            path=_path(node),
            before=ABSENT if kind in _ADDED else node.t1,
            after=ABSENT if kind in _REMOVED else node.t2,
        )
        for kind in (*_VALUE_KINDS, *_ADDED, *_REMOVED)
        for node in tree.get(kind, ())
    ]
    return tuple(sorted(changes, key=lambda change: change.path))


def _path(node: Any) -> str:
    steps: list[str | int] = node.path(output_format="list")
    return reduce(path_into, steps, "")
