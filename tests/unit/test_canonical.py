"""A digest is that of the canonical bytes, although they are never made as a whole."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.model.canonical import canonical_bytes, digest
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


@given(VALUES)
def test_a_digest_is_that_of_the_canonical_bytes(value: Json) -> None:
    assert digest(value) == f"sha256:{hashlib.sha256(canonical_bytes(value)).hexdigest()}"
