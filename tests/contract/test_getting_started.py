"""The getting-started page's requests, word for word, with the real curl."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import httpx
from tests.support.embedded import EmbeddedServer

from kaiten_sync.server.app import ServerSettings, running

_COMMAND = re.compile(r"^curl .*?\}'", re.MULTILINE | re.DOTALL)
_LICENSE = "<license-slug>"


def commands(page: str) -> list[str]:
    found = _COMMAND.findall(page)
    assert len(found) == 4
    return found


def run(command: str, server: EmbeddedServer, token: str) -> tuple[int, Any]:
    """Runs one command against another server than the page's."""
    return curl(command.replace("http://localhost:6000", server.url), token)


def curl(command: str, token: str) -> tuple[int, Any]:
    """Runs one command as it stands; only what the page leaves open is filled in."""
    ours = command.replace("<your-token>", token).replace("ksh_xxx", token)
    ours = ours.replace(_LICENSE, "growth")
    words = shlex.split(ours.replace("\\\n", " "))
    finished = subprocess.run(
        [*words, "--silent", "--show-error", "--noproxy", "*", "--write-out", "\n%{http_code}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={"PATH": os.environ["PATH"]},
    )
    body, _, status = finished.stdout.rpartition("\n")
    return int(status), json.loads(body) if body else None


def test_requests_one_to_three_work_word_for_word(
    server: EmbeddedServer, getting_started: str
) -> None:
    token = server.new_organisation()
    create_entitlement, create_license, attach, _ = commands(getting_started)

    status, entitlement = run(create_entitlement, server, token)
    assert status == 201
    assert entitlement["slug"] == "api-calls"
    assert entitlement["meterType"] == "RAW_EVENT"
    assert entitlement["aggregationMethod"] == "SUM"
    assert entitlement["description"] is None

    status, made = run(create_license, server, token)
    assert status == 201
    assert (made["slug"], made["version"], made["isActive"]) == ("growth", "1", True)
    assert (made["description"], made["isDefault"]) == ("", False)
    assert made["lifecycleState"] == "PUBLISHED"

    status, _ = run(attach.replace(_LICENSE, made["slug"]), server, token)
    assert status == 204


def test_the_whole_page_on_its_own_port(tmp_path: Path, getting_started: str) -> None:
    token = "ksh_of-the-getting-started-page"
    settings = ServerSettings(
        database_url=f"sqlite:///{tmp_path / 'page.db'}", bootstrap_token=token
    )
    create_entitlement, create_license, attach, report = commands(getting_started)
    with running(settings, host="127.0.0.1", port=6000):
        assert curl(create_entitlement, token)[0] == 201
        status, license_ = curl(create_license, token)
        assert status == 201
        assert curl(attach, token)[0] == 204
        link_instance("http://localhost:6000", token, license_["id"])

        status, usage = curl(report, token)
        assert status == 200
        assert usage["value"] == {"type": "number", "value": 42, "event_count": 1}
        assert usage["limit"] == {"type": "number", "value": 1000}

        status, refused = curl(report.replace("42", "959"), token)
        assert (status, refused["code"]) == (
            409,
            "ReportEntitlementUsageMetric.ThresholdExceeded",
        )
        status, usage = curl(report.replace("42", "958"), token)
        assert (status, usage["value"]["value"]) == (200, 1000)
        told = [entry["eventName"] for entry in audit_trail("http://localhost:6000", token)]
        assert "INSTANCE_ENTITLEMENT_USAGE_REACHED" in told


def link_instance(url: str, token: str, license_id: str) -> None:
    """What the page takes for granted: "your instance is linked to a license"."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api", headers=headers) as client:
        customer = client.post("/customers", json={"name": "My Restaurant"})
        assert customer.status_code == 201, customer.text
        body = {
            "name": "My Restaurant Production",
            "description": "",
            "customerId": customer.json()["id"],
            "licenseId": license_id,
            "startLicenseDate": "2026-01-01T00:00:00Z",
            "endLicenseDate": "2027-01-01T00:00:00Z",
        }
        instance = client.post("/instances", json=body)
        assert instance.status_code == 201, instance.text
        assert instance.json()["slug"] == "my-restaurant-production"


def audit_trail(url: str, token: str) -> list[dict[str, Any]]:
    answer = httpx.get(
        f"{url}/api/instances/my-restaurant-production/audit-trails",
        headers={"Authorization": f"Bearer {token}"},
    )
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_the_page_can_be_followed_twice(server: EmbeddedServer, getting_started: str) -> None:
    token = server.new_organisation()
    first = commands(getting_started)[0]
    run(first, server, token)
    status, again = run(first, server, token)
    assert status == 201
    assert re.fullmatch(r"api-calls-[0-9a-f]{6}", again["slug"])


def test_they_work_on_a_server_in_memory(tmp_path: Path, getting_started: str) -> None:
    token = "ksh_of-a-server-in-memory"
    with running(ServerSettings(database_url="sqlite://", bootstrap_token=token)) as started:
        server = EmbeddedServer(tmp_path)
        server.url = started.url
        for command in commands(getting_started)[:3]:
            status, _ = run(command.replace(_LICENSE, "growth"), server, token)
            assert status in (201, 204)
