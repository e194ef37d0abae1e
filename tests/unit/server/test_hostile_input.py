"""Whatever is sent, the answer is a problem document and never a failure."""

from __future__ import annotations

import gzip
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.dash import Dash
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html

from kaiten_sync.server.web.arguments import MAX_NAME, MAX_TEXT

JSON = {"Content-Type": "application/json"}
BODIES: list[tuple[str, bytes, int]] = [
    ("empty", b"", 400),
    ("cut off", b'{"name": "x"', 400),
    ("not UTF-8", b'{"name": "\xff"}', 400),
    ("NaN", b'{"name": NaN}', 400),
    ("Infinity", b'{"name": "x", "type": "NUMBER", "saleUnitFactor": Infinity}', 400),
    ("too many digits", b'{"name": ' + b"9" * 5000 + b"}", 400),
    ("deep without end", b"[" * 100_000, 400),
    ("deep", b'{"name": ' + b"[" * 80 + b"]" * 80 + b"}", 422),
    ("an array", b"[]", 422),
    ("null", b"null", 422),
    ("a text", b'"x"', 422),
    ("NUL", b'{"name": "a\\u0000b", "type": "NUMBER"}', 422),
    ("a lone surrogate", b'{"name": "\\ud800", "type": "NUMBER"}', 422),
    ("NUL in a key", b'{"name": "x", "a\\u0000b": 1}', 422),
    ("a lone surrogate in a key", b'{"\\udfff": 1, "name": "x"}', 422),
    ("a huge number", b'{"name": "x", "type": "NUMBER", "displayOrder": 1e999}', 422),
    ("a long number", b'{"name": "x", "type": "NUMBER", "displayOrder": 99999999999}', 422),
    ("a list where a text belongs", b'{"name": [], "type": "NUMBER"}', 422),
    ("an object where a text belongs", b'{"name": {}, "type": "NUMBER"}', 422),
    ("a boolean where a number belongs", b'{"name": "x", "displayOrder": true}', 422),
    ("null where none is allowed", b'{"name": "x", "type": null}', 422),
    ("an unknown key", b'{"name": "x", "type": "NUMBER", "color": "red"}', 422),
    ("an empty key", b'{"name": "x", "type": "NUMBER", "": 1}', 422),
]


@pytest.mark.parametrize(("what", "body", "status"), BODIES, ids=[b[0] for b in BODIES])
def test_bodies(api: httpx.Client, what: str, body: bytes, status: int) -> None:
    answer = api.post("/entitlements", content=body, headers=JSON)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["code"] == ("BAD_REQUEST" if status == 400 else "UNPROCESSABLE")
    assert "errorId" not in problem


def test_the_places_of_what_is_wrong(api: httpx.Client) -> None:
    answer = api.post(
        "/entitlements", json={"name": "", "type": "X", "groupSlugs": ["a", 2], "color": "red"}
    )
    places = {fault["location"]: fault.get("value") for fault in answer.json()["errors"]}
    assert places == {
        "body.name": "",
        "body.type": "X",
        "body.groupSlugs[1]": 2,
        "body.color": "red",
    }


def test_read_only_properties_are_ignored(api: httpx.Client) -> None:
    body = {"name": "Seats", "type": "NUMBER", "id": 7, "createdAt": None, "entitlementGroups": {}}
    assert api.post("/entitlements", json=body).status_code == 201


def test_a_body_that_is_too_large(api: httpx.Client) -> None:
    large = b'{"name": "' + b"x" * (1024 * 1024) + b'"}'
    answer = api.post("/entitlements", content=large, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")

    def chunks() -> Any:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    answer = api.post("/entitlements", content=chunks(), headers=JSON)
    assert answer.status_code == 413


def test_a_body_that_just_fits(api: httpx.Client) -> None:
    name = "x" * MAX_NAME
    body = f'{{"name":"{name}","type":"BOOLEAN"}}'.ljust(1024 * 1024).encode()
    answer = api.post("/entitlements", content=body, headers=JSON)
    assert answer.status_code == 201
    assert len(answer.json()["slug"]) == 100


@pytest.mark.parametrize(("name", "limit"), [("name", MAX_NAME), ("description", MAX_TEXT)])
def test_texts_have_a_length(api: httpx.Client, dash: Dash, name: str, limit: int) -> None:
    def typed(length: int) -> dict[str, str]:
        return {"name": "Seats", "type": "NUMBER", name: "ü" * length}

    answer = api.post("/entitlements", json=typed(limit + 1))
    assert (answer.status_code, answer.json()["code"]) == (422, "UNPROCESSABLE")
    assert answer.json()["errors"] == [
        {"message": f"expected at most {limit:,} characters", "location": f"body.{name}"}
    ]
    page = dash.send("/new/entitlement", typed(limit + 1))
    assert page.status_code == 422
    assert f"at most {limit:,} characters" in Html(page.text).problem_at(name)
    assert api.post("/entitlements", json=typed(limit)).status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "x"])
def test_other_media_types(api: httpx.Client, kind: str) -> None:
    answer = api.post("/licenses", content=b"{}", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_compressed_body_is_named_as_one(api: httpx.Client) -> None:
    body = b'{"name": "Growth", "type": "PAID"}'
    for coding, content in (("gzip", gzip.compress(body)), ("br", body), ("gzip, identity", body)):
        answer = api.post("/licenses", content=content, headers={"Content-Encoding": coding})
        assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
        assert "compressed" in answer.json()["detail"]
    answer = api.post("/licenses", content=body, headers={"Content-Encoding": "Identity"})
    assert answer.status_code == 201


def test_media_type_parameters_are_fine(api: httpx.Client) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    body = b'{"name": "Growth", "type": "PAID"}'
    assert api.post("/licenses", content=body, headers=headers).status_code == 201


PATHS = ["/nope", "/licenses/", "/licenses/a/b", "/", "//licenses"]


@pytest.mark.parametrize("path", PATHS)
def test_unknown_paths(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path", ["//api/licenses", "///api/nope", "//api", "/licenses/growth", "/API/licenses", "/v1"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_programs_get_a_problem_wherever_they_miss_the_api(
    server: EmbeddedServer, api: httpx.Client, method: str, path: str
) -> None:
    answer = httpx.request(method, f"{server.url}{path}", headers=api.headers)
    if path == "/licenses/growth" and method == "GET":  # a page, for whoever is signed in
        assert answer.status_code == 303
        return
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code in (404, 405)


@pytest.mark.parametrize("path", ["//api/licenses", "//api", "/api/"])
def test_below_the_api_everybody_is_a_program(server: EmbeddedServer, path: str) -> None:
    answer = httpx.get(f"{server.url}{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_wrong_methods(api: httpx.Client) -> None:
    answer = api.patch("/licenses/growth")
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    allowed = {method.strip() for method in answer.headers["allow"].split(",")}
    assert allowed == {"GET", "HEAD", "PUT", "DELETE"}


SLUGS = ["%00", "%F0%9F%98%80", "%ED%A0%80", "x" * 5000, "..%5C", "'%20OR%201=1", "%0A", "a"]


@pytest.mark.parametrize("slug", SLUGS)
def test_slugs_in_paths(api: httpx.Client, slug: str) -> None:
    for path in (f"/licenses/{slug}", f"/entitlements/{slug}", f"/license-families/{slug}"):
        answer = api.get(path)
        assert answer.status_code == 404
        assert answer.json()["code"].endswith(".NotFound")


def test_head_answers_like_get_without_a_body(api: httpx.Client) -> None:
    answer = api.head("/licenses")
    assert (answer.status_code, answer.content) == (200, b"")


def test_text_of_all_kinds_comes_back(api: httpx.Client) -> None:
    name = "«Größe» \U0001f600 \u202e\u0007 </script>"
    made = api.post("/licenses", json={"name": name, "type": "PAID", "description": name})
    assert api.get(f"/licenses/{made.json()['slug']}").json()["name"] == name


def test_config_values_come_back_as_they_were(api: httpx.Client) -> None:
    api.post("/licenses", json={"name": "Growth", "type": "PAID"})
    api.post("/entitlements", json={"name": "Look", "type": "CONFIG"})
    value = {"": None, "big": 2**70, "deep": [[[{"x": [1.5, -0.0, "é"]}]]], "t": True}
    body = {"entitlementSlug": "look", "value": {"type": "object", "value": value}}
    assert api.post("/licenses/growth/entitlements", json=body).status_code == 204
    assert api.get("/licenses/growth/entitlements/look").json()["value"]["value"] == value


def test_a_client_that_goes_away_harms_nobody(server: EmbeddedServer, api: httpx.Client) -> None:
    place = urlsplit(server.url)
    with socket.create_connection((str(place.hostname), int(str(place.port)))) as half:
        half.sendall(b"POST /api/licenses HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert api.get("/licenses").status_code == 200


@pytest.mark.parametrize("value", [1000, "1000", None, True, [1], {}, {"type": "no"}])
def test_a_wrong_grant_is_said_once(api: httpx.Client, value: object) -> None:
    body = {"entitlementSlug": "api-calls", "value": value}
    refused = api.post("/licenses/growth/entitlements", json=body)
    assert refused.status_code == 422
    (problem,) = refused.json()["errors"]
    assert problem["location"].startswith("body.value")
