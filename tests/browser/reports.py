"""Reports that are pages, and their pictures for the docs.

A drift report with every class in it, and the impact of a plan that lowers limits.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Browser

from tests.support.chromium import TIMEOUT_MS
from tests.support.command import kaiten_sync
from tests.support.embedded import EmbeddedServer
from tests.support.metering import done
from tests.support.tenants import instance_body, make

REPORT = Path("docs/images/drift-report.png")
IMPACT = Path("docs/images/impact.png")

_CATALOG = """\
version: 1
groups:
  quotas: {name: Quotas}
entitlements:
  api-calls: {name: API Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements: {api-calls: 1000, seats: 25}
"""
_PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  prod: {url: URL, token: {env: PROD_TOKEN}}
  staging: {url: URL, token: {env: STAGING_TOKEN}}
"""


def take_report(server: EmbeddedServer, folder: Path) -> Path:
    """The report of two targets that have drifted, as a file in the folder."""
    tokens = {"PROD_TOKEN": server.new_organization(), "STAGING_TOKEN": server.new_organization()}
    (folder / "catalog.yaml").write_text(_CATALOG)
    (folder / "kaiten-sync.yaml").write_text(_PROJECT.replace("URL", server.url))
    for target in ("prod", "staging"):
        _run(folder, tokens, "plan", "-t", target, "-o", f"plans/{target}.plan.json")
        _run(folder, tokens, "apply", f"plans/{target}.plan.json")
    headers = {"Authorization": f"Bearer {tokens['PROD_TOKEN']}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
        value = {"value": {"type": "number", "value": 5000}}
        done(api.put("/licenses/growth/entitlements/api-calls", json=value))
        done(api.delete("/entitlement-groups/quotas"))
        done(api.post("/entitlement-groups", json={"name": "Theirs"}))
    (folder / "catalog.yaml").write_text(_CATALOG.replace("seats: 25", "seats: 40"))
    report = folder / "drift.html"
    report.write_text(_run(folder, tokens, "drift", "--all", "--format", "html"))
    return report


def take_impact(server: EmbeddedServer, folder: Path) -> Path:
    """The impact of a plan that lowers limits, with holders of every class, as a file."""
    token = server.new_organization()
    tokens = {"KAITEN_BASE_URL": server.url, "KAITEN_AUTH_TOKEN": token}
    (folder / "catalog.yaml").write_text(_CATALOG)
    _run(folder, tokens, "apply", "-f", "catalog.yaml", "--yes")
    with httpx.Client(
        base_url=f"{server.url}/api", headers={"Authorization": f"Bearer {token}"}
    ) as api:
        for name, used in (("north", 24), ("south", 19), ("east", 12), ("west", 3)):
            make(api, "/instances", **instance_body(api, slug=f"warehouse-{name}"))
            body = {"value": {"type": "number", "value": used}, "behavior": "set"}
            done(api.post(f"/instances/warehouse-{name}/entitlements/seats/usage", json=body))
    lowered = _CATALOG.replace("seats: 25", "seats: 20").replace("api-calls: 1000,", "")
    (folder / "catalog.yaml").write_text(lowered)
    _run(folder, tokens, "plan", "-f", "catalog.yaml", "--prune", "all", "-o", "lower.plan.json")
    page = folder / "impact.html"
    page.write_text(_run(folder, tokens, "impact", "lower.plan.json", "--format", "html"))
    return page


def take_picture(browser: Browser, report: Path, file: Path) -> None:
    """A picture of the top of a report."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(report.as_uri())
    page.screenshot(path=file)
    page.close()


def write_pictures(browser: Browser, server: EmbeddedServer) -> None:
    """Write the pictures of the docs."""
    for take, file in ((take_report, REPORT), (take_impact, IMPACT)):
        with tempfile.TemporaryDirectory() as folder:
            take_picture(browser, take(server, Path(folder)), file)


def _run(folder: Path, tokens: dict[str, str], *args: str) -> str:
    ended = kaiten_sync(*args, cwd=folder, environment={**tokens, "GIT_CEILING_DIRECTORIES": "/"})
    assert ended.code == 0, ended.stderr
    return ended.stdout
