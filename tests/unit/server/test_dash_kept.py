"""What was typed is kept if a form cannot be taken: signed out, another session, busy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import furnish
from tests.support.html import Html
from tests.support.metering import done, opened

_LINES = "first\r\n\r\n  second & <third> \"'\u00e9\r\n"


@dataclass(frozen=True)
class Typing:
    """A form: its page, where it goes, what is typed, and where that is stored as what."""

    page: str
    action: str
    typed: Mapping[str, str]
    stored_at: str
    stored: Mapping[str, Any]


_FORMS = (
    Typing("/new/customer", "/new/customer", {"name": "Né"}, "/customers/ne", {"name": "Né"}),
    Typing(
        "/licenses/growth/edit",
        "/licenses/growth/edit",
        {"description": _LINES},
        "/licenses/growth",
        {"description": _LINES.replace("\r\n", "\n")},
    ),
    Typing(
        "/instances/my-restaurant-production",
        "/instances/my-restaurant-production",
        {"lifecycleStage": "TRIAL"},
        "/instances/my-restaurant-production",
        {"lifecycleStage": "TRIAL"},
    ),
    Typing(
        "/service-accounts/ci",
        "/service-accounts/ci/tokens",
        {"name": "kept", "scopes:licenses": "write:licenses"},
        "/service-accounts/ci/tokens",
        {},
    ),
)


def _end_session(server: EmbeddedServer) -> None:
    with opened(server.database_url) as database, database.writing() as connection:
        connection.execute(text("DELETE FROM session"))


def _token(api: httpx.Client) -> str:
    return api.headers["Authorization"].removeprefix("Bearer ")


def _is_as_typed(page: Html, form: Typing) -> bool:
    shown = page.sendable(form.action)
    return all(
        [each.replace("\r\n", "\n") for each in shown[name]] == [text.replace("\r\n", "\n")]
        for name, text in form.typed.items()
    )


@pytest.mark.parametrize("form", _FORMS, ids=lambda form: form.action)
def test_a_form_of_an_ended_session_comes_back_after_signing_in(
    dash: Dash, api: httpx.Client, server: EmbeddedServer, form: Typing
) -> None:
    furnish(api)
    sent = {**Html(dash.see(form.page)).sendable(form.action), **form.typed}
    before = api.get(form.stored_at).text
    _end_session(server)
    asked = dash.client.post(form.action, data=sent)
    assert asked.status_code == 401
    # A wrong token, and then the right one.
    again = Html(asked.text).sendable("/sign-in")
    asked = dash.client.post("/sign-in", data={**again, "token": "ksh_wrong"})
    assert asked.status_code == 401
    again = Html(asked.text).sendable("/sign-in")
    shown = dash.client.post("/sign-in", data={**again, "token": _token(api)})
    assert shown.status_code == 200
    page = Html(shown.text)
    assert "signed out before this could be done" in page.text
    assert _is_as_typed(page, form)
    assert api.get(form.stored_at).text == before
    answered = dash.client.post(form.action, data=page.sendable(form.action))
    assert answered.status_code in (201, 303)
    assert api.get(form.stored_at).text != before
    assert form.stored.items() <= api.get(form.stored_at).json().items()


@pytest.mark.parametrize("form", _FORMS, ids=lambda form: form.action)
def test_a_form_of_another_session_comes_back(dash: Dash, api: httpx.Client, form: Typing) -> None:
    furnish(api)
    sent = {**Html(dash.see(form.page)).sendable(form.action), **form.typed}
    before = api.get(form.stored_at).text
    dash.sign_in(_token(api))  # as in another window
    shown = dash.client.post(form.action, data=sent)
    assert shown.status_code == 403
    page = Html(shown.text)
    assert "another session" in page.text
    assert _is_as_typed(page, form)
    assert api.get(form.stored_at).text == before
    assert dash.client.post(form.action, data=page.sendable(form.action)).status_code in (201, 303)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    dash: Dash, api: httpx.Client, server: EmbeddedServer
) -> None:
    furnish(api)
    action = "/customers/my-restaurant/edit"
    sent = {**Html(dash.see(action)).sendable(action), "name": "Mine"}
    done(api.put("/customers/my-restaurant", json={"name": "Theirs", "domain": "theirs.example"}))
    _end_session(server)
    asked = Html(dash.client.post(action, data=sent).text).sendable("/sign-in")
    shown = dash.client.post("/sign-in", data={**asked, "token": _token(api)})
    answered = dash.client.post(action, data=Html(shown.text).sendable(action))
    assert answered.status_code == 409
    assert "Theirs" in Html(answered.text).problem_at("name")
    assert api.get("/customers/my-restaurant").json()["name"] == "Theirs"


def test_edited_thresholds_come_back_and_are_reviewed(
    dash: Dash, api: httpx.Client, server: EmbeddedServer
) -> None:
    furnish(api)
    action = "/licenses/growth/thresholds"
    sent = {**Html(dash.see("/licenses/growth")).sendable(action), "value:api-calls": "1,234"}
    _end_session(server)
    asked = Html(dash.client.post(action, data=sent).text).sendable("/sign-in")
    shown = Html(dash.client.post("/sign-in", data={**asked, "token": _token(api)}).text)
    assert shown.value_of("value:api-calls") == "1,234"
    review = dash.client.post(action, data=shown.sendable(action))
    reviewed = Html(review.text).sendable(action)
    del reviewed["again"]  # the other button
    assert dash.client.post(action, data=reviewed).status_code == 303
    grant = api.get("/licenses/growth/entitlements/api-calls").json()
    assert grant["value"]["value"] == 1234


def test_a_button_without_fields_asks_again(
    dash: Dash, api: httpx.Client, server: EmbeddedServer
) -> None:
    furnish(api)
    done(api.post("/licenses/growth/archive"))
    action = "/licenses/growth/unarchive"
    sent = Html(dash.see("/licenses/growth")).sendable(action)
    _end_session(server)
    asked = Html(dash.client.post(action, data=sent).text).sendable("/sign-in")
    shown = dash.client.post("/sign-in", data={**asked, "token": _token(api)})
    assert shown.status_code == 200
    assert "signed out before this could be done" in Html(shown.text).text
    assert api.get("/licenses/growth").json()["lifecycleState"] == "ARCHIVED"


def test_whoever_may_not_use_the_form_is_told_so(
    dash: Dash, api: httpx.Client, server: EmbeddedServer
) -> None:
    furnish(api)
    sent = {**Html(dash.see("/new/customer")).sendable("/new/customer"), "name": "One"}
    body = {"name": "reader", "scopes": ["read:customers"]}
    reader = done(api.post("/service-accounts/ci/tokens", json=body)).json()["token"]
    _end_session(server)
    asked = Html(dash.client.post("/new/customer", data=sent).text).sendable("/sign-in")
    shown = dash.client.post("/sign-in", data={**asked, "token": reader})
    assert shown.status_code == 403
    assert "write:customers" in shown.text


@pytest.mark.parametrize(
    "path",
    ["https://evil.example/", "//evil.example", "/nowhere", "/sign-in", "/sign-out", "", "/"],
)
def test_only_forms_of_ours_come_back(api: httpx.Client, server: EmbeddedServer, path: str) -> None:
    with at_dashboard(server.url) as stranger:
        sent = {"token": _token(api), "next": path, "kept": "on", "kept:name": "x"}
        answered = stranger.client.post("/sign-in", data=sent)
        assert (answered.status_code, answered.headers["location"]) == (303, "/")


@contextmanager
def _busy(server: EmbeddedServer) -> Iterator[None]:
    """Somebody else writes all the time."""
    with opened(server.database_url) as database, database.writing():
        yield


def test_a_form_comes_back_when_the_database_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kaiten_sync.server.db.engine._WAIT_MS", 50)
    with EmbeddedServer(tmp_path) as server, at_dashboard(server.url, server.token) as dash:
        sent = {**Html(dash.see("/new/customer")).sendable("/new/customer"), "name": "One"}
        with _busy(server):
            refused = dash.client.post("/new/customer", data=sent)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        page = Html(refused.text)
        assert page.value_of("name") == "One"
        assert "Correct this and send it again" in page.text
        answered = dash.client.post("/new/customer", data=page.sendable("/new/customer"))
        assert answered.headers["location"] == "/customers/one?done=created"


def test_a_token_is_asked_for_again_when_the_database_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kaiten_sync.server.db.engine._WAIT_MS", 50)
    with EmbeddedServer(tmp_path) as server, at_dashboard(server.url, server.token) as dash:
        sent = {**Html(dash.see("/new/customer")).sendable("/new/customer"), "name": "One"}
        _end_session(server)
        asked = Html(dash.client.post("/new/customer", data=sent).text).sendable("/sign-in")
        with _busy(server):
            refused = dash.client.post("/sign-in", data={**asked, "token": server.token})
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        assert server.token not in refused.text
        again = Html(refused.text).sendable("/sign-in")
        shown = dash.client.post("/sign-in", data={**again, "token": server.token})
        assert Html(shown.text).value_of("name") == "One"


@pytest.mark.parametrize("ends", [False, True])
def test_a_form_comes_back_when_the_server_fails(
    dash: Dash,
    api: httpx.Client,
    server: EmbeddedServer,
    monkeypatch: pytest.MonkeyPatch,
    ends: bool,
) -> None:
    sent = {**Html(dash.see("/new/customer")).sendable("/new/customer"), "name": "Né"}
    if ends:
        _end_session(server)
    with monkeypatch.context() as patch:
        patch.setattr("kaiten_sync.server.dashboard.site.signed_in", _fail)
        refused = dash.client.post("/new/customer", data=sent)
    assert (refused.status_code, refused.headers["Connection"]) == (500, "close")
    page = Html(refused.text)
    assert "errorId" in page.text
    assert page.value_of("name") == "Né"
    answered = dash.client.post("/new/customer", data=page.sendable("/new/customer"))
    if ends:
        again = Html(answered.text).sendable("/sign-in")
        with monkeypatch.context() as patch:
            patch.setattr("kaiten_sync.server.service.sessions.sign_in", _fail)
            refused = dash.client.post("/sign-in", data={**again, "token": _token(api)})
        assert refused.status_code == 500
        again = Html(refused.text).sendable("/sign-in")
        shown = dash.client.post("/sign-in", data={**again, "token": _token(api)})
        page = Html(shown.text)
        answered = dash.client.post("/new/customer", data=page.sendable("/new/customer"))
    assert answered.status_code == 303


def _fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("ends", [False, True])
def test_a_form_that_is_too_large_comes_back(
    dash: Dash, api: httpx.Client, server: EmbeddedServer, ends: bool
) -> None:
    long = "é\n" * 150_000
    sent = {**Html(dash.see("/new/customer")).sendable("/new/customer"), "name": "One"}
    if ends:
        _end_session(server)
    answered = dash.client.post("/new/customer", data={**sent, "domain": long})
    if ends:
        assert answered.status_code == 401
        again = Html(answered.text).sendable("/sign-in")
        shown = dash.client.post("/sign-in", data={**again, "token": _token(api)})
        page = Html(shown.text)
        again = page.sendable("/new/customer")
        answered = dash.client.post("/new/customer", data=again)
    assert answered.status_code == 413
    page = Html(answered.text)
    assert page.value_of("domain") == long
    assert "a body has at most 1,048,576 bytes" in page.text
    shorter = {**page.sendable("/new/customer"), "domain": ["one.example"]}
    assert dash.client.post("/new/customer", data=shorter).status_code == 303


@pytest.mark.parametrize("path", ["/new/customer", "/sign-in"])
def test_what_is_too_large_to_be_read_is_still_in_the_browser(dash: Dash, path: str) -> None:
    answered = dash.client.post(path, content=b"name=" + b"x" * (9 * 2**20))
    assert answered.status_code == 413
    assert "Go back to the form, where what you typed still is" in Html(answered.text).text


def test_a_text_that_cannot_be_stored_comes_back(dash: Dash) -> None:
    sent = {**Html(dash.see("/new/customer")).sendable("/new/customer"), "name": "One"}
    answered = dash.client.post("/new/customer", data={**sent, "domain": "one\0.example"})
    assert answered.status_code == 422
    page = Html(answered.text)
    assert "NUL" in page.problem_at("domain")
    assert (page.value_of("name"), page.value_of("domain")) == ("One", "one\ufffd.example")
