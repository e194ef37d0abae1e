"""Texts have one order, that of their code points, whatever the database would sort them by."""

from __future__ import annotations

import httpx
import pytest
from tests.support.dash import Dash
from tests.support.databases import Cluster
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import client, done

_PLAN = {"type": "PAID", "description": "", "isDefault": False}
_SHIFTED = (
    "CREATE DATABASE shifted TEMPLATE template0"
    " LOCALE_PROVIDER icu ICU_LOCALE 'en-US-u-ka-shifted' LOCALE 'C'"
)
"""It does not look at hyphens, as many collations of operating systems do not."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('server') / 'kaiten.db'}"
    cluster: Cluster = request.getfixturevalue("postgresql")
    cluster.run(_SHIFTED)
    return cluster.url("shifted")


def test_families_are_sorted_by_the_first_of_the_names_of_their_versions(
    api: httpx.Client, dash: Dash
) -> None:
    for slug, family, name in (
        ("one", None, "b"),
        ("one-v2", "one", "\N{SLIGHTLY SMILING FACE}"),
        ("two", None, "c"),
    ):
        belongs = {} if family is None else {"familySlug": family}
        done(api.post("/licenses", json={**_PLAN, "name": name, "slug": slug, **belongs}))
    for sort, expected in (("name", ["one", "two"]), ("-name", ["two", "one"])):
        shown = dash.see(f"/licenses?sort={sort}")
        assert sorted(expected, key=lambda slug: shown.index(f'"/licenses/{slug}"')) == expected


def test_groups_of_an_entitlement_are_in_the_order_of_their_slugs(api: httpx.Client) -> None:
    slugs = ["a-c", "ab", "b-a", "ba"]
    for slug in reversed(slugs):
        done(api.post("/entitlement-groups", json={"name": slug, "slug": slug}))
    body = {"name": "Calls", "type": "NUMBER", "slug": "calls", "groupSlugs": slugs}
    made = done(api.post("/entitlements", json=body)).json()
    for answer in (made, api.get("/entitlements/calls").json()):
        assert [each["slug"] for each in answer["entitlementGroups"]] == slugs


def test_tokens_that_are_revoked_together_are_in_the_order_of_their_names(
    api: httpx.Client, dash: Dash, server: EmbeddedServer
) -> None:
    account = api.get("/service-accounts").json()["items"][0]["slug"]
    tokens = f"/service-accounts/{account}/tokens"
    scopes = ["read:tokens", "write:tokens"]
    parent = done(api.post(tokens, json={"name": "parent", "scopes": scopes})).json()
    with client(server.url, parent["token"]) as child:
        for name in ("b", "a", "C", "a-z"):
            done(child.post(tokens, json={"name": name, "scopes": scopes}))
    page = Html(dash.see(f"{tokens}/{parent['slug']}/revoke"))
    assert "revoked as well: C, a, a-z, b" in page.text
