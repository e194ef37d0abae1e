"""Lists sorted by a column: plain links, all pages, on both databases the same."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from tests.support.dash import Dash
from tests.support.html import Html
from tests.support.metering import done
from tests.support.tenants import make

_NAMES = ("beta", "Äther", "alpha", "Alpha", "zeta", "Émile", "10", "9", "%", "_", "o'Brien")


@pytest.fixture(autouse=True)
def _pages_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("customers", "instances", "entitlements", "licenses", "license_detail"):
        monkeypatch.setattr(f"kaiten_sync.server.dashboard.{name}.ROWS", 3)


def _all_pages(dash: Dash, path: str) -> list[list[str]]:
    """The rows of a list over all its pages."""
    rows: list[list[str]] = []
    while True:
        page = Html(dash.see(path))
        rows += page.rows()
        if not page.has_link("Next page"):
            return rows
        path = page.link("Next page")


def _fold(text: str) -> str:
    return text.casefold()


@pytest.fixture
def filled(api: httpx.Client) -> httpx.Client:
    sold = {"type": "PAID", "isActive": True}
    license_id = make(api, "/licenses", name="Growth", **sold)["id"]
    other_id = make(api, "/licenses", name="Zebra", slug="a-zebra", **sold)["id"]
    for name in ("middle", "Last"):
        make(api, "/licenses", name=name, type="TRIAL")
    types = ("NUMBER", "CONFIG")
    for place, name in enumerate(_NAMES):
        customer = make(api, "/customers", name=name, slug=f"c-{place}")
        make(api, "/entitlements", name=name, slug=f"e-{place}", type=types[place % 2])
        for number in range(place % 3):
            make(
                api,
                "/instances",
                name=f"{name} {number}",
                description="",
                customerId=customer["id"],
                licenseId=(license_id, other_id)[number],
                startLicenseDate="2026-01-01T00:00:00Z",
                endLicenseDate=f"2027-0{1 + place % 4}-01T00:00:00Z",
            )
    done(api.put("/customers/c-4", json={"name": "zeta", "domain": "zeta.example"}))
    return api


@pytest.mark.parametrize(
    ("path", "sort", "column", "value"),
    [
        ("/customers", "slug", 1, str),
        ("/customers", "domain", 2, lambda text: "" if text == "–" else text),
        ("/customers", "instances", 4, int),
        ("/entitlements", "type", 2, str),
        ("/entitlements", "slug", 1, str),
        ("/instances", "slug", 1, str),
        ("/instances", "license", 3, str),
        ("/instances", "status", 4, str),
        ("/instances", "ends", 5, str),
        ("/licenses", "family", 2, str),
        ("/licenses/growth/instances", "ends", 5, str),
    ],
)
def test_a_list_is_sorted_over_all_pages(
    filled: httpx.Client,
    dash: Dash,
    path: str,
    sort: str,
    column: int,
    value: Callable[[str], object],
) -> None:
    unsorted = _all_pages(dash, path)
    rising = _all_pages(dash, f"{path}?sort={sort}")
    falling = _all_pages(dash, f"{path}?sort=-{sort}")
    assert len(unsorted) > 3
    assert sorted(rising) == sorted(falling) == sorted(unsorted)
    values = [value(row[column]) for row in rising]
    assert values == sorted(values, key=lambda each: (str(type(each)), each))
    assert falling == rising[::-1]


@pytest.mark.parametrize("path", ["/customers", "/entitlements", "/instances", "/licenses"])
def test_names_are_sorted_without_their_case(filled: httpx.Client, dash: Dash, path: str) -> None:
    names = [row[0] for row in _all_pages(dash, f"{path}?sort=name")]
    plain = [name for name in names if name.isascii() and name[0].isalnum()]
    assert plain == sorted(plain, key=_fold)
    assert [row[0] for row in _all_pages(dash, f"{path}?sort=-name")] == names[::-1]


def test_the_head_of_a_column_says_its_order_and_turns_it(filled: httpx.Client, dash: Dash) -> None:
    page = Html(dash.see("/customers?q=a"))
    assert {each.get("aria-sort") for each in page.all("th")} == {None}
    rising = page.link("Name")
    assert rising == "/customers?q=a&sort=name"
    page = Html(dash.see(rising))
    assert [each.get("aria-sort") for each in page.all("th")].count("ascending") == 1
    falling = page.link("Name")
    assert falling == "/customers?q=a&sort=-name"
    assert Html(dash.see(falling)).link("Name") == rising


def test_a_search_keeps_the_order(filled: httpx.Client, dash: Dash) -> None:
    assert Html(dash.see("/customers?sort=-name")).sendable("/customers")["sort"] == ["-name"]
    assert "sort" not in Html(dash.see("/customers")).sendable("/customers")


@pytest.mark.parametrize(
    "query",
    ["sort=nothing", "sort=", "sort=-", "sort=--name", "sort=folded", "sort=id", "sort=name%00"],
)
def test_what_a_list_is_not_sorted_by_changes_nothing(
    filled: httpx.Client, dash: Dash, query: str
) -> None:
    assert Html(dash.see(f"/customers?{query}")).rows() == Html(dash.see("/customers")).rows()


def test_of_repeated_orders_the_last_one_counts(filled: httpx.Client, dash: Dash) -> None:
    twice = Html(dash.see("/customers?sort=name&sort=-slug")).rows()
    assert twice == Html(dash.see("/customers?sort=-slug")).rows()


def test_a_page_behind_a_row_that_is_gone_is_the_first(filled: httpx.Client, dash: Dash) -> None:
    page = Html(dash.see("/customers?sort=slug"))
    done(filled.delete(f"/customers/{page.rows()[-1][1]}"))
    again = Html(dash.see(page.link("Next page"))).rows()
    assert again == Html(dash.see("/customers?sort=slug")).rows()
