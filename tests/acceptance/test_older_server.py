"""A server of the getting-started generation: bare lists, no families, no drafts, its own fields.

No such server can be had, so this one is written from the API facts (section 5), over real HTTP.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.support.command import Ended, kaiten_sync
from tests.support.scripted import Reply, Request, Scripted, scripted

_KNOWN = {
    "entitlements": {"name", "slug", "description", "type", "meterType", "aggregationMethod"},
    "licenses": {"name", "slug", "description", "type", "version", "isActive", "isDefault"},
    "grants": {"entitlementSlug", "value"},
}


class OlderServer:
    """Keeps objects in dicts and refuses any property that its generation does not know."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Reply:
        parts = urlsplit(request.path).path.removeprefix("/api/").split("/")
        if parts[0] not in ("entitlements", "licenses"):
            return Reply(status=404)
        kind = "grants" if len(parts) > 2 else parts[0]
        is_list = len(parts) in (1, 3)
        if request.body is not None and (unknown := request.body.keys() - _KNOWN[kind]):
            return Reply(status=422, body={"detail": f"unknown property {sorted(unknown)[0]}"})
        path = "/".join(parts)
        match request.method:
            case "GET" if is_list:
                return Reply(body=[o for p, o in self.objects.items() if _is_in(p, path)])
            case "GET":
                found = self.objects.get(path)
                return Reply(status=404) if found is None else Reply(body=found)
            case "POST":
                slug = request.body.get("slug") or request.body["entitlementSlug"]
                made = {"licenseID": parts[1]} if kind == "grants" else {"id": slug}
                self.objects[f"{path}/{slug}"] = {**made, **request.body}
                return Reply(status=201, body=self.objects[f"{path}/{slug}"])
            case "PUT":
                self.objects[path] = {**self.objects[path], **request.body}
                return Reply(status=204)
        return Reply(status=405)


def _is_in(path: str, folder: str) -> bool:
    return path.rpartition("/")[0] == folder


@pytest.fixture
def older() -> Iterator[Scripted]:
    with scripted(OlderServer().answer) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy("examples/plans/getting-started/catalog.yaml", tmp_path)
    return tmp_path


def run(server: Scripted, folder: Path, *args: str) -> Ended:
    environment = {"KAITEN_BASE_URL": server.url, "KAITEN_AUTH_TOKEN": "ksh_older"}
    return kaiten_sync(*args, "-f", "catalog.yaml", cwd=folder, environment=environment)


def test_the_getting_started_catalog_arrives(older: Scripted, folder: Path) -> None:
    applied = run(older, folder, "apply", "--yes")
    assert applied.code == 0, applied.stdout + applied.stderr
    posts = sorted((r.path, r.body) for r in older.requests if r.method == "POST")
    assert posts == [
        (
            "/api/entitlements",
            {
                "slug": "api-calls",
                "description": None,
                "name": "API Calls",
                "type": "NUMBER",
                "meterType": "RAW_EVENT",
                "aggregationMethod": "SUM",
            },
        ),
        (
            "/api/licenses",
            {
                "slug": "growth",
                "description": "",
                "isDefault": False,
                "name": "Growth",
                "type": "PAID",
                "version": "1",
                "isActive": True,
            },
        ),
        (
            "/api/licenses/growth/entitlements",
            {"entitlementSlug": "api-calls", "value": {"type": "number", "value": 1000}},
        ),
    ]
    again = run(older, folder, "plan", "--detailed-exitcode")
    assert again.code == 0, again.stdout


def test_a_changed_threshold_is_put(older: Scripted, folder: Path) -> None:
    run(older, folder, "apply", "--yes")
    path = folder / "catalog.yaml"
    path.write_text(path.read_text().replace("value: 1000", "value: 500"))
    assert run(older, folder, "plan", "-o", "file.plan.json").code == 0
    # a plan in a file rests on ids, which a grant of this generation has under another name
    environment = {"KAITEN_BASE_URL": older.url, "KAITEN_AUTH_TOKEN": "ksh_older"}
    applied = kaiten_sync("apply", "file.plan.json", cwd=folder, environment=environment)
    assert applied.code == 0, applied.stderr
    (put,) = [r for r in older.requests if r.method == "PUT"]
    assert put.body["value"] == {"type": "number", "value": 500}


def test_a_field_that_it_does_not_know_is_said_before_grants_are_read(
    older: Scripted, folder: Path
) -> None:
    path = folder / "catalog.yaml"
    path.write_text(path.read_text().replace("name: API Calls", "name: A\n    resetPeriod: DAY"))
    refused = run(older, folder, "plan")
    assert refused.code == 3
    assert "catalog.yaml:8" in refused.stderr
    assert "the server does not know 'resetPeriod'" in refused.stderr
    assert {r.method for r in older.requests} == {"GET"}
    assert {urlsplit(r.path).path for r in older.requests} == {
        "/api/openapi.json",
        "/api/license-families",
        "/api/entitlements",  # also whether it is a Kaiten server at all
        "/api/licenses",  # read meanwhile
    }


def test_a_setting_overrides_what_the_server_says(older: Scripted, folder: Path) -> None:
    refused = run(older, folder, "plan", "--generation", "current")
    assert refused.code == 3
    assert "according to the `generation` that was set" in refused.stderr
    assert "meterType" in refused.stderr


def test_it_is_read_although_it_has_no_groups(older: Scripted, folder: Path) -> None:
    run(older, folder, "apply", "--yes")
    environment = {"KAITEN_BASE_URL": older.url, "KAITEN_AUTH_TOKEN": "ksh_older"}
    for command in (("drift", "--unmanaged"), ("plan", "--prune", "all")):
        done = run(older, folder, *command, "--detailed-exitcode")
        assert done.code == 0, done.stdout + done.stderr
    exported = kaiten_sync("export", "-o", "live", cwd=folder, environment=environment)
    assert exported.code == 0, exported.stderr
    again = kaiten_sync(
        "plan", "-f", "live", "--detailed-exitcode", cwd=folder, environment=environment
    )
    assert again.code == 0, again.stdout
    doctor = kaiten_sync("doctor", cwd=folder, environment=environment)
    assert (doctor.code, "getting-started" in doctor.stdout) == (0, True), doctor.stdout
