"""Kaiten's MCP server, unmodified and in an interpreter of its own, as a client of our server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.processes import HANG_S

_ROOT = Path(__file__).parents[2]
_PYTHON = _ROOT / "build/mcp/bin/python"
_CALLS = _ROOT / "tests/contract/mcp_calls.py"

pytestmark = pytest.mark.skipif(
    not _PYTHON.exists(), reason="Kaiten's MCP server needs Python 3.12 or newer beside ours"
)

_NOT_SERVED = {
    "kaiten_save_flag",
    "kaiten_evaluate_flags",
    "kaiten_test_rule",
    "kaiten_create_release",
    "kaiten_deploy_release",
    "kaiten_save_deployment_zone",
    "kaiten_save_metadata_field",
    "kaiten_configure_connector",
}
"""Tools that write, or evaluate, what this server does not have."""

_STORY: list[tuple[str, dict[str, Any], str]] = [
    (
        "kaiten_save_entitlement",
        {"entitlement": "api-calls", "name": "API calls", "type": "NUMBER"},
        '"status":"created"',
    ),
    ("kaiten_save_entitlement", {"entitlement": "api-calls", "name": "Calls"}, '"updated"'),
    (
        "kaiten_save_license",
        {"name": "Growth", "type": "PAID", "slug": "growth", "grants": {"api-calls": 10}},
        '"status":"created"',
    ),
    (
        "kaiten_save_license",
        {"new_version_of": "growth", "name": "Growth", "draft": True, "grants": {"api-calls": 20}},
        '"status":"created"',
    ),
    ("kaiten_save_license", {"license": "growth", "grants": {"api-calls": 12}}, '"updated"'),
    ("kaiten_set_license_state", {"license": "growth-v2", "action": "publish"}, "PUBLISHED"),
    ("kaiten_set_license_state", {"license": "growth-v2", "action": "make_default"}, "growth-v2"),
    ("kaiten_get_catalog", {}, '"growth-v2"'),
    ("kaiten_get_catalog", {"plan": "growth"}, '"api-calls"'),
    ("kaiten_save_customer", {"customer": "acme", "name": "Acme"}, '"status":"created"'),
    ("kaiten_save_customer", {"customer": "acme", "domain": "acme.example"}, '"updated"'),
    ("kaiten_get_customer", {"customer": "acme"}, '"acme.example"'),
    (
        "kaiten_provision_instance",
        {"customer": "acme", "name": "Acme", "slug": "acme-prod", "license": "growth"},
        '"status":"created"',
    ),
    ("kaiten_update_instance", {"instance": "acme-prod", "plan": "growth"}, "growth-v2"),
    ("kaiten_get_instance", {"instance": "acme-prod"}, '"acme-prod"'),
    ("kaiten_list_instances", {}, '"acme-prod"'),
    (
        "kaiten_report_usage",
        {"instance": "acme-prod", "entitlement": "api-calls", "amount": 19, "behavior": "append"},
        "19",
    ),
    (
        "kaiten_report_usage",
        {"instance": "acme-prod", "entitlement": "api-calls", "amount": 2, "behavior": "append"},
        '"rejected"',
    ),
    ("kaiten_get_usage", {}, '"acme-prod"'),
    ("kaiten_get_audit_trail", {"instance": "acme-prod"}, "REJECTED"),
    (
        "kaiten_issue_token",
        {"service_account": "ci", "token_name": "deploy", "scopes": ["read:licenses"]},
        "ksh_",
    ),
    ("kaiten_get_access", {}, '"deploy"'),
    ("kaiten_revoke_token", {"service_account": "ci", "token": "deploy"}, "deploy"),
    ("kaiten_overview", {}, '"instances":1'),
    ("kaiten_search", {"query": "acme"}, '"acme-prod"'),
    ("kaiten_get_flags", {}, '"total":0'),
    ("kaiten_get_deployments", {}, '"releases":[]'),
    ("kaiten_get_connectors", {}, '"connectors":[]'),
    ("kaiten_get_metadata_fields", {"resource_type": "INSTANCE"}, '"fields":[]'),
    ("kaiten_delete", {"kind": "entitlement", "slug": "api-calls"}, "growth"),
    ("kaiten_delete", {"kind": "license", "slug": "growth-v2", "confirm": True}, '"rejected"'),
    ("kaiten_delete", {"kind": "instance", "slug": "acme-prod", "confirm": True}, '"deleted"'),
    ("kaiten_delete", {"kind": "customer", "slug": "acme"}, '"acme"'),
    ("kaiten_delete", {"kind": "customer", "slug": "acme", "confirm": True}, '"deleted"'),
]
"""Tools in the order in which somebody would use them, and what the answer has to contain."""


def _run(server: EmbeddedServer, *words: str, calls: object = None) -> Any:
    environment = {
        **os.environ,
        "KAITEN_API_BASE_URL": server.url,
        "KAITEN_API_TOKEN": server.new_organization(),
    }
    ended = subprocess.run(
        [str(_PYTHON), str(_CALLS), *words],
        input=json.dumps(calls),
        text=True,
        capture_output=True,
        env=environment,
        timeout=HANG_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_every_tool_is_tried_or_is_about_what_is_not_served(server: EmbeddedServer) -> None:
    assert set(_run(server, "--list")) == {tool for tool, _, _ in _STORY} | _NOT_SERVED


def test_its_tools_work(server: EmbeddedServer) -> None:
    answers = _run(server, calls=[[tool, arguments] for tool, arguments, _ in _STORY])
    for (tool, arguments, expected), (is_error, text) in zip(_STORY, answers, strict=True):
        assert not is_error, (tool, arguments, text)
        assert expected in text, (tool, arguments, text)


def test_writing_what_is_not_served_says_so(server: EmbeddedServer) -> None:
    zone = {"deployment_zone": "eu", "name": "Europe"}
    ((is_error, text),) = _run(server, calls=[["kaiten_save_deployment_zone", zone]])
    assert is_error
    assert "this server has no deployment zones" in text
