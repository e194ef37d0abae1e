"""Scopes: what a token may do. Source: API facts, section 3."""

from __future__ import annotations

from collections.abc import Collection

ALL_SCOPES = ("read:*", "write:*")
"""What the first token carries."""


def allows(granted: Collection[str], needed: str) -> bool:
    """Whether these scopes allow what needs that one. Writing implies reading."""
    action, module = needed.split(":", 1)
    accepted = {needed, f"{action}:*"}
    if action == "read":
        accepted |= {f"write:{module}", "write:*"}
    return not accepted.isdisjoint(granted)
