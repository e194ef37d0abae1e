"""The page of the current plan, to read: what git would change here."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from kaiten_sync.licensing import NO_UNIT, Unit, may_scale_both, quantity_text
from kaiten_sync.server.dashboard.fields import choices
from kaiten_sync.server.dashboard.figures import WithUnit
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.service.audit import units_of

_READ = ("list-entitlement-groups", "list-entitlements", "list-license-families", "get-licenses")
"""What a plan compares the catalog with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlanLine(WithUnit):
    """A change as the page shows it, with the page of what it changes.

    `fields` are names with what is there and what is declared. `hit` is whom it affects, and
    `raised` who has met a limit that it raises. `unit` is that of a grant's number.
    """

    address: str
    action: str
    mark: str
    effect: str
    reason: str
    fields: Sequence[tuple[str, str, str]]
    declared_at: str
    page: str | None
    hit: Mapping[str, Any] | None
    raised: Mapping[str, Any] | None
    unit: Unit = NO_UNIT


_WAYS = {
    "create": "new family, with the version",
    "in-place": "changed in place:",
    "new-version": "new version",
    "withdraw": "no longer sold:",
}
"""What becomes of a family, as the plan names it and as the page says it before the version."""

_PATH = "/plan"
_EFFECTS = Filter(
    name="effect", label="Effect", choices=choices(("breaks", "tightens", "loosens", "neutral"))
)

_LISTS = {"entitlement": "/entitlements", "license": "/licenses"}


def _plan(visit: Visit) -> Shown:
    plan = visit.plan
    impact = (plan.impact or {}) if plan else {}
    name = plan.target.get("name") if plan else None
    hit, raised = (
        {each["address"]: each for each in impact.get(name, ())} for name in ("changes", "raised")
    )
    planned = plan.changes if plan else ()
    listing = listing_of(visit, _PATH, _EFFECTS, skips=True)
    wanted = [each for each in planned if listing.values["effect"] in ("", each["effect"])]
    end = listing.skipped + ROWS
    on_page = wanted[listing.skipped : end]
    # What is not there yet has no page to link to.
    made = {each["address"] for each in planned if each["action"] == "create"}
    granted = {slug for each in on_page if (slug := _granted(each["address"])) is not None}
    units = units_of(visit.work, granted)
    later = _with_changes(units, planned)
    changes = [
        _shown(
            each,
            hit,
            raised,
            made,
            (_unit_of(each["address"], units), _unit_of(each["address"], later)),
        )
        for each in on_page
    ]
    return Shown(
        template="plan.html",
        values={
            "plan": plan,
            "changes": changes,
            "count": len(wanted),
            "listing": listing,
            "following": listing.skipping(end) if end < len(wanted) else None,
            "ways": _WAYS,
            "impact": impact,
            "unmanaged": [(each, _page(each)) for each in plan.unmanaged] if plan else [],
            "has_git": visit.has_git,
        },
        calls=tuple(call(each) for each in _READ),
        command=lambda _: (
            f"kaiten-sync plan -t {shlex.quote(name)}" if name else "kaiten-sync plan"
        ),
    )


def _granted(address: str) -> str | None:
    """The slug of the entitlement that a grant is of; None for other objects."""
    _, is_grant, slug = address.partition("/grant/")
    return slug if is_grant else None


def _with_changes(
    units: Mapping[str, Unit], planned: Sequence[Mapping[str, Any]]
) -> Mapping[str, Unit]:
    """The units of entitlements by their slugs, as the plan leaves them."""
    later = dict(units)
    for change in planned:
        kind, _, slug = change["address"].partition("/")
        if kind == "entitlement":
            named = {each["name"]: each.get("after") for each in change.get("fields", ())}
            one, several = units.get(slug, NO_UNIT)
            later[slug] = (
                named.get("unitSingular", one) or "",
                named.get("unitPlural", several) or "",
            )
    return later


def _unit_of(address: str, units: Mapping[str, Unit]) -> Unit:
    return units.get(_granted(address) or "", NO_UNIT)


def _shown(
    change: Mapping[str, Any],
    hit: Mapping[str, Any],
    raised: Mapping[str, Any],
    made: Collection[str],
    units: tuple[Unit, Unit],
) -> _PlanLine:
    """A change, with whom it hits or helps by address. What the plan makes has no page yet.

    `units` are those of a grant's number before and after.
    """
    address = change["address"]
    is_there = "/".join(address.split("/")[:2]) not in made
    return _PlanLine(
        address=address,
        action=change["action"],
        mark=change["mark"],
        effect=change["effect"],
        reason=change.get("reason", ""),
        fields=[
            (each["name"], _text(each, "before", units), _text(each, "after", units))
            for each in change.get("fields", ())
        ],
        unit=units[1],
        declared_at=_place(change),
        hit=hit.get(address),
        raised=raised.get(address),
        page=_page(address) if is_there and address not in made else None,
    )


def _place(change: Mapping[str, Any]) -> str:
    """Where it is declared, as the command says it: the line of the field if only one changes."""
    own = [each.get("source") for each in change.get("fields", ())]
    source = own[0] if len(own) == 1 and own[0] else change.get("source")
    if not source:
        return ""
    place = f"{source['file']}:{source['line']}"
    *between, declarer = source.get("through") or (None,)
    if declarer is None:
        return place
    way = f" through {', '.join(between)}" if between else ""
    return f"inherited from {declarer}{way}, {place}"


def _page(address: str) -> str | None:
    """The page of an object, such as `entitlement/seats` or `license/growth/grant/seats`."""
    kind, _, rest = address.partition("/")
    slug = quote(rest.partition("/")[0], safe="")
    return f"{_LISTS[kind]}/{slug}" if kind in _LISTS else None


def _text(field: Mapping[str, Any], side: str, units: tuple[Unit, Unit]) -> str:
    value = field.get(side, "–")
    if side not in field or value == "unlimited":
        return str(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and field["name"] == "value":
        unit = units[0] if side == "before" else units[1]
        return quantity_text(value, unit, may_scale=may_scale_both(*units))
    return json.dumps(value, ensure_ascii=False)


PAGES = (
    DashboardPage(
        path=_PATH,
        scopes=("read:entitlements", "read:licenses"),
        show=_plan,
        waits_for_plan=True,
    ),
)
FORMS: tuple[Form, ...] = ()
