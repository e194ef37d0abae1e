"""A digest is that of the canonical bytes, although they are never made as a whole."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.model.canonical import canonical_bytes, digest, indented_pieces
from kaiten_sync.model.value import Json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # No half characters, which nothing can be made of.
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=10,
)


@given(VALUES | st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES))
def test_every_value_is_written_as_the_standard_library_does(value: Json) -> None:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert canonical_bytes(value) == text.encode()


def test_every_character_and_large_numbers_are_written_alike() -> None:
    text = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x30000))))
    value: Json = {text: text, "n": 2**70, "m": -(2**70), "t": True, "z": None}
    standard = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert canonical_bytes(value) == standard.encode()


@pytest.mark.parametrize("depth", [1, 15, 16, 17, 18, 400])
@pytest.mark.parametrize("inside", [1, 1e16, "a"])
def test_what_is_nested_deeply_is_written_alike(depth: int, inside: Json) -> None:
    value = inside
    for level in range(depth):
        value = {"b": value, "a": None} if level % 2 else [value, True]
    standard = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert canonical_bytes(value) == standard.encode()


@pytest.mark.parametrize("value", [{"a": "\ud800"}, {"\ud800": 1}, {"a": ["\ud800"]}])
def test_half_a_character_has_no_bytes(value: Json) -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical_bytes(value)


@given(st.lists(VALUES, max_size=5))
def test_a_list_that_is_made_while_it_is_read_has_the_same_digest(items: list[Json]) -> None:
    assert digest({"b": iter(items), "a": 1}) == digest({"a": 1, "b": items})


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES),
    st.sampled_from([0, 1, 199, 200, 201, 400]),
)
def test_pieces_are_those_of_the_whole(some: dict[str, Json], count: int) -> None:
    numbers = range(count)
    value = some | {"list": [*numbers], "object": {str(each): [each] for each in numbers}}
    whole = msgspec.json.format(canonical_bytes(value), indent=2) + b"\n"
    assert b"".join(indented_pieces(value)) == whole
    assert digest(value) == f"sha256:{hashlib.sha256(canonical_bytes(value)).hexdigest()}"


@given(VALUES)
def test_a_digest_is_that_of_the_canonical_bytes(value: Json) -> None:
    assert digest(value) == f"sha256:{hashlib.sha256(canonical_bytes(value)).hexdigest()}"
