"""Pages of customers: the list, a new one, one with its instances, change it, delete it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.licensing import isolated
from kaiten_sync.server.dashboard.fields import Field, fixed
from kaiten_sync.server.dashboard.instances import ENDS_FILTER
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
from kaiten_sync.server.db.saturation import CounterFilter
from kaiten_sync.server.db.search import CUSTOMER_SORTS, INSTANCE_SORTS, Wanted
from kaiten_sync.server.service import saturation, search
from kaiten_sync.server.service.customers import get_customer
from kaiten_sync.server.shapes.customers import customer_json

_READ = "read:customers"
_ALL = "/customers"
_ONE = "/customers/{customerSlug}"
_SHOWN = 10
"""Instances that the page about deleting names."""

_NAME = Field("name", "Name", required=True)
_SLUG = Field("slug", "Slug", hint="For programs. Made from the name if left empty; never changes.")
_REST = (
    Field("domain", "Domain", hint="Such as example.com."),
    Field("externalCustomerId", "External ID", hint="The customer's ID in another system."),
)


def _list(visit: Visit) -> Shown:
    wanted = listing_of(visit, _ALL, sorts=CUSTOMER_SORTS)
    page = search.find_customers(visit.work, wanted.wanted, wanted.position, ROWS)
    return Shown(
        template="customers.html",
        values={
            "listing": wanted,
            "rows": page.rows,
            "held": search.count_by_customer(visit.work, [row.id for row in page.rows]),
            "following": wanted.after(page.next),
        },
        calls=(call("list-customers", query={"limit": str(ROWS)}),),
    )


def _detail(visit: Visit) -> Shown:
    row = get_customer(visit.work, visit.path["customerSlug"])
    wanted = listing_of(visit, f"{_ALL}/{row.slug}", ENDS_FILTER, sorts=INSTANCE_SORTS)
    # A token may see customers and not what they have: then the page is shown without.
    sees_instances = visit.may("read:instances")
    page = (
        search.find_instances(
            visit.work,
            wanted.wanted_but("ends"),
            wanted.position,
            ROWS,
            customer_id=row.id,
            ends=wanted.values["ends"],
        )
        if sees_instances
        else None
    )
    ends_from, ends_before = search.end_bounds(visit.work, wanted.values["ends"])
    of_customer = CounterFilter(
        customer_slug=row.slug, ends_from=ends_from, ends_before=ends_before
    )
    meters = (
        saturation.list_counters(visit.work, of_customer, None, ROWS)[0] if sees_instances else None
    )
    return Shown(
        template="customer.html",
        values={
            "row": row,
            "listing": wanted,
            "rows": page.rows if page else (),
            "following": wanted.after(page.next) if page else None,
            "soon_ms": search.SOON_MS,
            "meters": meters.rows if meters else (),
            "has_more_meters": bool(meters and meters.next),
        },
        calls=(call("get-customer", customerSlug=row.slug),),
    )


def _stored(visit: Visit) -> Mapping[str, Any]:
    return customer_json(get_customer(visit.work, visit.path["customerSlug"]))


def _delete(visit: Visit) -> Shown:
    row = get_customer(visit.work, visit.path["customerSlug"])
    # Deleting a customer deletes its instances and their usage, so the question names some of
    # them.
    page = search.find_instances(visit.work, Wanted(), None, _SHOWN, customer_id=row.id)
    return show_question(
        visit,
        _DELETE,
        "customer_delete.html",
        {"row": row, "rows": page.rows, "has_more": page.next is not None},
        title=f"Delete {isolated(row.name)}",
        about=row.name,
        back=f"{_ALL}/{row.slug}",
        calls=(call("delete-customer", customerSlug=row.slug),),
    )


_NEW = new_page(
    "Customer",
    "create-customer",
    {"name": "My Restaurant"},
    _ALL,
    fields=lambda _: (_NAME, _SLUG, *_REST),
)
_WRITTEN = ("name", "domain", "externalCustomerId")
_EDIT = edit_page(
    _ONE,
    "update-customer",
    # A customer without an external ID shows null, which an update does not take.
    lambda stored: {name: stored[name] for name in _WRITTEN if stored.get(name) is not None},
    stored=_stored,
    fields=lambda _: (_NAME, fixed(_SLUG), *_REST),
)
_DELETE = form_page(f"{_ONE}/delete", _delete, "delete-customer", up_to(_ALL, "deleted"))

PAGES = (
    DashboardPage(path=_ALL, scopes=(_READ,), show=_list),
    DashboardPage(path=_ONE, scopes=(_READ,), show=_detail),
)
FORMS = (_NEW, _EDIT, _DELETE)
