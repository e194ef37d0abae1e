"""A token never outlives the token that created it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.support.clocked import clocked
from tests.support.dash import at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.tenants import make, refusal

TOKENS = "/service-accounts/bootstrap/tokens"
DAY_MS = 86_400_000
EXPIRY = "2099-06-15T12:00:00.000Z"


def child(api: httpx.Client, token: str | None, name: str, **fields: Any) -> httpx.Response:
    """A token that another one creates; the client's own if none is named."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = {"name": name, "scopes": ["write:tokens", "read:licenses"], **fields}
    return api.post(TOKENS, json=body, headers=headers)


def opens(api: httpx.Client, token: str) -> bool:
    return api.get("/licenses", headers={"Authorization": f"Bearer {token}"}).is_success


@pytest.mark.parametrize(
    ("own", "wanted", "given"),
    [
        (None, None, None),
        (None, EXPIRY, EXPIRY),
        (EXPIRY, None, EXPIRY),
        (EXPIRY, "2099-06-15T11:59:59.999Z", "2099-06-15T11:59:59.999Z"),
        (EXPIRY, EXPIRY, EXPIRY),
        (EXPIRY, "2099-06-15T14:00:00+02:00", EXPIRY),
        (EXPIRY, "2099-06-15T12:00:00.001Z", "CreateToken.ExpiresAfterParent"),
        (EXPIRY, "9999-12-31T23:59:59Z", "CreateToken.ExpiresAfterParent"),
    ],
)
def test_a_token_expires_with_its_parent_at_the_latest(
    api: httpx.Client, own: str | None, wanted: str | None, given: str | None
) -> None:
    parent = child(api, None, "parent", **({"expiresAt": own} if own else {})).json()
    answer = child(api, parent["token"], "child", **({"expiresAt": wanted} if wanted else {}))
    if given and given.startswith("CreateToken."):
        assert refusal(answer) == (422, given)
        return
    assert answer.json().get("expiresAt") == given
    grandchild = child(api, answer.json()["token"], "grandchild")
    assert grandchild.json().get("expiresAt") == given


def test_descendants_stop_working_when_their_ancestor_expires(fresh_url: str) -> None:
    with clocked(fresh_url) as (api, clock):
        end = datetime.fromtimestamp(clock.now_ms / 1000, UTC) + timedelta(days=1)
        tokens = [child(api, None, "0", expiresAt=end.isoformat()).json()["token"]]
        tokens += [child(api, tokens[0], "1").json()["token"]]
        tokens += [child(api, tokens[1], "2").json()["token"]]
        assert all(opens(api, token) for token in tokens)
        clock.now_ms += DAY_MS + 1
        assert not any(opens(api, token) for token in tokens)
        assert refusal(child(api, tokens[2], "3")) == (401, "Auth.InvalidToken")


def test_revoking_a_token_revokes_its_descendants_and_no_others(
    api: httpx.Client, server: EmbeddedServer
) -> None:
    made = {"parent": child(api, None, "parent", slug="parent").json()["token"]}
    for name, creator in (("aa", "parent"), ("bb", "parent"), ("a1", "aa"), ("a2", "a1")):
        made[name] = child(api, made[creator], name, slug=name).json()["token"]
    own = api.headers["Authorization"].removeprefix("Bearer ")
    with at_dashboard(server.url, made["a2"]) as visitor:
        visitor.see("/licenses")
        assert api.delete(f"{TOKENS}/aa").status_code == 204
        visitor.see("/licenses", status=303)
    assert {name for name, token in made.items() if not opens(api, token)} == {"aa", "a1", "a2"}
    assert opens(api, own)
    assert refusal(child(api, made["a2"], "late")) == (401, "Auth.InvalidToken")
    listed = {each["name"]: each for each in api.get(TOKENS).json()["items"]}
    assert listed["a2"]["revokedAt"] == listed["aa"]["revokedAt"]
    assert listed["a2"]["revokedBy"] == listed["aa"]["revokedBy"]
    assert api.delete(f"{TOKENS}/parent").status_code == 204
    assert not opens(api, made["bb"])
    assert "late" not in listed


def test_descendants_in_other_accounts_are_revoked_too(api: httpx.Client) -> None:
    make(api, "/service-accounts", name="CI")
    parent = child(api, None, "parent").json()["token"]
    headers = {"Authorization": f"Bearer {parent}"}
    body = {"name": "there", "scopes": ["read:licenses"]}
    there = api.post("/service-accounts/ci/tokens", json=body, headers=headers).json()["token"]
    assert api.delete(f"{TOKENS}/parent").status_code == 204
    assert not opens(api, there)


def test_no_child_survives_a_revocation_that_meets_its_creation(api: httpx.Client) -> None:
    for turn in range(5):
        name = f"parent-{turn}"
        parent = child(api, None, name, slug=name).json()["token"]
        with ThreadPoolExecutor(4) as pool:
            asked = [
                pool.submit(child, api, parent, f"{name}-{number}", slug=f"{name}-{number}")
                for number in range(6)
            ]
            revoked = pool.submit(api.delete, f"{TOKENS}/{name}")
        assert revoked.result().status_code == 204
        # a revoked token that is sent often counts as guessing: 429. So the list is asked, with a
        # token that is valid, and not the children themselves.
        answers = [each.result() for each in asked]
        assert {each.status_code for each in answers} <= {201, 401, 429}
        listed = api.get(TOKENS, params={"limit": 200}).json()["items"]
        alive = {each["name"] for each in listed if "revokedAt" not in each}
        assert not any(each.startswith(name) for each in alive)


def test_the_forms_do_the_same(api: httpx.Client, server: EmbeddedServer) -> None:
    parent = child(api, None, "parent", expiresAt=EXPIRY).json()["token"]
    with at_dashboard(server.url, parent) as dash:
        page = Html(dash.see("/service-accounts/bootstrap"))
        assert "At the latest with your own, at 2099-06-15 12:00:00 UTC" in page.text
        path, typed = "/service-accounts/bootstrap/tokens", {"scopes": ["read:licenses"]}
        late = dash.send(path, {**typed, "name": "late", "expiresAt": "2099-06-16"})
        assert late.status_code == 422
        assert Html(late.text).problem_at("expiresAt")
        assert dash.send(path, {**typed, "name": "child"}).status_code == 201
    listed = {each["name"]: each for each in api.get(TOKENS).json()["items"]}
    assert listed["child"]["expiresAt"] == EXPIRY
    own = api.headers["Authorization"].removeprefix("Bearer ")
    with at_dashboard(server.url, own) as dash:
        where = f"/service-accounts/bootstrap/tokens/{listed['parent']['slug']}/revoke"
        assert "revoked as well: child" in Html(dash.see(where)).text
        dash.do(where)
    listed = {each["name"]: each for each in api.get(TOKENS).json()["items"]}
    assert "revokedAt" in listed["child"]
