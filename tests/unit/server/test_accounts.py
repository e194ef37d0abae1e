"""Service accounts and tokens: shown once, never more than their maker, gone when revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.metering import opened
from tests.support.tenants import make, refusal

TOKENS = "/service-accounts/ci/tokens"


@pytest.fixture
def account(api: httpx.Client) -> dict[str, Any]:
    return make(api, "/service-accounts", name="CI")


def give(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    return make(api, TOKENS, **{"name": "deploy", "scopes": ["read:licenses"], **fields})


def as_bearer(server: EmbeddedServer, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{server.url}/api", headers=headers)


def test_an_account_is_read_as_it_was_made(api: httpx.Client, account: dict[str, Any]) -> None:
    assert (account["name"], account["slug"], account["tokens"]) == ("CI", "ci", [])
    assert account["createdBy"]["name"] == "bootstrap"
    assert api.get("/service-accounts/ci").json() == account
    listed = api.get("/service-accounts").json()["items"]
    assert [each["slug"] for each in listed] == ["ci", "bootstrap"]


def test_an_account_is_renamed_and_its_slug_stays(
    api: httpx.Client, account: dict[str, Any]
) -> None:
    assert api.put("/service-accounts/ci", json={**account, "name": "Robot"}).status_code == 204
    assert api.get("/service-accounts/ci").json() == {**account, "name": "Robot"}
    answer = api.put("/service-accounts/ci", json={"name": "Robot", "slug": "robot"})
    assert refusal(answer) == (422, "UpdateServiceAccount.SlugNotRenameable")
    answer = api.post("/service-accounts", json={"name": "x", "slug": "ci"})
    assert refusal(answer) == (409, "CreateServiceAccount.SlugConflict")


def test_a_token_is_shown_once_and_stored_as_a_hash(
    server: EmbeddedServer, api: httpx.Client, account: dict[str, Any]
) -> None:
    made = give(api)
    plain = made.pop("token")
    assert plain.startswith("ksh_")
    assert made["serviceAccountId"] == account["id"]
    assert api.get(TOKENS).json()["items"] == [made]
    assert api.get("/service-accounts/ci").json()["tokens"] == [made]
    with opened(server.database_url) as database, database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM token").all()
    assert rows
    assert plain not in str(rows)
    assert plain[4:] not in str(rows)


def test_a_token_does_what_its_scopes_say(
    server: EmbeddedServer, api: httpx.Client, account: dict[str, Any]
) -> None:
    assert account["slug"] == "ci"
    with as_bearer(
        server, give(api, scopes=["read:licenses", "read:licenses"])["token"]
    ) as limited:
        assert limited.get("/licenses").status_code == 200
        assert refusal(limited.get("/entitlements")) == (403, "Auth.MissingScope")
        assert refusal(limited.get("/service-accounts")) == (403, "Auth.MissingScope")
    assert api.get(TOKENS).json()["items"][0]["scopes"] == ["read:licenses"]


def test_a_revoked_token_opens_nothing_and_frees_its_name(
    server: EmbeddedServer, api: httpx.Client, account: dict[str, Any]
) -> None:
    first = give(api)
    answer = api.post(TOKENS, json={"name": "deploy", "scopes": ["read:*"]})
    assert refusal(answer) == (409, "CreateToken.NameConflict")
    with as_bearer(server, first["token"]) as bearer:
        assert bearer.get("/licenses").status_code == 200
        assert api.delete(f"{TOKENS}/deploy").status_code == 204
        assert refusal(bearer.get("/licenses")) == (401, "Auth.InvalidToken")
    (revoked,) = api.get(TOKENS).json()["items"]
    assert revoked["revokedBy"] == account["createdBy"]
    assert revoked["revokedAt"] >= revoked["createdAt"]
    assert refusal(api.delete(f"{TOKENS}/deploy")) == (404, "DeleteToken.NotFound")
    assert give(api)["slug"].startswith("deploy-")  # the slug stays with the revoked one


def test_a_token_ends(server: EmbeddedServer, api: httpx.Client, account: dict[str, Any]) -> None:
    assert account["slug"] == "ci"
    soon = datetime.now(UTC) + timedelta(seconds=1)
    with as_bearer(server, give(api, expiresAt=soon.isoformat())["token"]) as bearer:
        assert bearer.get("/licenses").status_code == 200
        while datetime.now(UTC) <= soon:
            pass
        assert refusal(bearer.get("/licenses")) == (401, "Auth.InvalidToken")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"scopes": []}, (400, "Token.InvalidScopes")),
        ({"scopes": None}, (400, "Token.InvalidScopes")),
        ({"scopes": ["read:everything"]}, (400, "Token.InvalidScopes")),
        ({"scopes": ["licenses"]}, (400, "Token.InvalidScopes")),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, (422, "CreateToken.ExpiresInThePast")),
        ({"expiresAt": "soon"}, (422, "UNPROCESSABLE")),
        ({"name": "x" * 256}, (422, "CreateToken.NameTooLong")),
        ({"slug": "taken"}, (409, "CreateToken.SlugConflict")),
    ],
)
def test_refused_new(
    api: httpx.Client, account: dict[str, Any], fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert account["slug"] == "ci"
    give(api, name="taken")
    answer = api.post(TOKENS, json={"name": "new", "scopes": ["read:licenses"], **fields})
    assert refusal(answer) == expected
    assert len(api.get(TOKENS).json()["items"]) == 1


def test_an_unknown_scope_names_the_nearest(api: httpx.Client, account: dict[str, Any]) -> None:
    assert account["slug"] == "ci"
    scopes = ["read:license", "Write:Webhooks", "everything"]
    answer = api.post(TOKENS, json={"name": "new", "scopes": scopes})
    assert [problem["message"] for problem in answer.json()["errors"]] == [
        "unknown scope; did you mean read:licenses?",
        "unknown scope; did you mean write:webhooks?",
        "unknown scope",
    ]


@pytest.mark.parametrize("wanted", ["write:licenses", "read:*", "write:*", "read:entitlements"])
def test_nobody_gives_more_than_they_have(
    server: EmbeddedServer, api: httpx.Client, account: dict[str, Any], wanted: str
) -> None:
    assert account["slug"] == "ci"
    mine = give(api, scopes=["write:tokens", "read:licenses"])
    with as_bearer(server, mine["token"]) as bearer:
        answer = bearer.post(TOKENS, json={"name": "more", "scopes": ["read:licenses", wanted]})
        assert refusal(answer) == (403, "Auth.MissingScope")
        answer = bearer.post(TOKENS, json={"name": "less", "scopes": ["read:tokens"]})
        assert answer.status_code == 201
        assert answer.json()["createdBy"] == {"id": account["id"], "name": "CI"}


def test_unknown_accounts_and_tokens_are_not_found(
    api: httpx.Client, account: dict[str, Any]
) -> None:
    assert account["slug"] == "ci"
    gone = "/service-accounts/nobody"
    body = {"name": "x", "scopes": ["read:*"]}
    for answer, code in (
        (api.get(gone), "GetServiceAccount.NotFound"),
        (api.put(gone, json={"name": "x"}), "UpdateServiceAccount.NotFound"),
        (api.get(f"{gone}/tokens"), "GetServiceAccountTokens.ServiceAccountNotFound"),
        (api.post(f"{gone}/tokens", json=body), "CreateToken.ServiceAccountNotFound"),
        (api.delete(f"{gone}/tokens/x"), "DeleteToken.ServiceAccountNotFound"),
        (api.delete(f"{TOKENS}/nothing"), "DeleteToken.NotFound"),
    ):
        assert refusal(answer) == (404, code)


def test_an_account_shows_its_newest_tokens(api: httpx.Client, account: dict[str, Any]) -> None:
    assert account["slug"] == "ci"
    for number in range(205):
        give(api, name=f"token-{number}")
    shown = api.get("/service-accounts/ci").json()["tokens"]
    assert len(shown) == 200
    first = api.get(f"{TOKENS}?limit=200").json()
    assert first["items"] == shown
    rest = api.get(TOKENS, params={"limit": 200, "cursor": first["nextCursor"]}).json()
    assert len(rest["items"]) == 5
