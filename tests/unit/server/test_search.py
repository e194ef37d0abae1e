"""Searches find a text in whatever case and form it is typed, on every database alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from alembic import command
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from tests.support.dash import Dash, at_dashboard
from tests.support.databases import Cluster
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import client, done, opened
from tests.support.tenants import instance_body

from kaiten_sync.server.app import ServerSettings, prepare
from kaiten_sync.server.db.migrate import alembic_config
from kaiten_sync.server.db.tables import customer
from kaiten_sync.server.domain.folding import fold

_CUSTOMER = {
    "name": "ÄRZTEHAUS Große Straße",
    "slug": "clinic-7",
    "domain": "praxis-ost.example",
    "externalCustomerId": "CRM-Ω-0815",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "postgresql, locale C"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('server') / 'kaiten.db'}"
    cluster: Cluster = request.getfixturevalue("postgresql")
    if request.param == "postgresql":
        return cluster.new_database()
    cluster.run("CREATE DATABASE searched_c TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'")
    return cluster.url("searched_c")


@pytest.fixture(scope="module")
def searched(server: EmbeddedServer) -> Iterator[Dash]:
    """An organization with one of each kind, all under the same name."""
    with client(server.url, server.token) as api:
        _furnish(api)
    with at_dashboard(server.url, server.token) as dash:
        yield dash


def _furnish(api: httpx.Client) -> None:
    name = {"name": _CUSTOMER["name"], "slug": _CUSTOMER["slug"]}
    done(api.post("/customers", json=_CUSTOMER))
    done(api.post("/entitlements", json={**name, "type": "NUMBER"}))
    done(api.post("/licenses", json={**name, "type": "PAID"}))
    done(api.post("/instances", json={**instance_body(api), **name}))
    done(api.post("/entitlement-groups", json=name))
    done(api.post("/service-accounts", json=name))


@pytest.mark.parametrize(
    "path",
    [
        *("/customers", "/entitlements", "/licenses", "/instances"),
        *("/groups", "/service-accounts"),
    ],
)
@pytest.mark.parametrize(
    "typed",
    [
        "ÄRZTEHAUS",
        "ärztehaus",
        "A\u0308rztehaus",
        "\uff27ROSSE",
        "GRO\u1e9eE",
        "große",
        "STRASSE",
        "clinic-7",
    ],
)
def test_a_name_is_found_however_it_is_typed(searched: Dash, path: str, typed: str) -> None:
    found = Html(searched.see(f"{path}?q={quote(typed)}")).rows()
    assert [row[0] for row in found] == [_CUSTOMER["name"]]


@pytest.mark.parametrize("typed", ["praxis-ost", "OST.EXAMPLE", "crm-ω", "CRM-Ω-0815", "0815"])
def test_a_customer_is_found_by_its_domain_and_external_id(searched: Dash, typed: str) -> None:
    assert len(Html(searched.see(f"/customers?q={quote(typed)}")).rows()) == 1


@pytest.mark.parametrize("typed", ["zahnarzt", "%", "_", "clinic-8", "\\"])
def test_what_is_not_in_a_text_is_not_found(searched: Dash, typed: str) -> None:
    assert Html(searched.see(f"/customers?q={quote(typed)}")).rows() == []


def test_a_new_name_is_found_and_the_old_one_is_not(
    server: EmbeddedServer, api: httpx.Client, dash: Dash
) -> None:
    done(api.post("/customers", json=_CUSTOMER))
    done(api.put("/customers/clinic-7", json={"name": "ЗВЕЗДА", "domain": "new.example"}))
    for typed, rows in (("звезда", 1), ("NEW.EXAMPLE", 1), ("große", 0), ("crm-ω", 0)):
        assert len(Html(dash.see(f"/customers?q={quote(typed)}")).rows()) == rows


def test_rows_of_before_are_found_after_the_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kaiten.db'}"
    settings = ServerSettings(database_url=url)
    with EmbeddedServer(tmp_path, url) as server, client(server.url, server.token) as api:
        _furnish(api)
    with opened(url) as database, database.migrating() as connection:
        before = connection.execute(select(customer.c.id, customer.c.folded)).all()
        command.downgrade(alembic_config(connection), "0007")
    prepare(settings).database.close()
    with opened(url) as database, database.reading() as connection:
        assert connection.execute(select(customer.c.id, customer.c.folded)).all() == before
        texts = connection.execute(text("SELECT folded FROM instance")).scalars().all()
    assert texts == [fold(_CUSTOMER["name"])]


@given(st.text())
def test_folding_a_folded_text_changes_nothing(typed: str) -> None:
    assert fold(fold(typed)) == fold(typed)
    assert fold(typed.casefold()) == fold(typed)
