"""`--where` chooses holders by an expression in CEL, and what it cannot judge stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.migrating import DATES_LATER, Shop, opened

from kaiten_sync.plan import HOLDER_VARIABLES

HOW_TO = "docs/how-to/move-customers.md"


@pytest.fixture
def shop(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    with opened(place, capsys) as made:
        made.sell("one", 2)
        made.sell("two", 4, **DATES_LATER, metadata={"region": "us", "tier": 3, "nested": {}})
        made.sell("three", 1)
        yield made


@pytest.mark.parametrize(
    ("where", "moved"),
    [
        ("usage.seats < 3", ["three", "one"]),
        ("usage['seats'] >= 2.5", ["two"]),
        ("instance.slug == 'one' || customer == 'c-two'", ["one", "two"]),
        ("customer.slug.startsWith('c-t') && instance.name != 'Instance two'", ["three"]),
        ("instance.license == 'growth-v2'", []),
        ("dates.end > timestamp('2036-06-01T00:00:00Z')", ["two"]),
        ("dates.start < timestamp('2026-06-01T00:00:00Z')", ["three", "one", "two"]),
        ("instance.metadata.region == 'eu' && instance.slug == 'one'", ["one"]),
        ("has(instance.metadata.tier) && instance.metadata.tier > 1", ["two"]),
        ("1 in instance.metadata.nested.ports", ["three", "one"]),
        ("true", ["three", "one", "two"]),
    ],
)
def test_an_expression_chooses_who_moves(shop: Shop, where: str, moved: list[str]) -> None:
    planned = shop.migrate("--where", where)
    assert planned.code == 0, planned.stderr
    assert shop.moved() == moved
    assert shop.plan()["where"] == where
    assert set(shop.stays().values()) <= {"not-chosen"}
    assert where in planned.stdout
    assert shop.apply().code == 0
    assert {slug for slug, held in shop.held().items() if held == "growth-v2"} == set(moved)


def test_a_wave_is_a_share_of_all_present_holders(shop: Shop) -> None:
    assert shop.migrate("--where", "usage.seats > 0", "--wave", "67%").code == 0
    assert shop.moved() == ["three", "one"]
    assert shop.stays() == {"two": "later"}


def test_a_holder_for_whom_there_is_no_answer_stays(shop: Shop) -> None:
    planned = shop.migrate("--where", "instance.slug == 'one' || usage.storage < 5")
    assert (shop.moved(), set(shop.stays())) == (["one"], {"two", "three"})
    assert "--where has no answer for instance/three and 1 more" in planned.stderr


def test_whom_an_expression_means_may_still_be_over(shop: Shop) -> None:
    shop.sell("four", 9)
    shop.migrate("--where", "usage.seats > 3")
    assert shop.moved() == ["two"]
    assert shop.stays() == {"one": "not-chosen", "three": "not-chosen", "four": "over"}


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("usage.seats <", "--where is wrong at line 1, column"),
        ("instanse.slug == 'one'", "there is no variable or function 'instanse"),
        ("instance.slug", "it must be true or false"),
        ("instance.slug == 1", "does not take"),
        (" ", "--where is wrong"),
        ("", "the value is empty"),
    ],
)
def test_what_is_not_an_expression_is_refused_before_anything_is_sent(
    shop: Shop, where: str, said: str
) -> None:
    done = shop.run("migrate", "growth", "--where", where, KAITEN_BASE_URL="http://127.0.0.1:9")
    assert done.code == 3
    assert said in done.stderr


def test_every_variable_is_documented(pytestconfig: pytest.Config) -> None:
    text = (pytestconfig.rootpath / HOW_TO).read_text(encoding="utf-8")
    assert [name for name in HOLDER_VARIABLES if f"`{name}`" not in text] == []
