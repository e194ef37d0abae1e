"""Lists sorted by a column: plain links, all pages, on both databases the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from tests.support.dash import Dash
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import done
from tests.support.tenants import make

_NAMES = ("beta", "Äther", "alpha", "Alpha", "zeta", "Émile", "10", "9", "%", "_", "o'Brien")


_MORE = ("groups", "accounts", "webhooks", "usage", "audit", "instances")
_CALLS = "/entitlements/calls"


@pytest.fixture(autouse=True)
def _pages_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("customers", "instances", "entitlements", "licenses", "license_detail", *_MORE):
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


@pytest.fixture(scope="module")
def api(server: EmbeddedServer) -> Iterator[httpx.Client]:
    """One organization for all tests: hardly any of them changes anything."""
    headers = {"Authorization": f"Bearer {server.new_organization()}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as client:
        yield client


@pytest.fixture(scope="module")
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
    _fill_other_lists(api)
    return api


def _fill_other_lists(api: httpx.Client) -> None:
    for place, letter in enumerate("cabd"):
        group = make(api, "/entitlement-groups", name=letter, slug=f"g-{place}")
        description = letter.upper() if place else None
        done(
            api.put(
                f"/entitlement-groups/{group['slug']}",
                json={"name": letter, "description": description},
            )
        )
        make(api, "/service-accounts", name=letter, slug=f"a-{place}")
        make(api, "/service-accounts/a-0/tokens", name=letter, scopes=["read:*"])
        url = f"https://{letter}.example/"
        make(api, "/webhooks", url=url, eventTypes=["com.kaiten.license.v1.created"])
        make(
            api, "/entitlements", name=letter, slug=f"m-{place}", type="CONFIG", groupSlugs=["g-0"]
        )
    make(api, "/entitlements", name="Calls", type="NUMBER", aggregationMethod="SUM")
    for place, slug in enumerate(("growth", "a-zebra")):
        granted: dict[str, Any] = {
            "entitlementSlug": "calls",
            "limitCapExceededOveragePercent": 20 - 10 * place,
        }
        granted["value"] = {"type": "number", "value": 100 + place}
        done(api.post(f"/licenses/{slug}/entitlements", json=granted))
    instances = api.get("/instances").json()["items"]
    for place, each in enumerate(instances):
        path = f"/instances/{each['slug']}/entitlements/calls/usage"
        done(api.post(path, json={"value": 40 + 7 * place % 50}))


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
        ("/groups", "slug", 1, str),
        ("/groups", "description", 2, lambda text: "" if text == "–" else text),
        ("/groups/g-0", "slug", 1, str),
        ("/service-accounts", "slug", 1, str),
        ("/webhooks", "url", 0, str),
        ("/usage", "used", 4, int),
        ("/usage", "threshold", 5, int),
        ("/usage", "saturation", 1, lambda text: float(text.removesuffix(" %"))),
        ("/usage", "license", 8, str),
        ("/usage", "instance", 0, _fold),
        ("/usage", "customer", 7, _fold),
        (f"{_CALLS}/licenses", "overage", 3, lambda text: int(text.removesuffix(" %"))),
        (f"{_CALLS}/licenses", "instances", 4, int),
        (f"{_CALLS}/licenses", "name", 0, _fold),
        (f"{_CALLS}/customers", "instances", 2, int),
        (f"{_CALLS}/customers", "slug", 1, str),
        (f"{_CALLS}/customers", "name", 0, _fold),
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
    assert len(unsorted) >= 2
    assert sorted(rising) == sorted(falling) == sorted(unsorted)
    values = [value(row[column]) for row in rising]
    assert values == sorted(values, key=lambda each: (str(type(each)), each))
    assert falling == rising[::-1]


@pytest.mark.parametrize("path", ["/customers", "/entitlements", "/instances", "/licenses"])
def test_names_are_sorted_by_their_folded_characters(
    filled: httpx.Client, dash: Dash, path: str
) -> None:
    # Not by the database's own order, which another one does not have.
    names = [row[0] for row in _all_pages(dash, f"{path}?sort=name")]
    assert names == sorted(names, key=_fold)
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


def test_events_are_shown_in_either_order(filled: httpx.Client, dash: Dash) -> None:
    for path in ("/events", "/instances/alpha-0/audit", "/entitlements/calls/history"):
        # Without the time, which is shown by its distance.
        newest, falling, rising = (
            [row[1:] for row in _all_pages(dash, path + sort)]
            for sort in ("", "?sort=-when", "?sort=when")
        )
        assert newest == falling == rising[::-1]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/events?since=2026-13-01", "From (UTC): '2026-13-01' is not a date such as 2026-07-26."),
        ("/events?until=2026-02-29", "To (UTC): '2026-02-29' is not a date such as 2026-07-26."),
        ("/refusals?since=yesterday", "From (UTC): 'yesterday' is not a date"),
        ("/events?type=nothing", "Kind: there is no choice 'nothing'."),
        ("/usage?band=full", "Band: there is no choice 'full'."),
        ("/instances?status=GOOD", "Status: there is no choice 'GOOD'."),
        ("/customers?sort=height", "This list cannot be sorted by 'height'."),
        ("/groups?sort=%00", "This list cannot be sorted by"),
    ],
)
def test_what_a_list_cannot_be_asked_for_is_said(
    filled: httpx.Client, dash: Dash, path: str, said: str
) -> None:
    page = Html(dash.see(path))
    assert said in page.text
    assert "The list below leaves it out." in page.text
    assert _without_ages(page) == _without_ages(Html(dash.see(path.split("?")[0])))


def _without_ages(page: Html) -> list[list[str]]:
    """All cells but those whose text changes while the test runs."""
    return [
        [cell for cell in row if not cell.endswith(("just now", " ago"))] for row in page.rows()
    ]


def test_a_file_of_what_cannot_be_asked_for_is_refused(dash: Dash) -> None:
    assert "'soon' is not a date" in Html(dash.see("/events.csv?since=soon", 422)).text
