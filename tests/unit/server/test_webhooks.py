"""Webhook endpoints over HTTP."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.embedded import EmbeddedServer

from kaiten_sync.server.app import ServerSettings, running

REACHED = "com.kaiten.instance.entitlement.v1.usage_reached"
URL = "https://example.com/hook"


def make(api: httpx.Client, **body: Any) -> httpx.Response:
    return api.post("/webhooks", json={"url": URL, "eventTypes": [REACHED], **body})


def test_an_endpoint_from_birth_to_death(api: httpx.Client) -> None:
    made = make(api)
    assert made.status_code == 201
    endpoint = made.json()
    assert endpoint["eventTypes"] == [REACHED]
    assert endpoint["eventNames"] == ["INSTANCE_ENTITLEMENT_USAGE_REACHED"]
    prefix, secret = endpoint["signingSecret"].split("_")
    assert (prefix, len(base64.b64decode(secret))) == ("whsec", 32)
    path = f"/webhooks/{endpoint['id']}"
    assert api.get(path).json() == endpoint

    (listed,) = api.get("/webhooks").json()["items"]
    assert "signingSecret" not in listed
    changed = api.put(path, json={"url": URL + "2", "eventNames": ["LICENSE_CREATION"]})
    assert changed.status_code == 204
    after = api.get(path).json()
    assert (after["url"], after["eventNames"]) == (URL + "2", ["LICENSE_CREATED"])
    assert after["signingSecret"] == endpoint["signingSecret"]
    assert after["updatedAt"] > endpoint["updatedAt"]

    assert api.delete(path).status_code == 204
    for refused in (api.get(path), api.delete(path), api.put(path, json={"url": URL})):
        assert refused.status_code == 404
        assert refused.json()["code"].endswith("Webhook.NotFound")


def test_names_old_names_and_types_all_mean_the_event(api: httpx.Client) -> None:
    made = make(
        api,
        eventTypes=["ENTITLEMENT_CREATION", "com.kaiten.license.v1.created"],
        eventNames=[
            "INSTANCE_ENTITLEMENT_USAGE_REACHED",
            REACHED,
            "LICENSE_ENTITLEMENT_ASSIGNMENT",
        ],
    )
    assert made.json()["eventNames"] == [
        "ENTITLEMENT_CREATED",
        "INSTANCE_ENTITLEMENT_USAGE_REACHED",
        "LICENSE_ENTITLEMENT_ASSIGNED",
        "LICENSE_CREATED",
    ]


@pytest.mark.parametrize("changed", ["eventTypes", "eventNames"])
def test_an_event_that_is_taken_from_what_was_read_is_not_kept_without_a_word(
    api: httpx.Client, changed: str
) -> None:
    made = make(api, eventTypes=[REACHED, "LICENSE_CREATED"]).json()
    path = f"/webhooks/{made['id']}"
    refused = api.put(path, json={**made, changed: [REACHED]})
    assert refused.status_code == 422
    (problem,) = refused.json()["errors"]
    assert (problem["location"], "send one" in problem["message"]) == ("body.eventNames", True)
    assert api.get(path).json() == made
    one = {"url": URL, changed: [REACHED]}
    for body in (made, one, {**one, "eventTypes": [REACHED], "eventNames": [REACHED]}):
        assert api.put(path, json=body).status_code == 204
    assert api.get(path).json()["eventTypes"] == [REACHED]


def test_events_that_there_are_not(api: httpx.Client) -> None:
    refused = make(api, eventTypes=[REACHED, "nope"], eventNames=["ALSO_NOT"])
    assert refused.status_code == 422
    assert [(e["location"], e["value"]) for e in refused.json()["errors"]] == [
        ("body.eventTypes[1]", "nope"),
        ("body.eventNames[0]", "ALSO_NOT"),
    ]
    assert make(api, eventTypes=[]).status_code == 422


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("LICENSE_CREATD", "LICENSE_CREATED"),
        ("license_created", "LICENSE_CREATED"),
        ("LICENSE_CREATIONS", "LICENSE_CREATION"),
        ("com.kaiten.license.v1.create", "com.kaiten.license.v1.created"),
        ("WEBHOOK_PAUSE", "WEBHOOK_PAUSED"),
    ],
)
def test_an_unknown_event_names_the_nearest(api: httpx.Client, text: str, meant: str) -> None:
    for field in ("eventTypes", "eventNames"):
        (problem,) = make(api, **{field: [text]}).json()["errors"]
        assert problem["message"] == f"there is no such event; did you mean {meant}?"
    (problem,) = make(api, eventNames=["*"]).json()["errors"]
    assert problem["message"] == "there is no such event"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "example.com",
        "https://",
        "https://user:secret@example.com",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://exa mple.com/",
        "https://example.com/\nX: y",
        "file:///etc/passwd",
        "https://[::1",
        "https://./",
        "https://a..b/",
        "https://.example.com/",
        "https://example.com../",
        f"https://{'a' * 64}.example.com/",
        f"https://{'a.' * 126}aa/",
    ],
)
def test_urls_that_are_none(api: httpx.Client, url: str) -> None:
    refused = make(api, url=url)
    assert (refused.status_code, refused.json()["code"]) == (422, "CreateWebhook.InvalidUrl")
    assert "secret" not in refused.text


@pytest.mark.parametrize(
    "host", ["example.com.", "a.b", f"{'a' * 63}.example.com", f"{'a.' * 125}aa", "[2606:4700::1]"]
)
def test_hosts_at_the_edge_are_taken(api: httpx.Client, host: str) -> None:
    assert make(api, url=f"https://{host}/").status_code == 201


def test_the_number_of_endpoints_is_bounded(api: httpx.Client) -> None:
    for _ in range(50):
        assert make(api).status_code == 201
    refused = make(api)
    assert (refused.status_code, refused.json()["code"]) == (409, "CreateWebhook.LimitReached")


def test_endpoints_belong_to_their_organization(server: EmbeddedServer, api: httpx.Client) -> None:
    endpoint = make(api).json()
    headers = {"Authorization": f"Bearer {server.new_organization()}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as stranger:
        assert stranger.get("/webhooks").json()["items"] == []
        assert stranger.get(f"/webhooks/{endpoint['id']}").status_code == 404
        assert stranger.get("/webhooks/history").json()["history"] == []


def test_reading_and_writing_take_their_scopes(server: EmbeddedServer) -> None:
    headers = {"Authorization": f"Bearer {server.new_organization('read:webhooks')}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as reader:
        assert reader.get("/webhooks").status_code == 200
        refused = make(reader)
        assert (refused.status_code, refused.json()["code"]) == (403, "Auth.MissingScope")


@pytest.mark.parametrize(
    "host",
    ["localhost", "x.localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "10.1.2.3",
     "169.254.169.254", "[::ffff:127.0.0.1]", "LOCALHOST."],
)  # fmt: skip
def test_private_addresses_are_refused_unless_allowed(
    tmp_path: Path, host: str, api: httpx.Client
) -> None:
    assert make(api, url=f"http://{host}:8080/x").status_code == 201
    token = "ksh_of-a-server-that-allows-none"
    settings = ServerSettings(database_url=f"sqlite:///{tmp_path}/a.db", bootstrap_token=token)
    with running(settings) as started:
        refused = httpx.post(
            f"{started.url}/api/webhooks",
            json={"url": f"http://{host}:8080/x", "eventTypes": [REACHED]},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert (refused.status_code, refused.json()["code"]) == (422, "CreateWebhook.InvalidUrl")
    assert "--allow-private-webhooks" in refused.json()["detail"]
