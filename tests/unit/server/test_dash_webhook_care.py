"""Looking after a webhook in the dashboard: test it, pause it, give it a secret, send again."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from tests.support.dash import Dash
from tests.support.html import Html
from tests.support.metering import done
from tests.support.receiver import Receiver, answer

_CREATED = "com.kaiten.entitlement.v1.created"


def _new_webhook(dash: Dash, url: str) -> str:
    where = dash.do("/new/webhook", {"url": url, "eventTypes": [_CREATED]})
    return where.removesuffix("?done=created")


def _secret(api: httpx.Client, path: str) -> str:
    return str(done(api.get(path)).json()["signingSecret"])


def test_a_test_event_goes_to_this_webhook_alone(dash: Dash, api: httpx.Client) -> None:
    with Receiver(answer(204)) as receiver, Receiver(answer(204)) as other:
        path = _new_webhook(dash, receiver.url)
        _new_webhook(dash, other.url)
        assert dash.do(f"{path}/test") == f"{path}?done=tested"
        (sent,) = receiver.wait_for(1)
        assert json.loads(sent.body)["type"] == "com.kaiten.webhook.v1.test"
        Webhook(_secret(api, path)).verify(sent.body, sent.headers)
        done(api.post("/entitlements", json={"name": "Seats", "type": "NUMBER"}))
        (first,) = other.wait_for(1)
        assert json.loads(first.body)["type"] == _CREATED


def test_a_new_secret_signs_from_then_on(dash: Dash, api: httpx.Client) -> None:
    with Receiver(answer(204)) as receiver:
        path = _new_webhook(dash, receiver.url)
        old = _secret(api, path)
        assert dash.do(f"{path}/rotate") == f"{path}?done=rotated"
        new = _secret(api, path)
        assert new != old
        dash.do(f"{path}/test")
        (sent,) = receiver.wait_for(1)
        Webhook(new).verify(sent.body, sent.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(sent.body, sent.headers)


def test_a_paused_webhook_gets_nothing_until_it_is_resumed(dash: Dash, api: httpx.Client) -> None:
    with Receiver(answer(204)) as receiver:
        path = _new_webhook(dash, receiver.url)
        assert dash.do(f"{path}/pause") == f"{path}?done=paused"
        assert "paused" in Html(dash.see(path)).text
        assert dash.send(f"{path}/test").status_code == 409
        done(api.post("/entitlements", json={"name": "Seats", "type": "NUMBER"}))
        assert Html(dash.see(path)).rows() == []
        dash.do(f"{path}/resume")
        done(api.post("/entitlements", json={"name": "Calls", "type": "NUMBER"}))
        (sent,) = receiver.wait_for(1)
        assert json.loads(sent.body)["data"]["slug"] == "calls"


@pytest.mark.parametrize(("which", "firsts"), [("fail", 1), ("all", 2)])
def test_what_was_queued_since_a_day_is_delivered_again(
    dash: Dash, api: httpx.Client, which: str, firsts: int
) -> None:
    with Receiver(answer(204)) as receiver:
        path = _new_webhook(dash, receiver.url)
        done(api.post("/entitlements", json={"name": "First", "type": "NUMBER"}))
        receiver.wait_for(1)
        _until_delivered(dash, path, 1)
        dash.do(f"{path}/pause")  # which ends what is pending as failed
        dash.do(f"{path}/resume")
        receiver.behave = answer(500)
        for name in ("Second", "Third"):
            done(api.post("/entitlements", json={"name": name, "type": "NUMBER"}))
        _until_failed(api, 2)
        dash.do(f"{path}/pause")
        receiver.behave = answer(204)
        dash.do(f"{path}/resume")
        today = datetime.now(UTC).date().isoformat()
        asked = {"since": today, "which": which}
        review = dash.send(f"{path}/resend", asked)
        assert review.status_code == 200
        assert f"Deliver {2 if which == 'fail' else 3} events again" in Html(review.text).text
        assert len(Html(dash.see(f"{path}?status=success")).rows()) == 1  # nothing was queued yet
        assert dash.do(f"{path}/resend", _carried(review)) == f"{path}?done=resent"
        _until_delivered(dash, path, 3)
        names = [json.loads(each.body)["data"]["slug"] for each in receiver.wait_for(3)]
        assert names.count("first") == firsts
        assert {"second", "third"} <= set(names)


def test_it_says_if_nothing_would_be_delivered_again(dash: Dash) -> None:
    path = _new_webhook(dash, "https://example.com/")
    review = Html(dash.send(f"{path}/resend", {"since": "2026-01-31", "which": "all"}).text)
    assert "0 events queued since 2026-01-31 00:00:00 UTC will be" in review.text
    assert "Deliver 0 events again" not in review.text


def test_a_paused_webhook_is_not_asked_about(dash: Dash) -> None:
    path = _new_webhook(dash, "https://example.com/")
    dash.do(f"{path}/pause")
    answered = dash.send(f"{path}/resend", {"since": "2026-01-31", "which": "all"})
    assert answered.status_code == 409
    assert "resume it first" in Html(answered.text).text


@pytest.mark.parametrize("since", ["", "yesterday", "2026-13-40"])
def test_since_when_has_to_be_a_day(dash: Dash, since: str) -> None:
    path = _new_webhook(dash, "https://example.com/")
    answered = dash.send(f"{path}/resend", {"since": since, "which": "all"})
    assert answered.status_code == 422
    assert Html(answered.text).problem_at("since")


def _carried(review: httpx.Response) -> dict[str, str]:
    """The hidden fields of a review, which its button sends."""
    hidden = r'<input type="hidden" name="(since|which|reviewed)" value="([^"]*)">'
    return dict(re.findall(hidden, review.text))


def _until_failed(api: httpx.Client, count: int) -> None:
    def answered() -> list[int]:
        history = done(api.get("/webhooks/history")).json()["history"]
        return [each.get("responseStatusCode") for each in history]

    while answered().count(500) < count:
        pass


def _until_delivered(dash: Dash, path: str, count: int) -> None:
    while len(Html(dash.see(f"{path}?status=success")).rows()) < count:
        pass
