"""All pages and all forms of the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

from kaiten_sync.server.dashboard import (
    accounts,
    customers,
    entitlements,
    instances,
    license_compare,
    license_detail,
    licenses,
    overview,
    plan,
    webhooks,
)
from kaiten_sync.server.dashboard.pages import Action, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of the navigation, for those who have the scope."""

    path: str
    label: str
    scope: str | None


_PARTS: tuple[ModuleType, ...] = (
    overview,
    entitlements,
    licenses,
    license_detail,
    license_compare,
    customers,
    instances,
    webhooks,
    accounts,
    plan,
)

PAGES: tuple[Page, ...] = tuple(page for part in _PARTS for page in part.PAGES)
ACTIONS: tuple[Action, ...] = tuple(action for part in _PARTS for action in part.ACTIONS)

NAVIGATION = (
    Link(path="/", label="Overview", scope=None),
    Link(path="/entitlements", label="Entitlements", scope="read:entitlements"),
    Link(path="/licenses", label="Licenses", scope="read:licenses"),
    Link(path="/customers", label="Customers", scope="read:customers"),
    Link(path="/instances", label="Instances", scope="read:instances"),
    Link(path="/webhooks", label="Webhooks", scope="read:webhooks"),
    Link(path="/service-accounts", label="Service accounts", scope="read:tokens"),
)

PLAN_LINK = Link(path="/plan", label="Plan", scope="read:licenses")
"""Of the navigation too, where the server knows a project."""

NOTICES: Mapping[str, str] = {
    "created": "Created.",
    "saved": "Saved.",
    "deleted": "Deleted.",
    "attached": "Attached.",
    "removed": "Removed.",
    "published": "Published.",
    "archived": "Archived.",
    "unarchived": "Published again.",
    "revoked": "Revoked.",
    "retried": "It will be delivered again.",
}
"""What the page after a form says, by what the URL says: nobody can make it say something else."""
