"""Sessions of the dashboard: who gets in, for how long, and what other sites cannot do."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from tests.support.clocked import clocked
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer

from kaiten_sync.server.dashboard.catalog import FORMS
from kaiten_sync.server.domain.tokens import lookup_hash, new_token

_MINUTE_MS = 60_000
_ROOT = "http://localhost"


def test_a_page_asks_strangers_to_sign_in_and_leads_on_to_it(server: EmbeddedServer) -> None:
    with at_dashboard(server.url) as dash:
        answer = dash.client.get("/entitlements?q=a%26b")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in?next=/entitlements%3Fq%3Da%2526b"
        page = dash.client.get(answer.headers["location"]).text
        assert 'value="/entitlements?q=a%26b"' in page


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x", ""]
)
def test_signing_in_leads_nowhere_else(
    server: EmbeddedServer, api: httpx.Client, elsewhere: str
) -> None:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    with at_dashboard(server.url) as dash:
        assert dash.sign_in(token, elsewhere).headers["location"] == "/"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(server: EmbeddedServer) -> None:
    with at_dashboard(server.url) as dash:
        cookie = dash.sign_in(server.token).headers["set-cookie"]
    assert cookie.startswith(f"kaiten_session_{server.url.rpartition(':')[2]}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_the_cookie_needs_https_off_loopback(server: EmbeddedServer) -> None:
    with httpx.Client(base_url=server.url, headers={"Host": "kaiten.example"}) as client:
        answer = client.post("/sign-in", data={"token": server.token})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-kaiten_session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie


def test_servers_on_one_host_do_not_sign_each_other_out(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    with EmbeddedServer(tmp_path) as second, httpx.Client() as browser:
        both = [(Dash(browser, each.url), each.token) for each in (server, second)]
        for dash, token in both:
            assert dash.sign_in(token).status_code == 303
        for dash, _ in both:
            dash.see("/licenses")
        assert both[0][0].do("/sign-out") == "/sign-in"
        both[0][0].see("/licenses", status=303)
        both[1][0].see("/licenses")


def test_every_answer_has_the_headers_that_guard_it(dash: Dash) -> None:
    for path in ("/", "/entitlements", "/sign-in", "/nothing-here"):
        headers = dash.client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
    policy = dash.client.get("/api/docs").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_wrong_token_is_refused_at_its_field(server: EmbeddedServer) -> None:
    with at_dashboard(server.url) as dash:
        answer = dash.sign_in(new_token())
    assert answer.status_code == 401
    assert "the token is unknown, expired or revoked" in answer.text
    assert "set-cookie" not in answer.headers


def test_only_a_hash_of_the_session_is_stored(server: EmbeddedServer, dash: Dash) -> None:
    (session_id,) = dash.client.cookies.values()
    with server.looking() as connection:
        stored = connection.execute(text("SELECT id_hash FROM session")).scalars().all()
    assert lookup_hash(session_id) in stored
    assert session_id not in stored


def test_signing_out_ends_the_session(dash: Dash) -> None:
    ((name, session_id),) = dash.client.cookies.items()
    assert dash.do("/sign-out") == "/sign-in"
    dash.client.cookies.set(name, session_id)
    assert dash.client.get("/").headers["location"].startswith("/sign-in")


def test_revoking_the_token_ends_the_session(
    server: EmbeddedServer, api: httpx.Client, dash: Dash
) -> None:
    made = api.post("/service-accounts/bootstrap/tokens", json={"name": "t", "scopes": ["read:*"]})
    with at_dashboard(server.url, made.json()["token"]) as other:
        other.see("/")
        api.delete(f"/service-accounts/bootstrap/tokens/{made.json()['slug']}")
        assert other.client.get("/").status_code == 303
    dash.see("/")


@pytest.mark.parametrize("form_token", ["", "0" * 64, "ü"])
def test_a_form_without_the_token_of_the_session_does_nothing(
    dash: Dash, api: httpx.Client, form_token: str
) -> None:
    fields = {"form_token": form_token, "name": "Seats", "type": "NUMBER"}
    for path in (form.path for form in FORMS if "{" not in form.path):
        assert dash.client.post(path, data=fields).status_code == 403, path
    assert api.get("/entitlements").json()["items"] == []


def test_a_form_of_another_site_does_nothing(dash: Dash, api: httpx.Client) -> None:
    fields = {"form_token": dash.form_token(), "name": "Seats", "type": "NUMBER"}
    for origin in ("https://evil.example", "null", "http://[evil"):
        for path in ("/sign-in", "/sign-out", *(form.path for form in FORMS)):
            answer = dash.client.post(path, data=fields, headers={"Origin": origin})
            assert answer.status_code == 403, path
    assert api.get("/entitlements").json()["items"] == []
    dash.see("/")


def test_what_is_not_there_is_a_page_for_people_and_a_problem_for_programs(dash: Dash) -> None:
    assert dash.client.get("/nothing").headers["content-type"] == "text/html; charset=utf-8"
    assert dash.client.post("/").status_code == 405
    problem = dash.client.get("/api/nothing")
    assert problem.headers["content-type"] == "application/problem+json"


def test_a_session_ends_when_nobody_uses_it(fresh_url: str) -> None:
    with clocked(fresh_url) as (api, clock):
        dash = _signed_in(api)
        for _ in range(3):
            clock.now_ms += 29 * _MINUTE_MS
            dash.see("/")
        clock.now_ms += 31 * _MINUTE_MS
        dash.see("/", status=303)


def test_a_session_ends_after_a_day_of_work_however_much_it_is_used(fresh_url: str) -> None:
    with clocked(fresh_url) as (api, clock):
        dash = _signed_in(api)
        for _ in range(24):
            clock.now_ms += 29 * _MINUTE_MS
            dash.see("/")
        clock.now_ms += 29 * _MINUTE_MS
        dash.see("/", status=303)


def _signed_in(api: httpx.Client) -> Dash:
    dash = Dash(api, _ROOT)
    assert dash.sign_in(_token_of(api)).status_code == 303
    return dash


def _token_of(api: httpx.Client) -> str:
    return api.headers["Authorization"].removeprefix("Bearer ")
