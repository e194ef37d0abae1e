"""The getting-started page's requests, word for word, with the real curl."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from tests.support.curl import needs_curl
from tests.support.embedded import EmbeddedServer
from tests.support.processes import HANG_S

from kaiten_sync.server.app import ServerSettings, running

_COMMAND = re.compile(r"^curl .*?\}'", re.MULTILINE | re.DOTALL)
_LICENSE = "<license-slug>"


def commands(page: str) -> list[str]:
    found = _COMMAND.findall(page)
    assert len(found) == 4
    return found


def run(command: str, url: str, token: str) -> tuple[int, Any]:
    """Runs one command as printed; only what the page leaves open is filled in.

    The connection to the port that the page names goes to the server with this URL.
    """
    ours = command.replace("<your-token>", token).replace("ksh_xxx", token)
    ours = ours.replace(_LICENSE, "growth")
    there = f"localhost:6000:{urlsplit(url).netloc}"
    words = shlex.split(ours.replace("\\\n", " "))
    finished = subprocess.run(
        [
            *(*words, "--silent", "--show-error", "--noproxy", "*", "--connect-to", there),
            *("--write-out", "\n%{http_code}"),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_S,
        env={"PATH": os.environ["PATH"]},
    )
    body, _, status = finished.stdout.rpartition("\n")
    return int(status), json.loads(body) if body else None


@needs_curl
def test_requests_one_to_three_work_word_for_word(
    server: EmbeddedServer, getting_started: str
) -> None:
    token = server.new_organization()
    create_entitlement, create_license, attach, _ = commands(getting_started)

    status, entitlement = run(create_entitlement, server.url, token)
    assert status == 201
    assert entitlement["slug"] == "api-calls"
    assert entitlement["meterType"] == "RAW_EVENT"
    assert entitlement["aggregationMethod"] == "SUM"
    assert entitlement["description"] is None

    status, made = run(create_license, server.url, token)
    assert status == 201
    assert (made["slug"], made["version"], made["isActive"]) == ("growth", "1", True)
    assert (made["description"], made["isDefault"]) == ("", False)
    assert made["lifecycleState"] == "PUBLISHED"

    status, _ = run(attach.replace(_LICENSE, made["slug"]), server.url, token)
    assert status == 204


@needs_curl
def test_the_whole_page_works_to_its_end(tmp_path: Path, getting_started: str) -> None:
    token = "ksh_of-the-getting-started-page"
    settings = ServerSettings(
        database_url=f"sqlite:///{tmp_path / 'page.db'}", bootstrap_token=token
    )
    create_entitlement, create_license, attach, report = commands(getting_started)
    with running(settings) as started:
        assert run(create_entitlement, started.url, token)[0] == 201
        status, license_ = run(create_license, started.url, token)
        assert status == 201
        assert run(attach, started.url, token)[0] == 204
        link_instance(started.url, token, license_["id"])

        status, usage = run(report, started.url, token)
        assert status == 200
        assert usage["value"] == {"type": "number", "value": 42, "event_count": 1}
        assert usage["limit"] == {"type": "number", "value": 1000}

        status, refused = run(report.replace("42", "959"), started.url, token)
        assert (status, refused["code"]) == (
            409,
            "ReportEntitlementUsageMetric.ThresholdExceeded",
        )
        status, usage = run(report.replace("42", "958"), started.url, token)
        assert (status, usage["value"]["value"]) == (200, 1000)
        told = [entry["eventName"] for entry in audit_trail(started.url, token)]
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


@needs_curl
def test_the_page_can_be_followed_twice(server: EmbeddedServer, getting_started: str) -> None:
    token = server.new_organization()
    first = commands(getting_started)[0]
    run(first, server.url, token)
    status, again = run(first, server.url, token)
    assert status == 201
    assert re.fullmatch(r"api-calls-[0-9a-f]{6}", again["slug"])


@needs_curl
def test_they_work_on_a_server_in_memory(getting_started: str) -> None:
    token = "ksh_of-a-server-in-memory"
    with running(ServerSettings(database_url="sqlite://", bootstrap_token=token)) as started:
        for command in commands(getting_started)[:3]:
            status, _ = run(command, started.url, token)
            assert status in (201, 204)
