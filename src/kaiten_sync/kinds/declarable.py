"""Which values a declaration can give a field, in the spelling that plans have.

It is what `schema` writes for editors and what validation checks, read from the same tables: a plan
is not trusted to have been made from a valid declaration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kaiten_sync.kinds.spec import FieldSpec, FieldType
from kaiten_sync.kinds.values import TYPE_WORDS, fits, normal_value
from kaiten_sync.model.strict_json import shortened
from kaiten_sync.model.value import ABSENT, Absent, Json, is_same

LIMITS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "minLength": (lambda value, limit: len(value) >= limit, "has less than {} characters"),
    "maxLength": (lambda value, limit: len(value) <= limit, "has more than {} characters"),
    "minimum": (lambda value, limit: value >= limit, "is less than {}"),
    "maximum": (lambda value, limit: value <= limit, "is more than {}"),
    "exclusiveMinimum": (lambda value, limit: value > limit, "is not more than {}"),
    "pattern": (
        # To Python, `$` is also the place before a line feed at the end.
        lambda value, limit: re.search(re.sub(r"\$$", r"\\Z", limit), value) is not None,
        "has another form than it may have",
    ),
}
"""Every keyword that the `limits` of a field have: whether a value keeps it, and what to say of one
that does not."""


def not_declarable(spec: FieldSpec, value: Json | Absent) -> str | None:
    """Why no declaration gives a field this value; None if one can. ABSENT clears, as null does."""
    if value is None or value is ABSENT:
        return None if spec.takes_null else "cannot be cleared"
    if not fits(spec, value):
        return f"is not {TYPE_WORDS[spec.type]}: {shortened(value)}"
    if spec.type is FieldType.ENUM and value not in spec.choices:
        return f"is not one of {', '.join(spec.choices)}: {shortened(value)}"
    # A plan that says -1 where it means `unlimited` would show a limit and lift it.
    normal = normal_value(spec, value)
    if not is_same(normal, value):
        return f"is written as {shortened(normal)} in a plan, not as {shortened(value)}"
    for keyword, limit in spec.limits.items():
        is_kept, says = LIMITS[keyword]
        if not is_kept(value, limit):
            return f"{says.format(shortened(limit))}: {shortened(value)}"
    return None
