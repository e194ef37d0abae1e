"""The first page: what is full, what happened, and how many reports were accepted and refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from kaiten_sync.server.dashboard.api_lines import export_line
from kaiten_sync.server.dashboard.chart import chart_reports
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.dashboard.usage import BAND_NAMES, REFUSED, usage_path
from kaiten_sync.server.db.audit import TrailEvent
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.domain.events import read_scope
from kaiten_sync.server.domain.saturation import Band
from kaiten_sync.server.service import saturation, search, usage_days, webhooks
from kaiten_sync.server.service.audit import entitlement_of, recent_events
from kaiten_sync.server.service.work import Work

_FULL = 20
_EVENTS = 15
"""Rows of the two tables: the page is for a look, and the lists have the rest."""

_Tile: TypeAlias = tuple[str, int, str]
"""Label, count, and the URL of the list of what is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstStep:
    """A first step: what to do, whether that is done, and where, for who has the scope."""

    label: str
    is_done: bool
    path: str
    scope: str


def _first_steps(work: Work, counts: Mapping[str, int]) -> list[_FirstStep]:
    """The steps of the getting-started page; none if all are done."""
    licenses = search.find_versions(work, Wanted(), 1).rows
    instances = search.find_instances(work, Wanted(), None, 1).rows
    steps = [
        _FirstStep(
            label="Create an entitlement",
            is_done=counts["entitlements"] > 0,
            path="/new/entitlement",
            scope="write:entitlements",
        ),
        _FirstStep(
            label="Create a license",
            is_done=counts["licenses"] > 0,
            path="/new/license",
            scope="write:licenses",
        ),
        _FirstStep(
            label="Attach the entitlement to the license, with a threshold",
            is_done=search.is_anything_granted(work),
            path=f"/licenses/{licenses[0].slug}" if licenses else "/licenses",
            scope="write:licenses",
        ),
        _FirstStep(
            label="Create a customer",
            is_done=counts["customers"] > 0,
            path="/new/customer",
            scope="write:customers",
        ),
        _FirstStep(
            label="Create an instance of the customer, with the license",
            is_done=counts["instances"] > 0,
            path="/new/instance",
            scope="write:instances",
        ),
        _FirstStep(
            label="Report usage, with the curl line on the instance's page",
            is_done=search.is_anything_reported(work),
            path=f"/instances/{instances[0].slug}" if instances else "/instances",
            scope="read:instances",
        ),
    ]
    return [] if all(step.is_done for step in steps) else steps


def _tiles(visit: Visit, counts: Mapping[Band, int]) -> tuple[list[_Tile], list[_Tile]]:
    """What is counted of usage, and what else somebody should look at, each for who may see it."""
    work = visit.work
    of_usage, others = list[_Tile](), list[_Tile]()
    if visit.may("read:instances"):
        refused = f"refused in {saturation.RECENT_DAYS} days"
        of_usage += [
            (refused, saturation.count_refused(work), usage_path(band=REFUSED)),
            *((BAND_NAMES[each], n, usage_path(band=each.value)) for each, n in counts.items()),
        ]
        ending = f"licenses end in {search.ENDING_DAYS} days"
        others.append((ending, search.count_ending_soon(work), "/instances?ends=soon"))
    if visit.may("read:webhooks"):
        unwell = webhooks.count_unwell(work)
        others.append(("webhooks failing or paused", unwell, "/webhooks?health=unwell"))
    if visit.plan and visit.plan.problem is None and visit.may("read:licenses"):
        others.append(("differences from git", len(visit.plan.changes), "/plan"))
    return of_usage, others


def _recent(visit: Visit) -> list[tuple[TrailEvent, str | None]]:
    """The newest events, with what each is about if the visitor may see that."""
    return [
        (each, each.address or entitlement_of(each) if visit.may(read_scope(each.type)) else None)
        for each in recent_events(visit.work, _EVENTS)
    ]


def _overview(visit: Visit) -> Shown:
    sees_usage = visit.may("read:instances")
    work = visit.work
    counts = search.count_all(work)
    full, of_bands = saturation.list_full(work, _FULL) if sees_usage else ([], {})
    of_usage, others = _tiles(visit, of_bands)
    return Shown(
        template="overview.html",
        values={
            "counts": counts,
            "steps": _first_steps(work, counts),
            "sees_usage": sees_usage,
            "tiles": of_usage,
            "other_tiles": others,
            "meters": full,
            "events": _recent(visit) if sees_usage else [],
            "chart": (
                chart_reports(usage_days.count_reports(work), "Usage reports")
                if sees_usage
                else None
            ),
        },
        calls=(call("getInstances"),),
        command=export_line,
    )


PAGES = (DashboardPage(path="/", scopes=(), show=_overview),)
FORMS: tuple[Form, ...] = ()
