"""Exporting for adoption: into sensible files, with a project that fits, and nothing to plan."""

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
from tests.support.tenants import make

PAGE = Path("docs/tutorial/existing-server.md")


@pytest.fixture
def selling(place: Workplace, api: httpx.Client) -> Workplace:
    """A server that somebody sells with already."""
    make(api, "/entitlement-groups", name="Quotas", slug="quotas")
    make(api, "/entitlements", name="Calls", slug="api-calls", type="NUMBER", groupSlugs=["quotas"])
    for slug in ("starter", "growth"):
        make(api, "/licenses", name=slug.title(), slug=slug, type="PAID")
        grant = {"entitlementSlug": "api-calls", "value": {"type": "number", "value": 1000}}
        assert api.post(f"/licenses/{slug}/entitlements", json=grant).status_code == 204
    return place


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml"))


@pytest.mark.parametrize(
    ("split", "names"),
    [
        (
            "license",
            [
                "catalog/entitlements.yaml",
                "catalog/groups.yaml",
                "catalog/licenses/growth.yaml",
                "catalog/licenses/starter.yaml",
            ],
        ),
        ("kind", ["catalog/entitlements.yaml", "catalog/groups.yaml", "catalog/licenses.yaml"]),
        ("none", ["catalog/catalog.yaml"]),
    ],
)
def test_a_catalog_is_split_as_it_is_wanted(
    selling: Workplace, split: str, names: list[str]
) -> None:
    done = selling.run("export", "-o", "catalog", "--split", split, "--with-project")
    assert done.code == 0, done.stderr
    assert files(selling.folder) == [*names, "kaiten-sync.yaml"]
    for prune in ("owned", "all"):
        planned = selling.run(
            "plan", "-t", "prod", "--prune", prune, "--detailed-exitcode", KAITEN_BASE_URL=""
        )
        assert planned.code == 0, planned.stderr + planned.stdout
    again = selling.run("export", "-o", "other", "--with-project")
    assert (again.code, "kaiten-sync.yaml is there already" in again.stderr) == (3, True)
    assert "help: leave out --with-project" in again.stderr


@pytest.mark.parametrize(
    ("default", "last", "warns"),
    [(None, "PUBLISHED", True), (0, "PUBLISHED", False), (None, "DRAFT", False)],
)
def test_a_family_that_serves_a_version_by_chance_is_named(
    place: Workplace, api: httpx.Client, default: int | None, last: str, warns: bool
) -> None:
    for number, state in enumerate(("PUBLISHED", last)):
        slug = {"slug": "pro", "familySlug": "pro"} if number else {"slug": "pro"}
        slug["slug"] += f"-v{number + 1}" if number else ""
        make(
            api,
            "/licenses",
            name="Pro",
            description="",
            type="PAID",
            lifecycleState=state,
            isDefault=number == default,
            **slug,
        )
    done = place.run("export", "-o", "catalog")
    assert done.code == 0, done.stderr
    warning = (
        "warning: the family pro has 2 published versions and no default, and serves the highest,"
        " license/pro-v2; declare `isDefault: true` on the one to sell"
    )
    assert (warning in done.stderr) is warns


def test_what_licenses_have_in_common_is_written_once(selling: Workplace) -> None:
    done = selling.run("export", "-o", "catalog", "--extends")
    assert done.code == 0, done.stderr
    text = (selling.folder / "catalog/licenses/starter.yaml").read_text(encoding="utf-8")
    assert text.endswith("  starter:\n    name: Starter\n    type: PAID\n    extends: growth\n")
    planned = selling.run("plan", "-f", "catalog", "--prune", "all", "--detailed-exitcode")
    assert planned.code == 0, planned.stderr + planned.stdout
    refused = selling.run("export", "--extends", "--overlay-of", "prod")
    assert (refused.code, "--extends" in refused.stderr) == (3, True)


def test_the_scope_of_the_project_fits_what_was_exported(
    selling: Workplace, api: httpx.Client
) -> None:
    make(api, "/licenses", name="Old", slug="legacy-gold", type="PAID")
    scoped = (
        'version: 1\ncatalog: [x.yaml]\nscope: {licenses: ["*", "!legacy-*"], groups: []}\n'
        f"targets: {{live: {{url: {selling.url}, token: {{env: OTHER_TOKEN}}}}}}\n"
    )
    selling.write("from/kaiten-sync.yaml", scoped)
    done = selling.run(
        *("export", "--project", "from/kaiten-sync.yaml", "-t", "live", "-o", "catalog"),
        "--with-project",
        OTHER_TOKEN=selling.token,
        KAITEN_BASE_URL="",
    )
    assert done.code == 0, done.stderr
    text = (selling.folder / "kaiten-sync.yaml").read_text()
    assert 'licenses: ["*", "!legacy-*"]' in text.replace("'", '"')
    assert "OTHER_TOKEN" in text
    assert "groups: []" in text
    assert not (selling.folder / "catalog/licenses/legacy-gold.yaml").exists()


@needs_curl
def test_the_tutorial_runs_as_it_stands(selling: Workplace, api: httpx.Client) -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^    .+\n)+", text, re.M)
    script = "\n".join(line[4:] for block in blocks for line in block.splitlines())
    for before, after in (
        ("https://kaiten.example.com", selling.url),
        ("ksh_your-token", selling.token),
        ("kaiten-sync drift -t prod\n", f"{_edit(selling.url)}\nkaiten-sync drift -t prod\n"),
    ):
        assert script.count(before) == 1, before
        script = script.replace(before, after)
    names = {
        f"GIT_{role}_{what}": "ada@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    program = selling.folder / "bin/kaiten-sync"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kaiten_sync "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=selling.folder,
        env={**os.environ, **names, "PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes" in done.stdout
    assert "~ server edited  license/starter/grant/api-calls" in done.stdout
    assert "adopted license/starter/grant/api-calls: value 1,000 → 7" in done.stdout
    growth = (selling.folder / "licensing/catalog/licenses/growth.yaml").read_text()
    assert "api-calls: 2000" in growth


def _edit(url: str) -> str:
    """What somebody else does before the last chapter, as a command."""
    path = "/api/licenses/starter/entitlements/api-calls"
    body = '{"value": {"type": "number", "value": 7}}'
    return (
        f"curl --silent --fail --request PUT {url}{path} --data '{body}'"
        ' --header "Authorization: Bearer $KAITEN_AUTH_TOKEN"'
        ' --header "Content-Type: application/json"'
    )
