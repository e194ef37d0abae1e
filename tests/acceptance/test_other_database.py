"""From SQLite to PostgreSQL as the page about the server tells it, and back from a backup."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.databases import Cluster
from tests.support.embedded import EmbeddedServer

PAGE = Path("docs/how-to/serve.md").read_text(encoding="utf-8")
CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER, resetPeriod: MONTH}
  seats: {name: Seats, type: NUMBER, aggregationMethod: LATEST}
licenses:
  pro: {name: Pro, type: PAID, entitlements: {calls: 1000, seats: unlimited}}
"""


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def commands(text: str) -> list[str]:
    return re.findall(r"^    (\S.*)$", text, re.M)


@contextmanager
def client(url: str, token: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api", headers=headers) as api:
        yield api


def sent(api: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    answer = api.post(path, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json()


def sell(api: httpx.Client, old: dict[str, Any], customer: str) -> None:
    kept = ("name", "description", "startLicenseDate", "endLicenseDate", "metadata")
    license_id = api.get(f"/licenses/{old['licenseSlug']}").json()["id"]
    body = {**{name: old[name] for name in kept}, "customerId": customer, "licenseId": license_id}
    sent(api, "/instances", body)


def counters(api: httpx.Client) -> dict[str, float]:
    found = api.get("/instances/acme-prod/entitlements/usage").json()
    return {each["entitlementSlug"]: each["value"]["value"] for each in found}


INSTANCE = {
    "name": "Acme prod",
    "description": "The shop",
    "licenseSlug": "pro",
    "startLicenseDate": "2026-01-01T00:00:00Z",
    "endLicenseDate": "2035-01-01T00:00:00Z",
    "metadata": {"region": "eu"},
}


@pytest.fixture
def used(place: Workplace, api: httpx.Client) -> Workplace:
    """A catalog, a customer and usage on the server."""
    place.write("catalog.yaml", CATALOG)
    applied = place.run("apply", "-f", "catalog.yaml", "--yes")
    assert applied.code == 0, applied.stderr
    sell(api, INSTANCE, sent(api, "/customers", {"name": "Acme"})["id"])
    for slug, value in (("calls", 42), ("seats", 7)):
        report = {"value": {"type": "number", "value": value}, "behavior": "append"}
        sent(api, f"/instances/acme-prod/entitlements/{slug}/usage", report)
    return place


def aim(place: Workplace, url: str) -> None:
    place.write(
        "kaiten-sync.yaml",
        f"version: 1\ncatalog: [catalog/]\ntargets:\n  prod: {{url: '{url}', token: {{env: T}}}}\n",
    )


def test_a_server_moves_to_postgresql(
    used: Workplace, api: httpx.Client, postgresql: Cluster, tmp_path: Path
) -> None:
    text = section("From SQLite to PostgreSQL")
    export, plan, apply = (each.split()[1:] for each in commands(text))
    aim(used, used.url)
    assert used.run(*export, T=used.token).code == 0
    assert used.run("plan", "-t", "prod", "-o", "plans/prod.plan.json", T=used.token).code == 0
    with EmbeddedServer(tmp_path, postgresql.empty_database()) as there:
        aim(used, there.url)
        without = [each for each in plan if each not in ("--previous", "none")]
        refused = used.run(*without, T=there.token)
        assert (refused.code, "--previous none" in refused.stderr) == (4, True)
        for command in (plan, apply):
            ended = used.run(*command, T=there.token)
            assert ended.code == 0, ended.stderr
        again = used.run("plan", "-t", "prod", "--detailed-exitcode", T=there.token)
        assert again.code == 0, again.stdout
        with client(there.url, there.token) as new:
            (customer,) = api.get("/customers").json()["items"]
            made = sent(new, "/customers", {"name": customer["name"]})
            (old,) = api.get("/instances").json()["items"]
            sell(new, old, made["id"])
            for slug, value in counters(api).items():
                report = {"value": {"type": "number", "value": value}, "behavior": "set"}
                sent(new, f"/instances/acme-prod/entitlements/{slug}/usage", report)
            assert counters(new) == counters(api) == {"calls": 42, "seats": 7}
            (instance,) = new.get("/instances").json()["items"]
            same = ("slug", "customerSlug", "licenseSlug", "endLicenseDate", "metadata")
            assert {name: instance[name] for name in same} == {name: old[name] for name in same}


def test_a_backup_of_a_running_server_is_restored(tmp_path: Path) -> None:
    # SQLite's shell is not on every machine, and its statements are the same everywhere.
    (statement,) = re.findall(r"`(VACUUM INTO [^`]+)`", section("Backup"))
    folder = tmp_path / "server"
    folder.mkdir()
    url = f"sqlite:///{folder / 'kaiten.db'}"
    backup = folder / "kaiten-backup.db"
    with EmbeddedServer(folder, url) as server, client(server.url, server.token) as api:
        sent(api, "/customers", {"name": "Acme"})
        with closing(sqlite3.connect(folder / "kaiten.db")) as file:
            file.execute(statement.replace(backup.name, str(backup)))
        sent(api, "/customers", {"name": "Too late"})
    backup.replace(folder / "kaiten.db")
    for each in ("kaiten.db-wal", "kaiten.db-shm"):
        (folder / each).unlink(missing_ok=True)
    with EmbeddedServer(folder, url) as server, client(server.url, server.token) as api:
        found = api.get("/customers").json()["items"]
    assert [each["name"] for each in found] == ["Acme"]
