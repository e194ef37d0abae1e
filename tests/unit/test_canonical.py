"""A digest is that of the canonical bytes, although they are never made as a whole."""

from __future__ import annotations

import hashlib

import msgspec
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
