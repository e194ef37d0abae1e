"""Every operation against what nobody sends on purpose, and what somebody does."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.processes import HANG_S

from kaiten_sync.server.web.catalog import OPERATIONS, SCHEMAS
from kaiten_sync.server.web.operations import Operation

TEXTS = (
    "'; DROP TABLE entitlement; --",
    '" OR 1=1 --',
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "{{7*7}} ${7*7} %s %(x)s {0}",
    "\u202ertl \u0000"[:5],
    "a" * 20_000,
    "🧨\u0301\ufeff",
)
PATHS = (
    "..",
    "../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "a%00b",
    "'; DROP TABLE license; --",
    "<script>",
    "a" * 5_000,
    "%ff%fe",
    "growth/../../healthz",
    "+",
    "*",
)
CURSORS = (
    "x",
    "%",
    "null",
    "e30",
    base64.urlsafe_b64encode(b'{"createdAt":"now","id":"x"}').decode(),
    base64.urlsafe_b64encode(b'{"createdAt":1,"id":"\' OR 1=1 --"}').decode() + "tail",
    base64.urlsafe_b64encode(b'{"createdAt":1e400,"id":"x"}').decode(),
    base64.urlsafe_b64encode(b"[" * 5_000).decode(),
    "A" * 50_000,
)
WITH_BODY = [operation for operation in OPERATIONS if operation.body is not None]
LISTS = [each for each in OPERATIONS if "cursor" in {query.name for query in each.query}]
WITH_QUERY = [operation for operation in OPERATIONS if operation.query]
WITH_PATH = [operation for operation in OPERATIONS if "{" in operation.path]

_PARAMETER = re.compile(r"\{(\w+)\}")


@pytest.fixture(scope="module")
def token(server: EmbeddedServer) -> str:
    """An organization with one of everything."""
    made = server.new_organization()
    fill(server, made)
    return made


@pytest.fixture
def client(server: EmbeddedServer, token: str) -> Iterator[httpx.Client]:
    with client_of(server, token) as opened:
        yield opened


def client_of(server: EmbeddedServer, token: str) -> httpx.Client:
    return httpx.Client(base_url=f"{server.url}/api", headers={"Authorization": f"Bearer {token}"})


SLUGS = {
    "entitlementSlug": "calls",
    "entitlementGroupSlug": "quotas",
    "licenseSlug": "growth",
    "familySlug": "growth",
    "customerSlug": "acme",
    "instanceSlug": "acme-prod",
    "serviceAccountSlug": "reporter",
    "tokenSlug": "ci",
}


def fill(server: EmbeddedServer, token: str) -> dict[str, str]:
    """One of everything, under the slugs of `SLUGS`. Gives the ids that are no slugs."""
    with client_of(server, token) as api:

        def make(path: str, **body: Any) -> dict[str, Any]:
            answer = api.post(path, json=body)
            assert answer.status_code in (200, 201, 204), answer.text
            made: dict[str, Any] = answer.json() if answer.content else {}
            return made

        make("/entitlement-groups", name="Quotas", slug="quotas")
        make("/entitlements", name="Calls", slug="calls", type="NUMBER", groupSlugs=["quotas"])
        license_ = make("/licenses", name="Growth", slug="growth", type="PAID")
        make(
            "/licenses/growth/entitlements",
            entitlementSlug="calls",
            value={"type": "number", "value": 10},
        )
        customer = make("/customers", name="Acme", slug="acme")
        make(
            "/instances",
            name="Acme",
            slug="acme-prod",
            description="",
            customerId=customer["id"],
            licenseId=license_["id"],
            startLicenseDate="2026-01-01T00:00:00Z",
            endLicenseDate="2027-01-01T00:00:00Z",
        )
        make("/instances/acme-prod/entitlements/calls/usage", value=1)
        make("/service-accounts", name="Reporter", slug="reporter")
        make("/service-accounts/reporter/tokens", name="ci", slug="ci", scopes=["read:instances"])
        hook = make(
            "/webhooks",
            url="https://example.com/hook",
            eventTypes=["com.kaiten.license.v1.created"],
        )
    return {"customerId": customer["id"], "licenseId": license_["id"], "webhookId": hook["id"]}


def path_of(operation: Operation, **instead: str) -> str:
    """The operation's path to the objects of `fill`."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return instead.get(name) or SLUGS.get(name, "00000000-0000-0000-0000-000000000000")

    return _PARAMETER.sub(value, operation.path)


def harmless(answer: httpx.Response) -> None:
    """An answer that is no failure and tells nothing of the inside."""
    assert answer.status_code < 500, answer.text
    for word in ("Traceback", "sqlalchemy", "psycopg", "sqlite3", "site-packages", "SELECT "):
        assert word not in answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"status", "code", "title"} <= answer.json().keys()


def texts_of(schema: Mapping[str, Any], place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where in a body of this schema a text can stand."""
    if "$ref" in schema:
        yield from texts_of(SCHEMAS[schema["$ref"].split("/")[-1]], place)
        return
    types = schema.get("type", ())
    if types == "string" or "string" in types:
        yield place
    for name, inner in schema.get("properties", {}).items():
        if not inner.get("readOnly"):
            yield from texts_of(inner, (*place, name))
    if isinstance(schema.get("items"), dict):
        yield from texts_of(schema["items"], (*place, "[]"))
    if schema.get("type") == "object" and "properties" not in schema:
        yield (*place, "any key")


def body_with(text: str, place: tuple[str, ...]) -> Any:
    if not place:
        return text
    inner = body_with(text, place[1:])
    return [inner] if place[0] == "[]" else {place[0]: inner}


def complete(operation: Operation, body: dict[str, Any]) -> dict[str, Any]:
    """The body with what else is required, so that the text gets as far as it can."""
    needed = {
        "name": "Name",
        "description": "",
        "type": "NUMBER" if "ntitlement" in str(operation.body) else "PAID",
        "isDefault": False,
        "entitlementSlug": "calls",
        "value": {"type": "number", "value": 1},
        "scopes": ["read:licenses"],
        "url": "https://example.com/hook",
        "eventTypes": ["com.kaiten.license.v1.created"],
        "customerId": "x",
        "licenseId": "x",
        "startLicenseDate": "2026-01-01T00:00:00Z",
        "endLicenseDate": "2027-01-01T00:00:00Z",
    }
    properties = SCHEMAS[str(operation.body)]["properties"]
    required = SCHEMAS[str(operation.body)].get("required", ())
    return {**{n: v for n, v in needed.items() if n in properties and n in required}, **body}


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda o: o.id)
def test_texts_are_texts(client: httpx.Client, operation: Operation) -> None:
    places = list(texts_of(SCHEMAS[str(operation.body)]))
    for place in places:
        for text in TEXTS:
            body = complete(operation, body_with(text, place))
            harmless(client.request(operation.method, path_of(operation), json=body))
    for path in ("/entitlements", "/licenses", "/customers", "/instances", "/webhooks"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda o: o.id)
def test_bodies_that_are_none(client: httpx.Client, operation: Operation) -> None:
    path, method = path_of(operation), operation.method
    json_type = {"Content-Type": "application/json"}
    huge = b'{"name": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    deep = b'{"name": ' + b"[" * 1_000 + b"]" * 1_000 + b"}"
    wide = json.dumps({f"k{i}": i for i in range(20_000)}).encode()
    for content, statuses in (
        (huge, {413}),
        (deep, {400, 422}),
        (b"[" * 100_000, {400}),
        (wide, {422}),
        (b"\xff\xfe{}", {400}),
        (b"", {400}),
        (b"null", {422}),
        (b"[]", {422}),
        (b'{"name": "a", "name": "b"}', {400}),
        (b'{"metadata": [{"a": 1, "\\u0061": 2}]}', {400}),
    ):
        answer = client.request(method, path, content=content, headers=json_type)
        harmless(answer)
        assert answer.status_code in statuses, answer.text
    for media_type in ("text/plain", "application/xml", "multipart/form-data", "text/html"):
        answer = client.request(method, path, content=b"{}", headers={"Content-Type": media_type})
        harmless(answer)
        assert answer.status_code == 415


@pytest.mark.parametrize("operation", WITH_PATH, ids=lambda o: o.id)
def test_paths_lead_nowhere_else(client: httpx.Client, operation: Operation) -> None:
    body = complete(operation, {}) if operation.body else None
    for name in _PARAMETER.findall(operation.path):
        for trick in PATHS:
            for path in (quote(trick, safe=""), quote(trick, safe="%/.*+'<>;")):
                # As it stands: the client would take `..` out of the path.
                target = f"/api{path_of(operation, **{name: path})}".encode()
                answer = client.request(
                    operation.method, "/", json=body, extensions={"target": target}
                )
                harmless(answer)
                assert answer.status_code in (400, 404, 405, 422), (target, answer.text)


@pytest.mark.parametrize("operation", WITH_QUERY, ids=lambda o: o.id)
def test_queries_are_texts(client: httpx.Client, operation: Operation) -> None:
    for query in operation.query:
        for text in (*TEXTS, "\0", "a\0b", "\ud800".encode("utf-8", "surrogatepass")):
            params = {"instance": "acme-prod", query.name: text}
            harmless(client.request(operation.method, path_of(operation), params=params))


@pytest.mark.parametrize("operation", WITH_QUERY, ids=lambda o: o.id)
def test_a_parameter_that_appears_twice_is_refused(
    client: httpx.Client, operation: Operation
) -> None:
    right = {"limit": "1", "include": "versions", "version": "1", "instance": "acme-prod"}
    for query in operation.query:
        twice = {"instance": "acme-prod", query.name: [right.get(query.name, "")] * 2}
        answer = client.request(operation.method, path_of(operation), params=twice)
        assert answer.status_code == 422, answer.text
        (problem,) = answer.json()["errors"]
        assert problem["location"] == f"query.{query.name}"


@pytest.mark.parametrize("operation", LISTS, ids=lambda o: o.id)
def test_forged_cursors(client: httpx.Client, operation: Operation) -> None:
    for cursor in CURSORS:
        answer = client.get(path_of(operation), params={"cursor": cursor})
        harmless(answer)
        assert answer.status_code == 400
    for limit in ("0", "-1", "201", "1e9", "x", "9" * 50, "", "NaN", "1;2"):
        answer = client.get(path_of(operation), params={"limit": limit})
        harmless(answer)
        assert answer.status_code == 422


@pytest.mark.parametrize("operation", WITH_PATH, ids=lambda o: o.id)
def test_nothing_of_another_organization(
    server: EmbeddedServer, token: str, client: httpx.Client, operation: Operation
) -> None:
    hook = client.get("/webhooks").json()["items"][0]["id"]
    path = path_of(operation, webhookId=hook, id=hook)
    before = snapshot(client)
    with client_of(server, server.new_organization()) as stranger:
        body = complete(operation, {}) if operation.body else None
        params = {"instance": "acme-prod"} if operation.id == "get-entitlement-group-usage" else {}
        answer = stranger.request(operation.method, path, json=body, params=params)
        harmless(answer)
        assert answer.status_code == 404, (path, answer.text)
    assert snapshot(client) == before


def snapshot(client: httpx.Client) -> dict[str, Any]:
    paths = (
        "/entitlement-groups",
        "/entitlements",
        "/licenses",
        "/licenses/growth/entitlements",
        "/customers",
        "/instances",
        "/instances/acme-prod/entitlements/usage",
        "/service-accounts",
        "/service-accounts/reporter/tokens",
        "/webhooks",
    )
    return {path: client.get(path).json() for path in paths}


def test_slow_clients_hold_up_nobody(
    server: EmbeddedServer, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They stay for the whole test: who waited for one of them would never be answered.
    monkeypatch.setattr("kaiten_sync.server.web.arguments._BODY_TIMEOUT_S", 10 * HANG_S)
    address = (urlsplit(server.url).hostname, urlsplit(server.url).port)
    starts = (
        b"G",
        b"GET /api/licenses HTTP/1.1\r\nHost: x\r\nX: ",
        b"POST /api/licenses HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        b"POST /api/licenses HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    )
    slow = [socket.create_connection(address) for _ in range(100)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(starts[number % len(starts)])
        for _ in range(20):
            assert client.get("/licenses").status_code == 200
    finally:
        for connection in slow:
            connection.close()
    assert client.get("/licenses").status_code == 200
