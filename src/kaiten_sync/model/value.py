"""JSON values, and the marker for a field that is not there."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence
from enum import Enum
from itertools import zip_longest
from typing import Any, Final, TypeAlias, TypeGuard
from unicodedata import normalize

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


class OneField(Mapping[str, Json]):
    """The fields of an object that has one: a dict of it takes four times the memory.

    Almost all objects of a catalog are grants, of which mostly the value alone is declared.
    """

    __slots__ = ("_name", "_value")

    def __init__(self, name: str, value: Json) -> None:
        self._name = name
        self._value = value

    def __getitem__(self, name: str) -> Json:
        if name != self._name:
            raise KeyError(name)
        return self._value

    def __contains__(self, name: object) -> bool:
        return name == self._name

    def __iter__(self) -> Iterator[str]:
        yield self._name

    def __len__(self) -> int:
        return 1

    # These are inherited as well, and several times as slow.

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field, or the default."""
        return self._value if name == self._name else default

    def keys(self) -> KeysView[str]:
        """The name, as that of a dict."""
        return {self._name: self._value}.keys()

    def items(self) -> ItemsView[str, Json]:
        """The field, as that of a dict."""
        return {self._name: self._value}.items()

    def __repr__(self) -> str:
        return repr({**self})


Unit: TypeAlias = tuple[str, str]
"""The names of a number's unit for one and for several; empty without."""

NO_UNIT: Final[Unit] = ("", "")

NO_UNITS: Final[tuple[Unit, Unit]] = (NO_UNIT, NO_UNIT)
"""No unit before a change, and none after it."""

UNLIMITED: Final = "unlimited"
"""The value of a number grant without a cap, as the catalog and the plan spell it."""


UNLIMITED_WIRE: Final = -1
"""How the API writes `UNLIMITED`, in a value and in an overage percentage."""


def levels_of(value: object) -> Iterator[list[object]]:
    """The values of a document, level by level: itself, all that is in it, and so on.

    Without recursion, so that a document that is nested too deeply can be refused before anything
    recurses into it.
    """
    level = [value]
    while level:
        yield level
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]


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


def is_alike(one: Json | Absent, other: Json | Absent) -> bool:
    """Whether two normalized JSON values are equal but for how Unicode composes characters."""
    return is_same(one, other) or is_same(spelled_as(other, one), other)


def spelled_as(model: Json | Absent, value: Json | Absent) -> Json | Absent:
    """A value whose texts and keys are written as in a model, if they look the same there.

    `e` with an accent is one character or two, and nobody sees which: such a difference is none,
    wherever it is inside a value. The value's own spelling stays in files and digests.
    """
    if isinstance(value, str) and isinstance(model, str):
        return model if _composed(value) == _composed(model) else value
    if isinstance(value, Mapping) and isinstance(model, Mapping):
        keys = {_composed(key): key for key in model}
        spelled: dict[str, Json] = {}
        for key, item in value.items():
            twin = keys.get(_composed(key), key)
            known = key if key in model or twin in value else twin
            spelled[known] = _json(spelled_as(model.get(known, ABSENT), item))
        return spelled
    if isinstance(value, list) and isinstance(model, list):
        items = zip_longest(model[: len(value)], value, fillvalue=ABSENT)
        return [_json(spelled_as(there, here)) for there, here in items]
    return value


def _json(value: Json | Absent) -> Json:
    return None if value is ABSENT else value


def _composed(text: str) -> str:
    return text if text.isascii() else normalize("NFC", text)
