"""The page for those who report usage from their code: all of it runs, in its order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.curl import needs_curl
from tests.support.processes import HANG_S

PAGE = Path("docs/how-to/report-usage.md")
SLUGS = ("my-restaurant-production", "another-restaurant-production")


def blocks(language: str) -> list[str]:
    """The code of the page in one language, in its order."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


@pytest.fixture
def catalog(place: Workplace) -> Workplace:
    assert place.run("init", ".").code == 0
    there = ("--base-url", place.url)
    done = place.run("apply", *there, "--yes")
    assert done.code == 0, done.stderr
    return place


def run(place: Workplace, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=place.folder,
        env={**os.environ, "KAITEN_BASE_URL": place.url, "KAITEN_AUTH_TOKEN": place.token},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def usage(place: Workplace, instance: str) -> object:
    answer = httpx.get(
        f"{place.url}/api/instances/{instance}/entitlements/api-calls/usage",
        headers={"Authorization": f"Bearer {place.token}"},
    )
    return answer.json()["value"]["value"]


@needs_curl
def test_the_lines_for_curl_run(catalog: Workplace) -> None:
    assert len(blocks("bash")) == 4
    said = run(catalog, "bash", "-euo", "pipefail", "-c", "\n".join(blocks("bash")))
    assert "refused" in said
    assert "ThresholdExceeded" in said
    assert '"value":{"type":"boolean","value":true}' in said.splitlines()[-1]
    assert usage(catalog, SLUGS[0]) == 42


def test_the_lines_for_python_run(catalog: Workplace) -> None:
    assert len(blocks("python")) == 4
    said = run(catalog, sys.executable, "-W", "error", "-c", "\n".join(blocks("python")))
    assert "ReportEntitlementUsageMetric.ThresholdExceeded" in said
    assert "api-calls 42" in said
    assert "sso True True" in said
    assert usage(catalog, SLUGS[1]) == 42
