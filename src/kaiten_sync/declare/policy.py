"""Reads the project file's `policy`. Stage 1."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import TypeVar

from kaiten_sync.declare.field_reader import FieldReader
from kaiten_sync.declare.findings import did_you_mean
from kaiten_sync.model.document import Entry
from kaiten_sync.model.settings import Limit, Policy, parse_limit

_FIELDS = frozenset({"prune", "maxDeletes", "maxUpdates", "onTighten"})

_LATER = {
    ("onTighten", "new-version"): "`in-place`",
    ("onTighten", "refuse"): "`in-place`",
}
"""Values of the format that a later version brings, and what to write until then."""

_Choice = TypeVar("_Choice", bound=StrEnum)


def read_policy(reader: FieldReader, entry: Entry | None) -> Policy:
    """The policy, with its defaults where the file is silent."""
    default = Policy()
    if entry is None:
        return default
    fields = reader.fields(entry.node, _FIELDS, "`policy`")
    return Policy(
        prune=_choice(reader, "prune", fields.get("prune"), default.prune),
        max_deletes=_limit(reader, "maxDeletes", fields.get("maxDeletes"), default.max_deletes),
        max_updates=_limit(reader, "maxUpdates", fields.get("maxUpdates"), default.max_updates),
        on_tighten=_choice(reader, "onTighten", fields.get("onTighten"), default.on_tighten),
    )


def _choice(reader: FieldReader, name: str, entry: Entry | None, default: _Choice) -> _Choice:
    if entry is None:
        return default
    choices = {str(choice): choice for choice in type(default)}
    value = entry.node.value
    if isinstance(value, str) and value in choices:
        return choices[value]
    later = _LATER.get((name, value)) if isinstance(value, str) else None
    if later is not None:
        reader.report(
            "not-available",
            f"`{name}: {value}` comes with a later version of kaiten-sync",
            entry.node.ref,
            f"until then, write {later}",
        )
        return default
    known = " or ".join(f"`{choice}`" for choice in choices)
    hint = did_you_mean(value, choices) if isinstance(value, str) else None
    reader.report("unknown-value", f"`{name}` must be {known}", entry.node.ref, hint)
    return default


def _limit(reader: FieldReader, name: str, entry: Entry | None, default: Limit) -> Limit:
    if entry is None:
        return default
    with suppress(ValueError):
        return parse_limit(entry.node.value)
    reader.report(
        "unknown-value",
        f"`{name}` must be a share from 0% to 100%, or a number of objects",
        entry.node.ref,
        f"write `{name}: 30%` or `{name}: 5`",
    )
    return default
