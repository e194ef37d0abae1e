"""What changed inside a CONFIG value. DeepDiff finds it; this says it in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kaiten_sync.model.change import InnerChange
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
    return tuple(sorted(_collect(tree), key=lambda change: change.path))


def _collect(tree: Mapping[str, Any]) -> Iterator[InnerChange]:
    for kind in _VALUE_KINDS:
        for node in tree.get(kind, ()):
            yield InnerChange(path=_path(node), before=node.t1, after=node.t2)
    for kind in _ADDED:
        for node in tree.get(kind, ()):
            yield InnerChange(path=_path(node), before=ABSENT, after=node.t2)
    for kind in _REMOVED:
        for node in tree.get(kind, ()):
            yield InnerChange(path=_path(node), before=node.t1, after=ABSENT)


def _path(node: Any) -> str:
    text = ""
    for step in node.path(output_format="list"):
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else str(step)
    return text
