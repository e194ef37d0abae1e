"""Pages of entitlements: the list, a new one, one with its tabs, change it, delete it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kaiten_sync.server.dashboard.api_lines import export_line
from kaiten_sync.server.dashboard.chart import chart_reports, chart_usage
from kaiten_sync.server.dashboard.declaration import declare_entitlements
from kaiten_sync.server.dashboard.forms import (
    Choice,
    Field,
    Filled,
    Sent,
    choices,
    fixed,
    read_fields,
)
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of, skipped_of
from kaiten_sync.server.dashboard.pages import (
    Action,
    Page,
    Shown,
    Visit,
    back_to,
    call,
    on_to,
    operation,
    up_to,
)
from kaiten_sync.server.db.entitlements import EntitlementRow
from kaiten_sync.server.domain.entitlements import NUMBER_FAMILY
from kaiten_sync.server.service import groups, saturation, search, usage_days
from kaiten_sync.server.service.entitlements import get_entitlement
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.entitlements import entitlement_json

READ, WRITE = "read:entitlements", "write:entitlements"

_ALL = "/entitlements"
_ONE = "/entitlements/{entitlementSlug}"
_MAX_GROUPS = 200

TYPES = ("NUMBER", "BOOLEAN", "CONFIG", "NUMBER_AI_CREDIT")

_TYPE_LABELS = (
    Choice(value="NUMBER", label="NUMBER: a quota that is metered"),
    Choice(value="BOOLEAN", label="BOOLEAN: on or off"),
    Choice(value="CONFIG", label="CONFIG: any JSON"),
    Choice(value="NUMBER_AI_CREDIT", label="NUMBER_AI_CREDIT: metered credits"),
)
_NUMBER_ONLY = "Only for NUMBER and NUMBER_AI_CREDIT."

_NAME = Field(name="name", label="Name", required=True, hint="For people, such as API Calls.")
_SLUG = Field(
    name="slug",
    label="Slug",
    hint="For programs, such as api-calls. Made from the name where it is left empty; it never"
    " changes.",
)
_DESCRIPTION = Field(name="description", label="Description", kind="long", empty=None)
_TYPE = Field(
    name="type",
    label="Type",
    kind="choice",
    choices=_TYPE_LABELS,
    required=True,
    initial="NUMBER",
    hint="It never changes.",
)
_METER_TYPE = Field(
    name="meterType",
    label="Meter type",
    kind="choice",
    choices=choices(("RAW_EVENT", "CALCULATED_USAGE"), none="none"),
    hint=_NUMBER_ONLY,
)
_METHOD = Field(
    name="aggregationMethod",
    label="Aggregation method",
    kind="choice",
    choices=choices(("SUM", "COUNT", "AVERAGE", "MAX", "MIN", "LATEST"), none="default"),
    hint=f"How reports add up. {_NUMBER_ONLY} SUM by default; it never changes.",
)
_PERIOD = Field(
    name="resetPeriod",
    label="Reset period",
    kind="choice",
    choices=choices(("HOUR", "DAY", "WEEK", "MONTH", "YEAR"), none="never"),
    hint="When usage starts again at zero. Once set, it never changes.",
)
_ANCHOR = Field(
    name="resetAnchor",
    label="Reset anchor",
    kind="choice",
    choices=choices(("CALENDAR", "LICENSE_START"), none="default"),
    hint="What the reset period counts from. Once set, it never changes.",
)
_REST = (
    Field(
        name="warningThresholdPercent",
        label="Warning at (percent of the threshold)",
        kind="number",
        hint=f"0 to 100. {_NUMBER_ONLY}",
    ),
    Field(name="unitSingular", label="Unit, singular", hint="Such as call. Both or none."),
    Field(name="unitPlural", label="Unit, plural", hint="Such as calls."),
    Field(name="saleUnitSingular", label="Sale unit, singular", hint="Such as pack. All or none."),
    Field(name="saleUnitPlural", label="Sale unit, plural", hint="Such as packs."),
    Field(name="saleUnitFactor", label="Units in a sale unit", kind="number"),
    Field(name="icon", label="Icon", hint="Such as lucide:rocket."),
    Field(name="displayOrder", label="Display order", kind="number"),
    Field(name="userFacing", label="Customers see it", kind="flag"),
)
_GROUPS = Field(name="groupSlugs", label="Groups", kind="flags")


def _new_fields(visit: Visit) -> tuple[Field, ...]:
    return (
        _NAME,
        _SLUG,
        _TYPE,
        _METER_TYPE,
        _METHOD,
        _PERIOD,
        _ANCHOR,
        _DESCRIPTION,
        *_REST,
        *_groups_field(visit),
    )


def _groups_field(visit: Visit) -> tuple[Field, ...]:
    offered = _offered_groups(visit)
    return (replace(_GROUPS, choices=offered),) if offered else ()


def _offered_groups(visit: Visit) -> tuple[Choice, ...]:
    found = groups.list_groups(visit.work, None, _MAX_GROUPS).rows
    offered = [Choice(value=row.slug, label=row.name) for row in found]
    return tuple(sorted(offered, key=lambda choice: choice.label))


def _edit_fields(visit: Visit, stored: Mapping[str, Any]) -> tuple[Field, ...]:
    """What a change may say: what is set for ever is shown and not asked for."""
    settable = [_METER_TYPE] if stored["type"] in NUMBER_FAMILY else []
    settable += [fixed(each) if stored.get(each.name) else each for each in (_PERIOD, _ANCHOR)]
    return (
        _NAME,
        fixed(_SLUG),
        fixed(_TYPE),
        fixed(_METHOD),
        *settable,
        _DESCRIPTION,
        *_REST,
        *_groups_field(visit),
    )


def _list(visit: Visit) -> Shown:
    wanted = listing_of(
        visit,
        _ALL,
        Filter(name="type", label="Type", choices=choices(TYPES)),
        Filter(
            name="reset_period",
            label="Resets",
            choices=choices(("HOUR", "DAY", "WEEK", "MONTH", "YEAR")),
        ),
        Filter(name="group", label="Group", choices=_offered_groups(visit)),
    )
    page = search.find_entitlements(visit.work, wanted.wanted, wanted.position, ROWS)
    return Shown(
        template="entitlements.html",
        values={"listing": wanted, "rows": page.rows, "following": wanted.after(page.next)},
        calls=(call("list-entitlements", query={"limit": str(ROWS)}),),
        declaration=_declared(visit.work, page.rows) if wanted.is_declared else None,
        declared_at=wanted.declared(),
        command=export_line,
    )


def _declared(work: Work, rows: Sequence[EntitlementRow]) -> str | None:
    groups_of = search.groups_of(work, [row.id for row in rows])
    return declare_entitlements(entitlement_json(row, groups_of.get(row.id, ())) for row in rows)


def _new(visit: Visit) -> Shown:
    form = visit.form("new", _new_fields(visit))
    example = {"name": "API Calls", "type": "NUMBER", "aggregationMethod": "SUM"}
    return Shown(
        template="entitlement_new.html",
        values={"form": form},
        calls=(call("create-entitlement", example),),
        declaration=declare_entitlements([{**example, "slug": "api-calls"}]),
    )


def _create_body(visit: Visit, sent: Sent) -> dict[str, Any]:
    return read_fields(_new_fields(visit), sent)


def _stored(visit: Visit) -> tuple[Any, dict[str, Any]]:
    row, members = get_entitlement(visit.work, visit.path["entitlementSlug"])
    return row, entitlement_json(row, members)


def _tabbed(visit: Visit, tab: str, **values: Any) -> Shown:
    row, shown = _stored(visit)
    return Shown(
        template=f"entitlement_{tab}.html",
        values={"row": row, "shown": shown, "tab": tab, **values},
        calls=(call("get-entitlement", entitlementSlug=row.slug),),
        declaration=declare_entitlements([shown]),
    )


def _overview(visit: Visit) -> Shown:
    row, _ = _stored(visit)
    grants, counters = search.count_uses(visit.work, row.id)
    return _tabbed(visit, "overview", grants=grants, counters=counters)


def _usage(visit: Visit) -> Shown:
    row, _ = _stored(visit)
    skipped = skipped_of(visit)
    meters, has_more = saturation.list_meters(visit.work, row.id, skipped=skipped, limit=ROWS)
    return _tabbed(
        visit,
        "usage",
        meters=meters,
        used=chart_usage(visit.work, meters, lambda meter: meter.row.instance_name),
        reports=chart_reports(usage_days.count_reports(visit.work, row.id), "Reports"),
        following=_next(visit, "usage", skipped) if has_more else None,
    )


def _licenses(visit: Visit) -> Shown:
    row, _ = _stored(visit)
    skipped = skipped_of(visit)
    rows, has_more = search.licenses_granting(visit.work, row.id, skipped=skipped, limit=ROWS)
    following = _next(visit, "licenses", skipped) if has_more else None
    held = search.count_by_license(visit.work, [row.license_id for row in rows])
    return _tabbed(visit, "licenses", rows=rows, held=held, following=following)


def _customers(visit: Visit) -> Shown:
    row, _ = _stored(visit)
    skipped = skipped_of(visit)
    rows, has_more = search.customers_entitled(visit.work, row.id, skipped=skipped, limit=ROWS)
    following = _next(visit, "customers", skipped) if has_more else None
    return _tabbed(visit, "customers", rows=rows, following=following)


def _next(visit: Visit, tab: str, skipped: int) -> str:
    return f"{_ALL}/{visit.path['entitlementSlug']}/{tab}?skip={skipped + ROWS}"


def _edit_form(visit: Visit) -> Filled:
    _, shown = _stored(visit)
    return visit.form("edit", _edit_fields(visit, shown), _as_typed(shown))


def _edit(visit: Visit) -> Shown:
    row, shown = _stored(visit)
    return Shown(
        template="entitlement_edit.html",
        values={"row": row, "form": _edit_form(visit)},
        calls=(call("update-entitlement", _kept(shown), entitlementSlug=row.slug),),
        declaration=declare_entitlements([shown]),
    )


def _edit_body(visit: Visit, sent: Sent) -> dict[str, Any]:
    """A PUT resets what it leaves out, so what the form does not ask for goes along."""
    _, shown = _stored(visit)
    fields = _edit_fields(visit, shown)
    asked = {field.name for field in fields if not field.fixed}
    kept = {name: value for name, value in _kept(shown).items() if name not in asked}
    return {**kept, **read_fields(fields, sent)}


def _kept(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A stored entitlement as the body of a PUT."""
    left_out = {"id", "createdAt", "updatedAt", "entitlementGroups"}
    if shown["type"] not in NUMBER_FAMILY:
        left_out.add("warningThresholdPercent")
    return {name: value for name, value in shown.items() if name not in left_out}


def _as_typed(shown: Mapping[str, Any]) -> dict[str, Any]:
    kept = _kept(shown)
    return {**kept, "groupSlugs": [group["slug"] for group in shown["entitlementGroups"]]}


def _delete(visit: Visit) -> Shown:
    row, shown = _stored(visit)
    grants, counters = search.count_uses(visit.work, row.id)
    granting, _ = search.licenses_granting(visit.work, row.id, skipped=0, limit=10)
    return Shown(
        template="entitlement_delete.html",
        values={
            "row": row,
            "shown": shown,
            "grants": grants,
            "counters": counters,
            "granting": granting,
            "refused": visit.refused,
        },
        calls=(call("delete-entitlement", entitlementSlug=row.slug),),
        declaration=declare_entitlements([shown]),
    )


_NEW_PAGE = Page(path="/new/entitlement", scopes=(WRITE,), show=_new)
_EDIT_PAGE = Page(path=f"{_ONE}/edit", scopes=(WRITE,), show=_edit)
_DELETE_PAGE = Page(path=f"{_ONE}/delete", scopes=(WRITE,), show=_delete)

PAGES = (
    Page(path=_ALL, scopes=(READ,), show=_list),
    _NEW_PAGE,
    Page(path=_ONE, scopes=(READ,), show=_overview),
    Page(path=f"{_ONE}/usage", scopes=(READ, "read:instances"), show=_usage),
    Page(path=f"{_ONE}/licenses", scopes=(READ, "read:licenses"), show=_licenses),
    Page(path=f"{_ONE}/customers", scopes=(READ, "read:customers"), show=_customers),
    _EDIT_PAGE,
    _DELETE_PAGE,
)
ACTIONS = (
    Action(
        path="/new/entitlement",
        form="new",
        page=_NEW_PAGE,
        operation=operation("create-entitlement"),
        body=_create_body,
        done=on_to(_ALL),
    ),
    Action(
        path=f"{_ONE}/edit",
        form="edit",
        page=_EDIT_PAGE,
        operation=operation("update-entitlement"),
        body=_edit_body,
        now=_edit_form,
        done=back_to(_ONE, "saved"),
    ),
    Action(
        path=f"{_ONE}/delete",
        form="delete",
        page=_DELETE_PAGE,
        operation=operation("delete-entitlement"),
        done=up_to(_ALL, "deleted"),
    ),
)
