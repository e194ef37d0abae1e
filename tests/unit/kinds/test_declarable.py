"""What a declaration can say has one meaning: in the schema, and where plans are read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from kaiten_sync.kinds.declarable import LIMITS, not_declarable
from kaiten_sync.kinds.registry import all_kinds
from kaiten_sync.kinds.schema import catalog_schema
from kaiten_sync.kinds.spec import FieldSpec, FieldType
from kaiten_sync.kinds.values import normal_value
from kaiten_sync.model.value import is_same
from kaiten_sync.validate.schema_files import flat_schema

FIELDS = {
    f"{spec.kind}.{name}": (spec.kind, field)
    for spec in all_kinds()
    for name, field in spec.fields.items()
    if field.is_declared
}
VALUES = st.one_of(
    st.none()
    | st.booleans()
    | st.integers(-3, 102)
    | st.sampled_from([2**31, 32767, 32768, 10**9]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=3)
    | st.sampled_from(["ab", "lucide:key", "lucide:key\n", "unlimited", "\u200b"]),
    st.integers(49, 501).map(lambda size: "x" * size),
    st.lists(st.sampled_from(["ab", "cd", 1, None]), max_size=3),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers() | st.none(), max_size=2),
    st.sampled_from(sorted({choice for _, field in FIELDS.values() for choice in field.choices})),
)


SLUGS = (FieldType.SLUG, FieldType.SLUGS)


def takes(kind: str, field: FieldSpec, value: Any) -> bool:
    """Whether the schema of a catalog takes a value that is spelled as in plans."""
    if field.type is FieldType.GRANT_VALUE and isinstance(value, str):
        return value == "unlimited"  # people write `50k` too, and plans never do
    schema = catalog_schema()
    own = {**schema["$defs"][kind]["properties"][field.name], "$defs": schema["$defs"]}
    return Draft202012Validator(flat_schema(own)).is_valid(value)


@pytest.mark.parametrize(("kind", "field"), FIELDS.values(), ids=FIELDS)
@given(data=st.data())
def test_a_value_is_declarable_if_the_schema_takes_it(
    kind: str, field: FieldSpec, data: st.DataObject
) -> None:
    value = data.draw(VALUES)
    is_spelled = is_same(normal_value(field, value), value)
    found, declared = not_declarable(field, value), is_spelled and takes(kind, field, value)
    event("declarable" if declared else "not")
    if field.type in SLUGS:  # a server may have slugs that no declaration gives
        assert found is None or not declared
    else:
        assert (found is None) is declared, found
    assert found is None or len(found) < 250


@pytest.mark.parametrize("field", [field for _, field in FIELDS.values()], ids=FIELDS)
def test_what_the_tables_give_as_examples_is_declarable(field: FieldSpec) -> None:
    for example in (*field.examples, *field.choices):
        assert not_declarable(field, normal_value(field, example)) is None


def test_every_limit_of_the_tables_is_known() -> None:
    for _, field in FIELDS.values():
        assert field.limits.keys() <= LIMITS.keys()
