"""A server that knows a project whose target it is, and has drifted from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.support.embedded import EmbeddedServer
from tests.support.metering import done

_CATALOG = """
version: 1
entitlements:
  api-calls: {name: API Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER, unitSingular: seat, unitPlural: seats}
licenses:
  growth: {name: Growth, type: PAID, entitlements: {api-calls: 1000, seats: 5}}
"""
_TOKEN = "KAITEN_GIT_TOKEN"


@contextmanager
def server_with_git(folder: Path, catalog: str = _CATALOG) -> Iterator[EmbeddedServer]:
    """The server, whose project is in the folder. It has nothing yet."""
    project = folder / "kaiten-sync.yaml"
    plan_source = ("kaiten_sync.cli.serving:project_plan", str(project))
    with EmbeddedServer(folder, plan_source=plan_source) as running:
        (folder / "catalog.yaml").write_text(catalog, encoding="utf-8")
        target = {"url": running.url, "token": {"env": _TOKEN}}
        text = {"version": 1, "catalog": ["catalog.yaml"], "targets": {"local": target}}
        project.write_text(json.dumps(text), encoding="utf-8")
        os.environ[_TOKEN] = running.token
        try:
            yield running
        finally:
            del os.environ[_TOKEN]


def written_plan(file: str) -> str:
    """A plan that was written to a file, as the source of a server's plan."""
    return Path(file).read_text(encoding="utf-8")


def drift_by_hand(server: EmbeddedServer) -> None:
    """What the catalog declares with one threshold changed by hand, and something else."""
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
        unit = {"unitSingular": "seat", "unitPlural": "seats"}
        for name, more in (("API Calls", {}), ("Seats", unit)):
            done(api.post("/entitlements", json={"name": name, "type": "NUMBER", **more}))
        done(api.post("/licenses", json={"name": "Growth", "type": "PAID"}))
        for slug, value in (("api-calls", 1000), ("seats", 9)):
            grant = {"entitlementSlug": slug, "value": {"type": "number", "value": value}}
            done(api.post("/licenses/growth/entitlements", json=grant))
        done(api.post("/entitlements", json={"name": "By hand", "type": "BOOLEAN"}))
