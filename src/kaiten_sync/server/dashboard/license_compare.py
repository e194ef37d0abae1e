"""The page of two licenses side by side: versions of one family, or any two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaiten_sync.server.dashboard.granted import granted_text
from kaiten_sync.server.dashboard.licenses import READ, declared, versions_to_choose
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.db.grants import NamedGrant
from kaiten_sync.server.service import search
from kaiten_sync.server.service.licenses import get_license

_COMPARED = (
    ("Name", "name"),
    ("Version", "version"),
    ("Version name", "version_name"),
    ("Type", "type"),
    ("State", "lifecycle_state"),
    ("Default", "is_default"),
    ("Description", "description"),
)
"""The labels of the fields that are compared, and their columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of a comparison."""

    label: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        """Whether the two sides are not the same."""
        return self.left != self.right


def _compare(visit: Visit) -> Shown:
    left_slug, right_slug = visit.query.get("left", ""), visit.query.get("right", "")
    sides = [get_license(visit.work, slug) for slug in (left_slug, right_slug) if slug]
    values: dict[str, Any] = {
        "left": left_slug,
        "right": right_slug,
        "sides": sides,
        "offered": versions_to_choose(visit),
    }
    if len(sides) == 2:
        left, right = sides
        values["lines"] = [
            _Line(
                label=label,
                left=_plain(getattr(left, column)),
                right=_plain(getattr(right, column)),
            )
            for label, column in _COMPARED
        ]
        granted: list[Mapping[str, NamedGrant]] = [
            {each.entitlement_slug: each for each in search.grants_of(visit.work, side.id)}
            for side in sides
        ]
        values["grants"] = [
            _Line(
                label=slug,
                left=_granted(granted[0].get(slug)),
                right=_granted(granted[1].get(slug)),
            )
            for slug in sorted({*granted[0], *granted[1]})
        ]
    return Shown(
        template="license_compare.html",
        values=values,
        calls=(
            call("get-licenses"),
            *(call("get-license-entitlements", licenseSlug=side.slug) for side in sides),
        ),
        declaration=declared(visit, sides),
    )


def _granted(row: NamedGrant | None) -> str:
    return "not granted" if row is None else granted_text(row)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in (None, "") else str(value)


PAGES = (DashboardPage(path="/compare-licenses", scopes=(READ,), show=_compare),)
FORMS: tuple[Form, ...] = ()
