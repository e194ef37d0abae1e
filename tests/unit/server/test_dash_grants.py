"""All grants of a license are edited in one form, and what that does is shown before it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest
from tests.support.dash import Dash
from tests.support.html import Html
from tests.support.metering import Meter, done, metered

_FORM = "/licenses/growth/thresholds"
_PAGE = "/licenses/growth"

Typed = Mapping[str, Sequence[str] | str]


@pytest.fixture
def meter(api: httpx.Client, database_url: str) -> Meter:
    """One holder that has used 9 of 10 calls, beside grants of all types."""
    meter = metered(api, database_url)
    meter.grant(10)
    meter.grant(100, "exports", overage=10)
    meter.grant(True, "sso", type="BOOLEAN")
    meter.grant({"theme": "a"}, "branding", type="CONFIG")
    meter.count(9)
    return meter


def test_several_grants_are_saved_together_after_a_review(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    typed = {**_shown(dash), "value:calls": "20", "value:exports": "1,000", "value:sso": "off"}
    review = Html(dash.send(_FORM, typed).text)
    assert _values(api) == {"calls": 10, "exports": 100, "sso": True, "branding": {"theme": "a"}}
    assert [row[:4] for row in review.rows()] == [
        ["calls calls", "10", "20", "loosens"],
        ["exports exports", "100 (+10 %)", "1,000 (+10 %)", "loosens"],
        ["sso sso", "on", "off", "tightens"],
    ]
    assert "1 tightening, 2 loosening" in review.text
    assert dash.do(_FORM, review.sendable(_FORM) | _NOT_AGAIN) == f"{_PAGE}?done=saved"
    assert _values(api)["calls"] == 20
    assert _values(api)["exports"] == 1000
    assert _values(api)["sso"] is False


@pytest.mark.parametrize(
    ("typed", "effect", "over", "near", "hit"),
    [
        ("8.9", "tightens", "1", "0", "main"),
        ("9", "tightens", "0", "1", "main"),
        ("9.99", "tightens", "0", "1", "main"),
        ("11", "loosens", "–", "–", "nobody"),
        ("unlimited", "loosens", "–", "–", "nobody"),
        ("0", "tightens", "1", "0", "main"),
    ],
)
def test_the_review_says_who_would_be_over(
    dash: Dash, meter: Meter, typed: str, effect: str, over: str, near: str, hit: str
) -> None:
    (row,) = _review(dash, {"value:calls": typed}).rows()
    assert row[3:6] == [effect, over, near]
    assert row[6].startswith(hit)


def test_an_overage_that_makes_up_for_a_lower_threshold_does_not_tighten(
    dash: Dash, meter: Meter
) -> None:
    (row,) = _review(dash, {"value:calls": "8", "overage:calls": "50"}).rows()
    assert row[2:4] == ["8 (+50 %)", "loosens"]


def test_the_worst_five_of_many_holders_are_named(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    for number in range(6):
        meter.add_instance(f"more-{number}")
        usage = f"/instances/more-{number}/entitlements/calls/usage"
        done(api.post(usage, json={"value": number + 3}))
    review = _review(dash, {"value:calls": "4"})
    (row,) = review.rows()
    assert row[4:6] == ["5", "1"]
    assert [row[6].index(f"{name} (") for name in ("main", "more-5", "more-4")] == sorted(
        row[6].index(f"{name} (") for name in ("main", "more-5", "more-4")
    )
    assert row[6].count("used, over") == 5
    assert row[6].endswith("and 1 more")
    assert "7 instances have the license; 5 would be over" in review.text


def test_what_holders_lose_is_counted(dash: Dash, api: httpx.Client, meter: Meter) -> None:
    for number in range(6):
        meter.add_instance(f"more-{number}")
    review = _review(dash, {"value:sso": "off"})
    assert "0 would be over; 7 would lose something." in review.text
    assert review.rows()[0][6].endswith("and 2 more")
    assert "lose something" not in _review(dash, {"value:calls": "4"}).text


def test_a_grant_that_goes_says_who_uses_it(dash: Dash, meter: Meter) -> None:
    page = Html(dash.see(f"{_PAGE}/grants/calls/remove"))
    (row,) = page.rows()
    assert row[1:5] == ["10", "not granted", "tightens", "1"]
    assert "9 used, over" in row[6]
    assert "could no longer report usage of it" in page.text
    for slug in ("sso", "branding"):
        assert "would lose it." in Html(dash.see(f"{_PAGE}/grants/{slug}/remove")).text


def test_a_form_without_an_edit_changes_nothing(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    before = done(api.get(f"{_PAGE}/entitlements")).json()
    assert dash.do(_FORM, _shown(dash)) == f"{_PAGE}?done=unchanged"
    assert done(api.get(f"{_PAGE}/entitlements")).json() == before


@pytest.mark.parametrize(
    ("typed", "at", "says"),
    [
        ({"value:calls": "lots"}, "value:calls", "type a number, such as 1,000 or 0.5"),
        ({"value:calls": ""}, "value:calls", "this is needed"),
        ({"value:calls": "1e400"}, "value:calls", "number too large"),
        ({"value:calls": "NaN"}, "value:calls", "number"),
        ({"value:branding": "[1]"}, "value:branding", "type a JSON object"),
        ({"overage:calls": "40000"}, "overage:calls", "from 0 to 32,767"),
        ({"overage:calls": "-2"}, "overage:calls", "from 0 to 32,767"),
        ({"overage:calls": "1.5"}, "overage:calls", "type a whole number"),
        (
            {"value:calls": "unlimited", "overage:calls": "5"},
            "overage:calls",
            "leave this empty: an unlimited threshold has no overage",
        ),
        ({"overage:calls": "-1"}, "overage:calls", "from 0 to 32,767"),
        ({"overage:calls": "9" * 400}, "overage:calls", "from 0 to 32,767"),
        ({"value:sso": "maybe"}, "value:sso", "type on or off"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_all_that_was_typed_stays(
    dash: Dash, meter: Meter, typed: dict[str, str], at: str, says: str
) -> None:
    answer = dash.send(_FORM, {**_shown(dash), "value:exports": "77", **typed})
    assert answer.status_code in (400, 422)
    page = Html(answer.text)
    assert says in page.problem_at(at)
    assert page.value_of("value:exports") == "77"


def test_a_change_of_somebody_else_to_the_same_grant_is_said_and_not_overwritten(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    opened = _shown(dash)
    meter.regrant(7)
    answer = dash.send(_FORM, {**opened, "value:calls": "20"})
    assert answer.status_code == 409
    page = Html(answer.text)
    assert page.problem_at("value:calls") == "this was changed to: 7"
    assert page.value_of("value:calls") == "20"
    again = Html(dash.send(_FORM, page.sendable(_FORM)).text)
    assert again.rows()[0][1:3] == ["7", "20"]
    assert _values(api)["calls"] == 7


def test_a_change_of_somebody_else_to_another_grant_is_kept(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    opened = _shown(dash)
    meter.regrant(7)
    review = Html(dash.send(_FORM, {**opened, "value:exports": "50"}).text)
    dash.do(_FORM, review.sendable(_FORM) | _NOT_AGAIN)
    assert (_values(api)["calls"], _values(api)["exports"]) == (7, 50)


def test_a_change_between_review_and_save_is_not_overwritten(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    review = _review(dash, {"value:calls": "20"})
    meter.regrant(7)
    answer = dash.send(_FORM, review.sendable(_FORM) | _NOT_AGAIN)
    assert answer.status_code == 409
    assert _values(api)["calls"] == 7


def test_a_grant_that_somebody_else_removed_is_not_granted_again(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    opened = _shown(dash)
    done(api.delete(f"{_PAGE}/entitlements/calls"))
    answer = dash.send(_FORM, {**opened, "value:calls": "20"})
    assert answer.status_code == 409
    assert "calls was removed" in Html(answer.text).text
    assert dash.do(_FORM, opened) == f"{_PAGE}?done=unchanged"


def test_the_review_leads_back_to_the_form_with_what_was_typed(dash: Dash, meter: Meter) -> None:
    review = _review(dash, {"value:calls": "20"})
    page = Html(dash.send(_FORM, review.sendable(_FORM)).text)
    assert page.value_of("value:calls") == "20"
    assert page.value_of("value:exports") == "100"


def test_moving_holders_shows_what_it_does_and_leaves_out_who_would_be_over(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    small = done(api.post("/licenses", json={"name": "Small", "type": "PAID"})).json()
    body = {"entitlementSlug": "calls", "value": {"type": "number", "value": 5}}
    done(api.post("/licenses/small/entitlements", json=body))
    assert "all of them would be over" in Html(dash.see(f"{_PAGE}/move?to=small")).text
    meter.add_instance("idle")
    page = Html(dash.see(f"{_PAGE}/move?to=small"))
    assert [row[:4] for row in page.rows()] == [
        ["branding branding", '{"theme": "a"}', "not granted", "tightens"],
        ["calls calls", "10", "5", "tightens"],
        ["exports exports", "100 (+10 %)", "not granted", "tightens"],
        ["sso sso", "on", "not granted", "tightens"],
    ]
    before = done(api.get("/instances/idle")).json()
    action = f"{_PAGE}/move"
    assert dash.do(action, page.sendable(action)) == f"{action}?to=small&done=moved"
    after = done(api.get("/instances/idle")).json()
    moved = {"licenseId": small["id"], "licenseSlug": "small", "updatedAt": after["updatedAt"]}
    assert after == {**before, **moved}
    assert done(api.get("/instances/main")).json()["licenseSlug"] == "growth"
    everybody = Html(dash.see(f"{action}?to=small&over=on"))
    dash.do(action, everybody.sendable(action))
    assert done(api.get("/instances/main")).json()["licenseSlug"] == "small"


def test_a_move_is_looked_at_again_if_the_licenses_changed_meanwhile(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    done(api.post("/licenses", json={"name": "Small", "type": "PAID"}))
    action = f"{_PAGE}/move"
    opened = Html(dash.see(f"{action}?to=small&over=on")).sendable(action)
    meter.regrant(7)
    answer = dash.send(action, opened)
    assert answer.status_code == 409
    again = Html(answer.text).sendable(action)
    assert again["reviewed"] != opened["reviewed"]
    done(api.post("/licenses/small/archive"))
    assert dash.send(action, again).status_code == 422
    assert done(api.get("/instances/main")).json()["licenseSlug"] == "growth"


_NOT_AGAIN = {"again": [""]}
"""A browser sends a button only if it was pressed."""


def _shown(dash: Dash) -> dict[str, list[str]]:
    return Html(dash.see(_PAGE)).sendable(_FORM)


def _review(dash: Dash, typed: Typed) -> Html:
    answer = dash.send(_FORM, {**_shown(dash), **typed})
    assert answer.status_code == 200, answer.text
    return Html(answer.text)


def _values(api: httpx.Client) -> dict[str, Any]:
    items = done(api.get(f"{_PAGE}/entitlements")).json()["items"]
    return {each["entitlementSlug"]: each["value"]["value"] for each in items}


BYTES: dict[str, Any] = {"unitSingular": "byte", "unitPlural": "bytes"}
CALLS: dict[str, Any] = {"unitSingular": "call", "unitPlural": "calls"}


def test_thresholds_are_shown_and_typed_with_their_units(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    meter.grant(10**10, "space", **BYTES)
    meter.grant(1000, "mails", **CALLS)
    shown = _shown(dash)
    assert shown["value:space"] == ["10 GB"]
    assert shown["value:mails"] == ["1,000"]
    typed = {**shown, "value:space": "8GB", "value:mails": "5k calls", "overage:mails": "20 %"}
    review = _review(dash, typed)
    assert [row[1:4] for row in review.rows()] == [
        ["1,000 calls", "5,000 calls (+20 %)", "loosens"],
        ["10 GB", "8 GB", "tightens"],
    ]
    dash.do(_FORM, review.sendable(_FORM) | _NOT_AGAIN)
    assert _values(api)["space"] == 8 * 10**9
    assert _values(api)["mails"] == 5000


def test_a_new_grant_is_typed_in_the_unit_of_its_entitlement(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    done(api.post("/entitlements", json={"name": "S", "slug": "s1", "type": "NUMBER", **BYTES}))
    dash.do(f"{_PAGE}/grants", {"entitlementSlug": "s1", "value": "1.5GB"})
    assert _values(api)["s1"] == 1_500_000_000
