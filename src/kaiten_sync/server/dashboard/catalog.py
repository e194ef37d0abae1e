"""All pages and all forms of the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

from kaiten_sync.server.dashboard import (
    accounts,
    audit,
    customers,
    entitlements,
    everything,
    groups,
    instances,
    license_compare,
    license_detail,
    license_move,
    licenses,
    overview,
    plan,
    pricing,
    usage,
    usage_report,
    webhooks,
)
from kaiten_sync.server.dashboard.pages import DashboardPage, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of the navigation, for visitors with the scope; `more` paths belong to it."""

    path: str
    label: str
    scope: str | None
    more: tuple[str, ...] = ()

    def leads_to(self, path: str) -> bool:
        """Whether a page is one of those that it leads to."""
        return path == self.path or any(
            path == each or path.startswith(f"{each}/")
            for each in (self.path, *self.more)
            if each != "/"
        )


_PARTS: tuple[ModuleType, ...] = (
    overview,
    everything,
    entitlements,
    groups,
    licenses,
    license_detail,
    license_move,
    license_compare,
    pricing,
    customers,
    instances,
    usage,
    usage_report,
    audit,
    webhooks,
    accounts,
    plan,
)

FORMS: tuple[Form, ...] = tuple(form for part in _PARTS for form in part.FORMS)
PAGES: tuple[DashboardPage, ...] = tuple(
    {
        page.path: page
        for part in _PARTS
        for page in (*part.PAGES, *(form.page for form in part.FORMS))
    }.values()
)

NAVIGATION = (
    Link(path="/", label="Overview", scope=None),
    Link(
        path="/entitlements",
        label="Entitlements",
        scope="read:entitlements",
        more=("/groups", "/new/entitlement", "/new/group"),
    ),
    Link(
        path="/licenses",
        label="Licenses",
        scope="read:licenses",
        more=("/new/license", "/pricing", "/compare-licenses"),
    ),
    Link(path="/customers", label="Customers", scope="read:customers", more=("/new/customer",)),
    Link(path="/instances", label="Instances", scope="read:instances", more=("/new/instance",)),
    Link(path="/usage", label="Meters", scope="read:instances"),
    Link(path="/refusals", label="Refused", scope="read:instances"),
    Link(path="/events", label="Audit", scope="read:instances"),
    Link(path="/webhooks", label="Webhooks", scope="read:webhooks", more=("/new/webhook",)),
    Link(
        path="/service-accounts",
        label="Service accounts",
        scope="read:tokens",
        more=("/new/service-account",),
    ),
)

PLAN_LINK = Link(path="/plan", label="Plan", scope="read:licenses")
"""Also in the navigation if the server has a project."""

NOTICES: Mapping[str, str] = {
    "before": "You sent this form before. It was done once, and nothing was done again.",
    "created": "Created.",
    "saved": "Saved.",
    "unchanged": "Nothing was edited, so nothing was changed.",
    "moved": "Moved.",
    "reported": "Reported.",
    "default": "It is the default version of its family now.",
    "deleted": "Deleted.",
    "attached": "Attached.",
    "removed": "Removed.",
    "published": "Published.",
    "archived": "Archived.",
    "unarchived": "Published again.",
    "revoked": "Revoked.",
    "paused": "Paused: events are not delivered until you resume it.",
    "rotated": "It has another secret now: give it to the receiver.",
    "tested": "A test event is on its way: load the page again to see the answer.",
    "resent": "They will be delivered again.",
    "resumed": "Resumed: events are delivered again.",
    "retried": "It will be delivered again.",
}
"""The notice of the page after a form, by its name in the URL, which cannot make up another."""
