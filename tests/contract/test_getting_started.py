"""The getting-started page's requests, word for word, with the real curl."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

from tests.support.embedded import EmbeddedServer

from kaiten_sync.server.app import ServerSettings, running

_COMMAND = re.compile(r"^curl .*?\}'", re.MULTILINE | re.DOTALL)
_LICENSE = "<license-slug>"


def commands(page: str) -> list[str]:
    found = _COMMAND.findall(page)
    assert len(found) == 4, "the page has four requests"
    return found


def run(command: str, server: EmbeddedServer, token: str) -> tuple[int, Any]:
    """Runs one command; only host and port, the token and the license slug are replaced."""
    ours = command.replace("http://localhost:6000", server.url).replace("<your-token>", token)
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
