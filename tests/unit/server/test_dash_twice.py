"""A form that is sent again makes no second object, whoever sends it again and how."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest
from tests.support.dash import Dash
from tests.support.furnished import furnish
from tests.support.html import Html


@dataclass(frozen=True)
class Making:
    """A form that makes something: its page, where it goes, what is typed, and where it shows."""

    page: str
    action: str
    typed: Mapping[str, str]
    listed: str


_NAME = {"name": "Twice"}
_MAKING = (
    Making("/new/entitlement", "/new/entitlement", {**_NAME, "type": "NUMBER"}, "/entitlements"),
    Making("/new/license", "/new/license", {**_NAME, "type": "PAID"}, "/licenses"),
    Making("/new/group", "/new/group", _NAME, "/entitlement-groups"),
    Making("/new/customer", "/new/customer", _NAME, "/customers"),
    Making(
        "/new/instance",
        "/new/instance",
        {
            **_NAME,
            "customerSlug": "my-restaurant",
            "licenseSlug": "growth",
            "startLicenseDate": "2026-01-01",
            "endLicenseDate": "2027-01-01",
        },
        "/instances",
    ),
    Making(
        "/new/webhook",
        "/new/webhook",
        {"url": "https://a.example/", "eventTypes": "com.kaiten.license.v1.created"},
        "/webhooks",
    ),
    Making("/new/service-account", "/new/service-account", _NAME, "/service-accounts"),
)


def _count(api: httpx.Client, making: Making) -> int:
    return len(api.get(making.listed, params={"limit": 200}).json()["items"])


@pytest.mark.parametrize("making", _MAKING, ids=lambda making: making.page)
def test_a_form_sent_again_leads_to_what_it_made_first(
    dash: Dash, api: httpx.Client, making: Making
) -> None:
    furnish(api)
    sent = {**Html(dash.see(making.page)).sendable(making.action), **making.typed}
    before = _count(api, making)
    answers = [dash.client.post(making.action, data=sent) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303] * 3
    first, *others = [answer.headers["location"] for answer in answers]
    assert others == [first.replace("done=created", "done=before")] * 2
    assert "It was done once" in dash.see(others[0])
    assert _count(api, making) == before + 1


@pytest.mark.parametrize(
    "making",
    [making for making in _MAKING if making.listed != "/service-accounts"],  # they stay
    ids=lambda making: making.page,
)
def test_a_form_sent_again_makes_again_what_is_gone(
    dash: Dash, api: httpx.Client, making: Making
) -> None:
    furnish(api)
    sent = {**Html(dash.see(making.page)).sendable(making.action), **making.typed}
    before = _count(api, making)
    for _ in range(2):
        made, again = (dash.client.post(making.action, data=sent) for _ in range(2))
        assert (made.status_code, again.status_code) == (303, 303)
        there = made.headers["location"].removesuffix("?done=created")
        assert again.headers["location"] == f"{there}?done=before"
        dash.see(there)
        assert _count(api, making) == before + 1
        api.delete(f"{making.listed}/{there.rpartition('/')[2]}").raise_for_status()


@pytest.mark.parametrize("making", _MAKING, ids=lambda making: making.page)
def test_a_double_click_makes_one(dash: Dash, api: httpx.Client, making: Making) -> None:
    furnish(api)
    sent = {**Html(dash.see(making.page)).sendable(making.action), **making.typed}
    before = _count(api, making)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: dash.client.post(making.action, data=sent), range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert _count(api, making) == before + 1


@pytest.mark.parametrize("making", _MAKING, ids=lambda making: making.page)
def test_a_page_loaded_again_makes_another(dash: Dash, api: httpx.Client, making: Making) -> None:
    furnish(api)
    before = _count(api, making)
    for _ in range(2):
        sent = {**Html(dash.see(making.page)).sendable(making.action), **making.typed}
        assert dash.client.post(making.action, data=sent).status_code == 303
    assert _count(api, making) == before + 2


def test_what_is_typed_after_going_back_is_another_form(dash: Dash, api: httpx.Client) -> None:
    sent = Html(dash.see("/new/customer")).sendable("/new/customer")
    for name in ("One", "Two"):
        assert dash.client.post("/new/customer", data={**sent, "name": name}).status_code == 303
    assert {each["name"] for each in api.get("/customers").json()["items"]} == {"One", "Two"}


def test_a_refused_form_can_be_sent_again(dash: Dash, api: httpx.Client) -> None:
    sent = Html(dash.see("/new/customer")).sendable("/new/customer")
    typed = {**sent, "name": "One", "slug": "one"}
    assert dash.client.post("/new/customer", data={**typed, "slug": "O"}).status_code == 422
    api.post("/customers", json={"name": "Other", "slug": "one"}).raise_for_status()
    assert dash.client.post("/new/customer", data=typed).status_code == 409
    api.delete("/customers/one").raise_for_status()
    assert dash.client.post("/new/customer", data=typed).status_code == 303


@pytest.mark.parametrize("making", _MAKING, ids=lambda making: making.page)
def test_a_corrected_form_is_the_one_that_was_refused(
    dash: Dash, api: httpx.Client, making: Making
) -> None:
    furnish(api)
    first = {**Html(dash.see(making.page)).sendable(making.action), **making.typed}
    before = _count(api, making)
    wrong = {**first, next(iter(making.typed)): ""}
    for _ in range(2):  # as a browser does that goes back to a page with what was refused
        refused = dash.client.post(making.action, data=wrong)
        assert refused.status_code == 422
        corrected = {**Html(refused.text).sendable(making.action), **making.typed}
        assert dash.client.post(making.action, data=corrected).status_code == 303
    assert dash.client.post(making.action, data=first).status_code == 303
    assert _count(api, making) == before + 1


def test_who_was_told_that_a_form_was_sent_twice_can_do_it_again(
    dash: Dash, api: httpx.Client
) -> None:
    furnish(api)
    action = "/service-accounts/ci/tokens"
    sent = Html(dash.see("/service-accounts/ci")).sendable(action)
    typed = {**sent, "name": "deploy", "scopes": ["read:licenses"]}
    told = [dash.client.post(action, data=typed) for _ in range(2)][1]
    assert "sent twice" in told.text
    api.delete(f"{action}/deploy").raise_for_status()  # until then its name is taken
    again = {**typed, "form_once": Html(told.text).sendable(action)["form_once"]}
    assert dash.client.post(action, data=again).status_code == 201


def test_a_token_is_made_once_and_shown_once(dash: Dash, api: httpx.Client) -> None:
    furnish(api)
    action = "/service-accounts/ci/tokens"
    sent = Html(dash.see("/service-accounts/ci")).sendable(action)
    typed = {**sent, "name": "deploy", "scopes": ["read:licenses"]}
    first, second = (dash.client.post(action, data=typed) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 409)
    assert "ksh_" in first.text
    assert "ksh_" not in second.text
    assert "sent twice" in Html(second.text).text
    assert len(api.get(action).json()["items"]) == 2


def test_other_sessions_have_other_forms(dash: Dash, api: httpx.Client) -> None:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    sent = Html(dash.see("/new/customer")).sendable("/new/customer")
    for _ in range(2):
        dash.sign_in(token)
        data = {**sent, "name": "One", "form_token": dash.form_token()}
        assert dash.client.post("/new/customer", data=data).status_code == 303
    assert len(api.get("/customers").json()["items"]) == 2
