"""Tokens in the dashboard: what they may do as a matrix, presets, and when they were last used."""

from __future__ import annotations

import re

import httpx
import pytest
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import done, opened

from kaiten_sync.server.db import identity

_ACCOUNT = "/service-accounts/bootstrap"
_TOKENS = f"{_ACCOUNT}/tokens"


def _scopes(api: httpx.Client, name: str) -> list[str]:
    items = done(api.get(_TOKENS)).json()["items"]
    return next(sorted(each["scopes"]) for each in items if each["name"] == name)


def _matrix(page: str) -> dict[str, str]:
    """What is chosen in each row that is not none."""
    sent = Html(page).sendable(_TOKENS)
    rows = {name: values for name, values in sent.items() if name.startswith("scopes:")}
    assert all(len(values) == 1 for values in rows.values())
    return {name.removeprefix("scopes:"): value for name, (value,) in rows.items() if value}


def test_a_token_gets_what_is_chosen_in_its_matrix(dash: Dash, api: httpx.Client) -> None:
    sent = Html(dash.see(_ACCOUNT)).sendable(_TOKENS)
    assert _matrix(dash.see(_ACCOUNT)) == {}
    typed = {"scopes:licenses": "write:licenses", "scopes:customers": "read:customers"}
    answered = dash.client.post(_TOKENS, data={**sent, **typed, "name": "ci"})
    assert answered.status_code == 201
    assert _scopes(api, "ci") == ["read:customers", "write:licenses"]


def test_a_refused_token_keeps_its_matrix(dash: Dash) -> None:
    answered = dash.send(_TOKENS, {"name": "", "scopes:licenses": "write:licenses"})
    assert answered.status_code == 422
    assert _matrix(answered.text) == {"licenses": "write:licenses"}
    empty = dash.send(_TOKENS, {"name": "x"})
    assert empty.status_code == 400
    assert Html(empty.text).problem_at("scopes")


@pytest.mark.parametrize(
    "typed",
    [
        {"scopes:licenses": "write:everything"},
        {"scopes:licenses": "Read:licenses"},
        {"scopes:licenses": ["read:licenses", "grant:licenses"]},
    ],
)
def test_a_matrix_takes_only_scopes(dash: Dash, typed: dict[str, str | list[str]]) -> None:
    answered = dash.send(_TOKENS, {"name": "x", **typed})
    assert answered.status_code == 400
    assert "unknown scope" in Html(answered.text).problem_at("scopes")


def test_presets_fill_in_the_matrix(dash: Dash) -> None:
    page = dash.see(_ACCOUNT)
    links = re.findall(r'href="(/service-accounts/bootstrap\?preset=\w+)#new-token"', page)
    assert len(links) == 6
    assert _matrix(dash.see(f"{_ACCOUNT}?preset=apply")) == {
        "entitlements": "write:entitlements",
        "licenses": "write:licenses",
        "instances": "read:instances",
    }
    assert _matrix(dash.see(f"{_ACCOUNT}?preset=all")) == {"*": "write:*"}
    for unknown in ("nothing", "", "ALL"):
        assert _matrix(dash.see(f"{_ACCOUNT}?preset={unknown}")) == {}


def test_only_what_the_visitor_may_give_is_offered(
    dash: Dash, api: httpx.Client, server: EmbeddedServer
) -> None:
    scopes = ["write:tokens", "read:entitlements", "read:licenses", "read:instances"]
    made = done(api.post(_TOKENS, json={"name": "part", "scopes": scopes})).json()
    with at_dashboard(server.url, made["token"]) as visitor:
        page = visitor.see(_ACCOUNT)
        offered = {
            each.get("value")
            for each in Html(page).all("input")
            if each.get("type") == "radio" and each.get("value")
        }
        assert offered == {"read:tokens", *scopes}
        assert re.findall(r"preset=(\w+)", page) == ["plan"]
        # A preset that is not offered is no way around it.
        sent = Html(visitor.see(f"{_ACCOUNT}?preset=all")).sendable(_TOKENS)
        answered = visitor.client.post(_TOKENS, data={**sent, "name": "more"})
        assert answered.status_code == 400
        forced = {**sent, "name": "more", "scopes:licenses": "write:licenses"}
        assert visitor.client.post(_TOKENS, data=forced).status_code == 403


def _last_used(dash: Dash, name: str) -> str:
    row = next(row for row in Html(dash.see(_ACCOUNT)).rows() if row[0] == name)
    return row[4]


def test_a_token_shows_when_it_was_last_used(
    dash: Dash, api: httpx.Client, server: EmbeddedServer
) -> None:
    fields = {"name": "used", "scopes": ["write:customers"]}
    made = done(api.post(_TOKENS, json=fields)).json()
    assert _last_used(dash, "used") == "–"
    headers = {"Authorization": f"Bearer {made['token']}"}
    # Refused for its scope, it opened nothing.
    assert httpx.get(f"{server.url}/api/licenses", headers=headers).status_code == 403
    assert _last_used(dash, "used") == "–"
    httpx.get(f"{server.url}/api/customers", headers=headers).raise_for_status()
    while _last_used(dash, "used") == "–":
        pass
    assert _last_used(dash, "used") == "just now"
    assert "lastUsedAt" not in api.get(_TOKENS).text


def test_signing_in_is_a_use_of_the_token(
    dash: Dash, api: httpx.Client, server: EmbeddedServer
) -> None:
    made = done(api.post(_TOKENS, json={"name": "person", "scopes": ["read:*"]})).json()
    with at_dashboard(server.url, made["token"]) as visitor:
        visitor.see("/")
    while _last_used(dash, "person") != "just now":
        pass


def test_many_requests_of_a_minute_are_one_write(api: httpx.Client, server: EmbeddedServer) -> None:
    with opened(server.database_url) as database:
        with database.reading() as connection:
            before = connection.exec_driver_sql("SELECT sum(last_used_at) FROM token").scalar()
        done(api.get("/customers"))
        while True:
            with database.reading() as connection:
                after = connection.exec_driver_sql("SELECT sum(last_used_at) FROM token").scalar()
            if after != before:
                break
        for _ in range(50):
            done(api.get("/customers"))
        with database.reading() as connection:
            last = connection.exec_driver_sql("SELECT sum(last_used_at) FROM token").scalar()
        assert last == after


def test_what_is_stored_later_is_not_overwritten(server: EmbeddedServer) -> None:
    server.new_organization()
    with opened(server.database_url) as database:
        with database.writing() as connection:
            unused = "SELECT max(id) FROM token WHERE last_used_at IS NULL"
            token_id = connection.exec_driver_sql(unused).scalar_one()
            identity.note_uses(connection, {token_id: 2000}, 1001)
            identity.note_uses(connection, {token_id: 1000, "gone": 1}, 1001)
        with database.reading() as connection:
            said = "SELECT last_used_at FROM token WHERE last_used_at < 5000"
            assert connection.exec_driver_sql(said).scalars().all() == [2000]
