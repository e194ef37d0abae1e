"""Two live servers side by side, without what the overlays declare to be different."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema.validators import validator_for
from tests.acceptance.catalogs import ONE_LIMIT
from tests.acceptance.test_promotion import Pair
from tests.support.embedded import EmbeddedServer
from tests.support.metering import done

from kaiten_sync.validate import load_schema


@pytest.fixture
def both(server: EmbeddedServer, tmp_path: Path) -> Pair:
    """Two targets that are as declared: staging has 9000 calls by its overlay, prod 1000."""
    pair = Pair(tmp_path, server)
    for name in ("staging", "prod"):
        pair.run("apply", "-t", name, "--yes")
    return pair


def compared(pair: Pair, *options: str, code: int = 0) -> Any:
    command = ("compare", "staging", "prod", "--format", "json", "--detailed-exitcode", *options)
    document = json.loads(pair.run(*command, code=code).stdout)
    schema = load_schema("compare")
    validator_for(schema)(schema).validate(document)
    return document


def edit(pair: Pair, target: str, path: str, body: dict[str, Any], method: str = "PUT") -> None:
    token = pair.environment[f"{target.upper()}_TOKEN"]
    headers = {"Authorization": f"Bearer {token}"}
    done(httpx.request(method, f"{pair.url}/api/{path}", json=body, headers=headers))


def test_what_the_overlay_declares_is_left_out_unless_asked_for(both: Pair) -> None:
    found = compared(both)
    assert (found["differences"], found["declared"]) == ([], 1)
    (difference,) = compared(both, "--all", code=2)["differences"]
    assert difference["address"] == "license/growth/grant/calls"
    assert difference["fields"] == [{"name": "value", "first": 9000, "second": 1000}]


def test_what_nobody_declared_is_shown(both: Pair) -> None:
    edit(both, "prod", "entitlements", {"name": "Extra", "type": "BOOLEAN"}, "POST")
    edit(
        both,
        "staging",
        "licenses/growth/entitlements/calls",
        {"value": {"type": "number", "value": 5}},
    )
    found = compared(both, code=2)
    assert [(d["address"], d["presence"]) for d in found["differences"]] == [
        ("entitlement/extra", "second"),
        ("license/growth/grant/calls", "both"),  # staging is not as its overlay says
    ]


@pytest.mark.parametrize("output_format", ["text", "markdown", "html"])
def test_both_values_are_in_every_format(both: Pair, output_format: str) -> None:
    said = both.run("compare", "staging", "prod", "--all", "--format", output_format).stdout
    assert all(word in said for word in ("staging", "prod", "9,000", "1,000"))
    alike = both.run("compare", "staging", "prod", "--format", output_format).stdout
    assert "9,000" not in alike
    assert "1 declared difference left out" in alike


def test_an_object_that_the_overlay_removes_is_declared_to_be_different(both: Pair) -> None:
    both.declare(ONE_LIMIT + "  starter: {name: Starter, type: TRIAL, entitlements: {calls: 1}}\n")
    overlay = "version: 1\nlicenses:\n  growth: {entitlements: {calls: 9000}}\n  starter: null\n"
    (both.folder / "staging.yaml").write_text(overlay, encoding="utf-8")
    both.run("apply", "-t", "prod", "--yes")
    assert compared(both)["differences"] == []
    only = [d["presence"] for d in compared(both, "--all", code=2)["differences"]]
    assert only.count("second") == 2


def test_an_empty_value_of_the_overlay_is_declared_to_be_different(both: Pair) -> None:
    more = "groups: {quotas: {name: Quotas}}\nentitlements:"
    base = ONE_LIMIT.replace("entitlements:", more, 1)
    base = base.replace("type: NUMBER", "type: NUMBER, groups: [quotas], description: Text", 1)
    both.declare(base)
    overlay = "version: 1\nentitlements:\n  calls: {groups: [], description: ''}\n"
    (both.folder / "staging.yaml").write_text(overlay, encoding="utf-8")
    for name in ("staging", "prod"):
        both.run("apply", "-t", name, "--yes")
    assert compared(both)["differences"] == []
    assert compared(both, "--all", code=2)["differences"] != []


@pytest.mark.parametrize("targets", [("staging", "staging"), ("staging", "nowhere")])
def test_it_takes_two_targets_of_the_project(both: Pair, targets: tuple[str, str]) -> None:
    both.run("compare", *targets, code=3)
