"""Slugs made from names."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.server.domain.slugs import is_slug, slug_base, slug_candidates, version_slug

BASES = [
    ("API Calls", "api-calls"),
    ("  Föö   Bär  ", "foo-bar"),
    ("Smørrebrød & Þór", "smorrebrod-thor"),
    ("Straße", "strasse"),
    ("Bob's plan", "bobs-plan"),
    ("---", ""),
    ("你好", ""),
    ("A", "a"),
]


@pytest.mark.parametrize(("name", "base"), BASES)
def test_a_name_in_slug_characters(name: str, base: str) -> None:
    assert slug_base(name) == base


def candidates(name: str) -> list[str]:
    numbers = count(1)
    return list(slug_candidates(name, lambda: f"{next(numbers):06x}"))


@pytest.mark.parametrize(
    ("name", "first"),
    [("API Calls", "api-calls"), ("A", "a-000001"), ("你好", "000001"), ("x" * 150, "x" * 100)],
)
def test_the_first_slug_is_plain_where_it_can_be(name: str, first: str) -> None:
    assert candidates(name)[0] == first


@given(st.text(max_size=300))
def test_every_candidate_is_a_slug(name: str) -> None:
    found = candidates(name)
    assert found
    assert all(is_slug(slug) for slug in found)
    assert len(set(found)) == len(found)


def test_a_version_slug_fits() -> None:
    assert version_slug("growth", 2) == "growth-v2"
    assert version_slug("x" * 100, 12) == "x" * 96 + "-v12"


@pytest.mark.parametrize("text", ["a", "A-b", "-ab", "ab-", "ab\n", "a b", "x" * 101, ""])
def test_what_is_no_slug(text: str) -> None:
    assert not is_slug(text)
