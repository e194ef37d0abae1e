"""Pages of entitlement groups: the list, a new one, one with its members, change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.licensing import isolated
from kaiten_sync.server.dashboard.api_lines import export_line
from kaiten_sync.server.dashboard.fields import Field, fixed
from kaiten_sync.server.dashboard.listing import ROWS, listing_of
from kaiten_sync.server.dashboard.pages import (
    DashboardPage,
    Shown,
    Visit,
    call,
    edit_page,
    form_page,
    new_page,
    show_question,
    up_to,
)
from kaiten_sync.server.db.groups import GROUP_SORTS
from kaiten_sync.server.db.search import ENTITLEMENT_SORTS, Wanted
from kaiten_sync.server.service import groups, search
from kaiten_sync.server.shapes.groups import group_json

_READ = "read:entitlements"
_ALL = "/groups"
_ONE = "/groups/{entitlementGroupSlug}"

_NAME = Field("name", "Name", required=True, hint="Such as Quotas.")
_SLUG = Field("slug", "Slug", hint="For programs. Made from the name if left empty; never changes.")
_DESCRIPTION = Field("description", "Description", kind="long", empty=None)


def _list(visit: Visit) -> Shown:
    wanted = listing_of(visit, _ALL, sorts=GROUP_SORTS)
    page = groups.list_groups(visit.work, wanted.position, ROWS, wanted.sort, wanted.text)
    return Shown(
        template="groups.html",
        values={"listing": wanted, "rows": page.rows, "following": wanted.after(page.next)},
        calls=(call("list-entitlement-groups"),),
        command=export_line,
    )


def _detail(visit: Visit) -> Shown:
    row = groups.get_group(visit.work, visit.path["entitlementGroupSlug"])
    wanted = listing_of(visit, f"{_ALL}/{row.slug}", sorts=ENTITLEMENT_SORTS)
    # The list of entitlements narrowed to this group: members are read as they are found
    # elsewhere.
    members = Wanted(values={"group": row.slug}, sort=wanted.sort)
    page = search.find_entitlements(visit.work, members, wanted.position, ROWS)
    return Shown(
        template="group.html",
        values={
            "row": row,
            "listing": wanted,
            "rows": page.rows,
            "following": wanted.after(page.next),
        },
        calls=(call("get-entitlement-group", entitlementGroupSlug=row.slug),),
        command=export_line,
    )


def _stored(visit: Visit) -> Mapping[str, Any]:
    return group_json(groups.get_group(visit.work, visit.path["entitlementGroupSlug"]))


def _delete(visit: Visit) -> Shown:
    row = groups.get_group(visit.work, visit.path["entitlementGroupSlug"])
    return show_question(
        visit,
        _DELETE,
        "group_delete.html",
        {"row": row},
        title=f"Delete {isolated(row.name)}",
        about=row.name,
        back=f"{_ALL}/{row.slug}",
        address=f"group/{row.slug}",
        calls=(call("delete-entitlement-group", entitlementGroupSlug=row.slug),),
    )


_NEW = new_page(
    "Group",
    "create-entitlement-group",
    {"name": "Quotas", "description": None},
    _ALL,
    fields=lambda _: (_NAME, _SLUG, _DESCRIPTION),
)
_EDIT = edit_page(
    _ONE,
    "update-entitlement-group",
    lambda stored: {name: stored[name] for name in ("name", "description")},
    stored=_stored,
    kind="group",
    fields=lambda _: (_NAME, fixed(_SLUG), _DESCRIPTION),
)
_DELETE = form_page(f"{_ONE}/delete", _delete, "delete-entitlement-group", up_to(_ALL, "deleted"))

PAGES = (
    DashboardPage(path=_ALL, scopes=(_READ,), show=_list),
    DashboardPage(path=_ONE, scopes=(_READ,), show=_detail),
)
FORMS = (_NEW, _EDIT, _DELETE)
