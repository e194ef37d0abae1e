"""One structural change to a JSON document: what an editor, a merge or a forger does to a file."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

ODD_NUMBERS = (-1, 0, 1, 0.5, 2**31, 2**63, 10**400, 1e308)
ODD_TEXTS = ("", " ", "unlimited", "delete", "license/..", "\x1b[2J", "\u202e", "x" * 20_000)


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """The document with one thing dropped, repeated, renamed, swapped or replaced in it."""
    changed = copy.deepcopy(document)
    holder = draw(st.sampled_from(list(_holders(changed))))
    keys = sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))
    key, other = draw(st.sampled_from(keys)), draw(st.sampled_from(keys))
    match draw(st.sampled_from(["drop", "repeat", "rename", "swap", "replace"])):
        case "drop":
            del holder[key]
        case "repeat" if isinstance(holder, list):
            holder.insert(other, copy.deepcopy(holder[key]))
        case "repeat" | "rename" if isinstance(holder, dict):
            value = copy.deepcopy(holder[key])
            if draw(st.booleans()):
                del holder[key]
            holder[draw(st.sampled_from([f"{key}s", key.upper(), "surprise", other]))] = value
        case "swap":
            holder[key], holder[other] = holder[other], holder[key]
        case _:
            holder[key] = draw(st.sampled_from(_replacements(holder[key])))
    return changed


def _holders(value: Any) -> Iterator[Any]:
    """Every object and list that is not empty, itself first."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


def _replacements(value: Any) -> list[Any]:
    """Values of other types, and others of the same type."""
    others: list[Any] = [None, True, False, *ODD_NUMBERS, *ODD_TEXTS, [], {}, [value], {"a": value}]
    if isinstance(value, str):
        others += [f"{value}x", value.upper(), value[:-1], value + "\n", value + "\u200b"]
    if isinstance(value, int | float):
        others += [value + 1, -value, str(value), float(value)]
    return [each for each in others if each is not value]
