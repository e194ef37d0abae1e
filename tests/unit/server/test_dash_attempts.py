"""Each attempt of a delivery in the dashboard: what was sent, what was answered, when."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import httpx
import pytest
from standardwebhooks.webhooks import Webhook
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import done
from tests.support.receiver import Behave, Receiver, answer

_CREATED = "com.kaiten.entitlement.v1.created"


def _says(status: int, body: bytes) -> Behave:
    def behave(handler: BaseHTTPRequestHandler, _number: int) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def _webhook(dash: Dash, url: str) -> str:
    typed = {"url": url, "eventTypes": [_CREATED]}
    return dash.do("/new/webhook", typed).removesuffix("?done=created")


def _delivery(api: httpx.Client, dash: Dash, path: str, attempts: int) -> str:
    """The page of the only delivery, once it had as many attempts."""
    while True:
        (delivery,) = done(api.get("/webhooks/history")).json()["history"]
        page = f"{path}/deliveries/{delivery['id']}"
        if dash.see(page).count('class="attempt"') >= attempts:
            return page


def test_each_attempt_shows_its_request_and_its_answer(dash: Dash, api: httpx.Client) -> None:
    with Receiver(_says(500, b"<b>no seats</b> \xff\x00")) as receiver:
        path = _webhook(dash, receiver.url)
        done(api.post("/entitlements", json={"name": "Sëats", "type": "NUMBER"}))
        page = _delivery(api, dash, path, 1)
        receiver.behave = _says(200, b"x" * 5000)
        dash.do(f"{page}/retry")
        _delivery(api, dash, path, 2)
        shown = Html(dash.see(page))
        first, second = receiver.wait_for(2)
        headings = [" ".join("".join(each.itertext()).split()) for each in shown.all("h3")]
        assert ["200 OK, after " in each for each in headings] == [True, False]
        assert "500 Internal Server Error, after " in headings[1]
        for sent in (first, second):
            Webhook(api.get(path).json()["signingSecret"]).verify(sent.body, sent.headers)
            for name in ("webhook-signature", "webhook-timestamp", "content-type"):
                assert f"{name}: {sent.headers[name]}".lower() in shown.text.lower()
        assert f"POST {receiver.url}" in shown.text
        assert '"slug": "seats"' in shown.text
        assert "Sëats" in shown.text
        assert "<b>no seats</b> \ufffd\ufffd" in shown.text
        assert "x" * 1024 in shown.text
        assert "x" * 1025 not in shown.text
        assert "whsec_" not in shown.text
        assert page in dash.see(path)


def test_an_attempt_without_an_answer_says_why(dash: Dash, api: httpx.Client) -> None:
    path = _webhook(dash, "http://127.0.0.1:1/")
    done(api.post("/entitlements", json={"name": "Seats", "type": "NUMBER"}))
    shown = Html(dash.see(_delivery(api, dash, path, 1))).text
    assert "no answer" in shown
    assert "connection attempts failed" in shown.lower()


def test_the_url_of_an_attempt_is_that_of_its_time(dash: Dash, api: httpx.Client) -> None:
    with Receiver(answer(500)) as old, Receiver(answer(204)) as new:
        path = _webhook(dash, old.url)
        done(api.post("/entitlements", json={"name": "Seats", "type": "NUMBER"}))
        page = _delivery(api, dash, path, 1)
        dash.do(f"{path}/edit", {"url": new.url, "eventTypes": [_CREATED]})
        dash.do(f"{page}/retry")
        _delivery(api, dash, path, 2)
        shown = dash.see(page)
        assert f"POST {old.url}" in shown
        assert f"POST {new.url}" in shown


def test_who_may_not_read_the_object_sees_no_body(
    dash: Dash, api: httpx.Client, server: EmbeddedServer
) -> None:
    with Receiver(answer(204)) as receiver:
        path = _webhook(dash, receiver.url)
        done(api.post("/entitlements", json={"name": "Secret", "type": "NUMBER"}))
        page = _delivery(api, dash, path, 1)
    fields = {"name": "hooks", "scopes": ["read:webhooks"]}
    made = api.post("/service-accounts/bootstrap/tokens", json=fields).json()
    with at_dashboard(server.url, made["token"]) as visitor:
        shown = visitor.see(page)
    assert "Secret" not in shown
    assert "read:entitlements" in shown


@pytest.mark.parametrize("delivery", ["00000000-0000-0000-0000-000000000000", "x", "%00"])
def test_there_is_no_page_of_other_deliveries(
    dash: Dash, server: EmbeddedServer, delivery: str
) -> None:
    path = _webhook(dash, "https://example.com/")
    assert dash.client.get(f"{path}/deliveries/{delivery}").status_code == 404
    with at_dashboard(server.url, server.new_organization()) as stranger:
        assert stranger.client.get(f"{path}/deliveries/{delivery}").status_code == 404
