"""What is out of scope is not read where the API allows that, and never reported or touched."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.tokens import token_with
from tests.support.embedded import EmbeddedServer
from tests.support.fault_proxy import FaultProxy
from tests.support.tenants import make

CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements: {calls: 1000}
"""
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  local: {url: URL}
scope:
  entitlements: ["*", "!legacy-*"]
  licenses: ["*", "!legacy-*", "legacy-but-ours"]
policy: {maxDeletes: 100%}
"""
THEIRS = ("legacy-gold", "legacy-silver")


@pytest.fixture
def proxy(server: EmbeddedServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as running:
        yield running


@pytest.fixture
def scoped(place: Workplace, proxy: FaultProxy) -> Workplace:
    """A project that leaves the legacy licenses alone, and a server that has some."""
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as api:
        make(api, "/entitlements", name="Legacy", slug="legacy-calls", type="NUMBER")
        for slug in (*THEIRS, "legacy-but-ours"):
            make(api, "/licenses", name="Legacy", slug=slug, type="PAID")
        for slug in THEIRS:
            grant = {"entitlementSlug": "legacy-calls", "value": {"type": "number", "value": 1}}
            assert api.post(f"/licenses/{slug}/entitlements", json=grant).status_code == 204
    place.write("catalog.yaml", CATALOG)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", proxy.url))
    proxy.begin(lambda _: None)
    return place


def run(scoped: Workplace, *args: str) -> str:
    done = scoped.run(*args, KAITEN_BASE_URL="")
    assert done.code == 0, done.stderr
    return done.stdout


def test_nothing_out_of_scope_is_read_reported_or_touched(
    scoped: Workplace, proxy: FaultProxy
) -> None:
    said = [
        run(scoped, "plan", "-t", "local", "-o", "the.plan.json"),
        run(scoped, "apply", "the.plan.json"),
        run(scoped, "drift", "-t", "local"),
        run(scoped, "plan", "-t", "local", "--prune", "all"),
    ]
    export = run(scoped, "export", "-t", "local", "-o", "out")
    files = [path.read_text() for path in (scoped.folder / "out").rglob("*.yaml")]
    for slug in (*THEIRS, "legacy-calls"):
        assert not any(slug in text for text in [*said, export, *files]), slug
        # Lists have no filter; but nothing that is about one object alone is asked for.
        assert not [seen.path for seen in proxy.seen if f"/{slug}" in seen.path]
    assert "delete  license/legacy-but-ours" in said[-1]


def test_a_token_may_lack_the_rights_to_what_is_not_ours(
    scoped: Workplace, proxy: FaultProxy
) -> None:
    scoped.write("catalog.yaml", CATALOG[: CATALOG.index("licenses:")])
    project = PROJECT[: PROJECT.index("  licenses:")] + "  licenses: []\n  families: []\n"
    scoped.write("kaiten-sync.yaml", project.replace("URL", proxy.url))
    token = token_with(scoped, "write:entitlements")
    for command in (
        "plan -t local -o the.plan.json",
        "apply -t local the.plan.json",
        "drift -t local --plan the.plan.json",
        "drift -t local --plan none --unmanaged",
        "adopt -t local --plan none",
        "export -t local -o out",
        "doctor -t local",
        "plan -t local --previous the.plan.json --prune all --max-deletes 0",
    ):
        done = scoped.run(*command.split(), KAITEN_BASE_URL="", KAITEN_AUTH_TOKEN=token)
        assert done.code == 0, (command, done.stdout, done.stderr)
        assert ": it takes write" not in done.stdout
        asked = [seen.path for seen in proxy.seen if "license" in seen.path]
        assert command.startswith("doctor") or not asked
        proxy.begin(lambda _: None)


@pytest.mark.parametrize("scopes", [("read:entitlements", "write:licenses"), ("write:licenses",)])
def test_a_token_only_reads_what_ours_refers_to(
    scoped: Workplace, proxy: FaultProxy, scopes: tuple[str, ...]
) -> None:
    scoped.write("catalog.yaml", "version: 1\nlicenses:\n  gold: {name: Gold, type: PAID}\n")
    project = "version: 1\ncatalog: [catalog.yaml]\ntargets: {local: {url: URL}}\n"
    project += "scope: {entitlements: [], groups: []}\n"
    scoped.write("kaiten-sync.yaml", project.replace("URL", proxy.url))
    environment = {"KAITEN_BASE_URL": "", "KAITEN_AUTH_TOKEN": token_with(scoped, *scopes)}
    doctor = scoped.run("doctor", "-t", "local", **environment).stdout
    is_enough = len(scopes) == 2
    assert ("no: it takes read:entitlements and write:licenses" in doctor) is not is_enough
    assert scoped.run("drift", "-t", "local", **environment).code == (0 if is_enough else 6)
    applied = scoped.run("apply", "-t", "local", "--yes", **environment)
    assert not is_enough or applied.code == 0, applied.stderr


def test_an_object_moves_to_another_project_and_is_not_deleted(
    scoped: Workplace, proxy: FaultProxy
) -> None:
    both = "version: 1\nlicenses:\n  growth: {name: Growth, type: PAID}\n"
    rest = "  basic: {name: Basic, type: PAID}\n"
    scoped.write("catalog.yaml", both + rest)
    project = "version: 1\ncatalog: [catalog.yaml]\ntargets: {local: {url: URL}}\n"
    project = project.replace("URL", proxy.url)
    scoped.write("kaiten-sync.yaml", project)
    plan = ["plan", "-t", "local", "-o", "plans/local.plan.json"]
    environment = {"KAITEN_BASE_URL": "", "KAITEN_AUTH_TOKEN": scoped.token}
    assert scoped.run(*plan, **environment).code == 0
    assert scoped.run("apply", "plans/local.plan.json", **environment).code == 0
    scoped.write("catalog.yaml", "version: 1\nlicenses:\n" + rest)
    assert "delete  license/growth" in scoped.run("plan", "-t", "local", **environment).stdout
    scoped.write("kaiten-sync.yaml", project + 'scope: {licenses: ["*", "!growth"]}\n')
    done = scoped.run(*plan, **environment)
    assert "nothing manages it now" in done.stdout
    assert "delete" not in done.stdout
    scoped.write("kaiten-sync.yaml", project)
    assert "delete" not in scoped.run(*plan, **environment).stdout


def test_a_declaration_out_of_scope_is_an_error(scoped: Workplace) -> None:
    scoped.write("catalog.yaml", CATALOG.replace("growth:", "legacy-gold:"))
    done = scoped.run("validate")
    assert done.code == 3
    assert "legacy-gold" in done.stdout + done.stderr
    assert "scope" in done.stdout + done.stderr
