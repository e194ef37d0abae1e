"""Texts that look the same are the same, however Unicode composes their characters."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.model.address import Address
from kaiten_sync.model.resource import Coverage, DesiredState, LiveResource, LiveState, Resource
from kaiten_sync.model.settings import Scope
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, is_alike, is_same, spelled_as
from kaiten_sync.plan.build import desired_digest

TWO = "Cafe\u0301"
ONE = "Caf\u00e9"
LICENSE_ADDRESS = Address(LICENSE.kind, "growth")


def states(kind: str, declared: Any, live: Any) -> tuple[DesiredState, LiveState]:
    address = LICENSE_ADDRESS if kind == "license" else Address(GRANT.kind, "x", LICENSE_ADDRESS)
    resource = Resource(address=address, fields=declared, source=SourceRef("c.yaml", 1, 1))
    found = LiveResource(address=address, fields=live)
    return (
        DesiredState(resources={address: resource}),
        LiveState(resources={address: found}, coverage=Coverage()),
    )


@pytest.mark.parametrize(
    ("kind", "declared", "live"),
    [
        ("license", {"name": TWO}, {"name": ONE}),
        ("license", {"name": ONE}, {"name": TWO}),
        ("license", {"name": "\ud55c"}, {"name": normalize("NFD", "\ud55c")}),
        ("license", {"name": "\u212b"}, {"name": "A\u030a"}),
        ("grant", {"value": {"a": TWO}}, {"value": {"a": ONE}}),
        ("grant", {"value": {TWO: [1, {"b": TWO}]}}, {"value": {ONE: [1, {"b": ONE}]}}),
    ],
)
def test_a_difference_that_nobody_can_see_is_none(kind: str, declared: Any, live: Any) -> None:
    assert diff_catalog(*states(kind, declared, live), Scope()).differences == ()


def test_beside_a_difference_that_can_be_seen_it_is_not_shown() -> None:
    declared = {"value": {TWO: TWO, "b": 1}}
    (found,) = diff_catalog(
        *states("grant", declared, {"value": {ONE: ONE, "b": 2}}), Scope()
    ).differences
    (field,) = found.fields
    assert field.after == {ONE: ONE, "b": 1}
    assert [each.path for each in field.inner] == ["b"]


@pytest.mark.parametrize(
    ("one", "other"), [("a", "A"), ("\ufb01", "fi"), ("x\u00b2", "x2"), ("a", "a ")]
)
def test_texts_that_look_different_differ(one: str, other: str) -> None:
    assert not is_alike(one, other)


def test_keys_that_look_the_same_in_one_value_stay_two_keys() -> None:
    both = {ONE: 1, TWO: 2}
    assert spelled_as({ONE: 1}, both) == both
    assert not is_alike(both, {ONE: 1})


def test_the_digest_of_a_declaration_is_that_of_its_own_spelling() -> None:
    one, two = (states("license", {"name": name}, {})[0] for name in (ONE, TWO))
    assert desired_digest(one) != desired_digest(two)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
)


@given(JSON, JSON)
def test_only_the_spelling_changes(model: Any, value: Any) -> None:
    spelled = spelled_as(model, value)
    assert is_alike(spelled, value)
    assert is_same(spelled_as(ABSENT, value), value)
    assert is_same(spelled_as(value, value), value)
