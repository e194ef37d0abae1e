"""Scopes: what a token may do. Source: API facts, section 3."""

from __future__ import annotations

from collections.abc import Collection

MODULES = (
    "components",
    "customers",
    "deployment_zones",
    "entitlements",
    "feature_flags",
    "instances",
    "licenses",
    "metadata_fields",
    "notifications",
    "organizations",
    "releases",
    "tokens",
    "webhooks",
)
"""What scopes are about. Of some this server has no operations, but tokens may carry them."""

ALL_SCOPES = ("read:*", "write:*")
"""What the first token carries."""

MODULE_SCOPES = tuple(f"{action}:{module}" for action in ("read", "write") for module in MODULES)
"""The scopes of single modules, sorted."""

SCOPES = (*ALL_SCOPES, *MODULE_SCOPES)
"""The scopes that a token may carry."""


def allows(granted: Collection[str], needed: str) -> bool:
    """Whether these scopes allow what needs that one. Writing implies reading."""
    action, module = needed.split(":", 1)
    accepted = {needed, f"{action}:*"}
    if action == "read":
        accepted |= {f"write:{module}", "write:*"}
    return not accepted.isdisjoint(granted)
