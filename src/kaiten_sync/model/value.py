"""JSON values, and the marker for a field that is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, TypeAlias, TypeGuard

Json: TypeAlias = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


class Absent(Enum):
    """The type of `ABSENT`: a field that is neither null nor a value."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent.ABSENT

Fields: TypeAlias = Mapping[str, Json]
"""An object's fields by their catalog names. A missing key is an absent field."""

UNLIMITED: Final = "unlimited"
"""The value of a number grant without a cap, as the catalog and the plan spell it."""


UNLIMITED_WIRE: Final = -1
"""How the API writes `UNLIMITED`, in a value and in an overage percentage."""


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a number; true and false are not."""
    return type(value) in (int, float)  # bool is a subclass of int


def is_same(one: Json | Absent, other: Json | Absent) -> bool:
    """Whether two normalized JSON values are equal; true and 1 are not."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other
