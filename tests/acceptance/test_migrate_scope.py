"""A migration is held to the project's scope, when it is planned and when it is applied."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.migrating import PLAN, Shop, opened

SCOPES: list[tuple[dict[str, list[str]], bool]] = [
    ({}, True),
    ({"entitlements": [], "groups": []}, True),
    ({"licenses": ["growth*"]}, True),
    ({"licenses": ["!growth*"]}, False),
    ({"licenses": ["growth"]}, False),
    ({"licenses": ["growth-v2"]}, False),
    ({"families": ["growth"]}, True),
    ({"families": ["other"]}, False),
    ({"families": []}, False),
    ({"families": ["growth"], "licenses": []}, True),
    ({"families": [], "licenses": ["growth*"]}, True),
    ({"families": [], "licenses": ["growth"]}, False),
    ({"families": ["other"], "licenses": ["other"]}, False),
]


@pytest.fixture
def shop(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    with opened(place, capsys) as made:
        made.sell("one")
        yield made


def owning(shop: Shop, scope: dict[str, list[str]]) -> None:
    """A project for the shop's server that owns so much of it."""
    project = {
        "version": 1,
        "catalog": ["catalog.yaml"],
        "targets": {"prod": {"url": shop.place.url}},
        "scope": scope,
    }
    shop.place.write("kaiten-sync.yaml", json.dumps(project))


@pytest.mark.parametrize(("scope", "is_owned"), SCOPES, ids=str)
def test_a_migration_moves_only_holders_of_a_family_in_scope(
    shop: Shop, scope: dict[str, list[str]], is_owned: bool
) -> None:
    owning(shop, {})
    assert shop.migrate("-t", "prod").code == 0
    reviewed = (shop.place.folder / PLAN).read_text()

    owning(shop, scope)
    (shop.place.folder / PLAN).unlink()
    planned = shop.migrate("-t", "prod", KAITEN_BASE_URL="")
    assert planned.code == (0 if is_owned else 4), planned.stderr
    assert (shop.place.folder / PLAN).exists() is is_owned

    # One that was made in another project, or before the scope was narrowed.
    shop.place.write(PLAN, reviewed)
    applied = shop.apply("-t", "prod", KAITEN_BASE_URL="")
    assert applied.code == (0 if is_owned else 4), applied.stderr
    assert shop.held() == {"one": "growth-v2" if is_owned else "growth"}
    if not is_owned:
        for refused in (planned, applied):
            assert "the project's scope leaves out" in refused.stderr
            assert "widen `scope`" in refused.stderr
