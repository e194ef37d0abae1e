"""Pages of customers: the list, a new one, one with its instances, change it, delete it."""

from __future__ import annotations

from typing import Any

from kaiten_sync.server.dashboard.forms import Field, Filled, Sent, fixed, read_fields
from kaiten_sync.server.dashboard.listing import ROWS, listing_of
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
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.service import search
from kaiten_sync.server.service.customers import get_customer
from kaiten_sync.server.shapes.customers import customer_json

READ, WRITE = "read:customers", "write:customers"

_ALL = "/customers"
_ONE = "/customers/{customerSlug}"
_SHOWN = 10
"""Instances that a page about deleting names."""

_NAME = Field(name="name", label="Name", required=True)
_SLUG = Field(
    name="slug",
    label="Slug",
    hint="For programs. Made from the name where it is left empty; it never changes.",
)
_DOMAIN = Field(name="domain", label="Domain", hint="Such as example.com.")
_EXTERNAL = Field(
    name="externalCustomerId",
    label="External id",
    hint="What another system calls this customer.",
)
_NEW_FIELDS = (_NAME, _SLUG, _DOMAIN, _EXTERNAL)
_EDIT_FIELDS = (_NAME, fixed(_SLUG), _DOMAIN, _EXTERNAL)


def _list(visit: Visit) -> Shown:
    wanted = listing_of(visit, _ALL)
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


def _new(visit: Visit) -> Shown:
    form = visit.form("new", _NEW_FIELDS)
    return Shown(
        template="customer_form.html",
        values={"form": form, "row": None},
        calls=(call("create-customer", {"name": "My Restaurant"}),),
    )


def _detail(visit: Visit) -> Shown:
    row = get_customer(visit.work, visit.path["customerSlug"])
    wanted = listing_of(visit, f"{_ALL}/{row.slug}")
    page = (
        search.find_instances(visit.work, wanted.wanted, wanted.position, ROWS, customer_id=row.id)
        if visit.may("read:instances")
        else None
    )
    return Shown(
        template="customer.html",
        values={
            "row": row,
            "listing": wanted,
            "rows": page.rows if page else (),
            "following": wanted.after(page.next) if page else None,
        },
        calls=(call("get-customer", customerSlug=row.slug),),
    )


def _edit_form(visit: Visit) -> Filled:
    row = get_customer(visit.work, visit.path["customerSlug"])
    return visit.form("edit", _EDIT_FIELDS, customer_json(row))


def _edit(visit: Visit) -> Shown:
    row = get_customer(visit.work, visit.path["customerSlug"])
    body = {
        name: value
        for name, value in customer_json(row).items()
        if name in ("name", "domain", "externalCustomerId") and value is not None
    }
    return Shown(
        template="customer_form.html",
        values={"form": _edit_form(visit), "row": row},
        calls=(call("update-customer", body, customerSlug=row.slug),),
    )


def _delete(visit: Visit) -> Shown:
    row = get_customer(visit.work, visit.path["customerSlug"])
    page = search.find_instances(visit.work, Wanted(), None, _SHOWN, customer_id=row.id)
    return Shown(
        template="customer_delete.html",
        values={
            "row": row,
            "rows": page.rows,
            "has_more": page.next is not None,
            "refused": visit.refused,
        },
        calls=(call("delete-customer", customerSlug=row.slug),),
    )


def _create_body(_visit: Visit, sent: Sent) -> dict[str, Any]:
    return read_fields(_NEW_FIELDS, sent)


def _edit_body(_visit: Visit, sent: Sent) -> dict[str, Any]:
    return read_fields(_EDIT_FIELDS, sent)


_NEW_PAGE = Page(path="/new/customer", scopes=(WRITE,), show=_new)
_EDIT_PAGE = Page(path=f"{_ONE}/edit", scopes=(WRITE,), show=_edit)
_DELETE_PAGE = Page(path=f"{_ONE}/delete", scopes=(WRITE,), show=_delete)

PAGES = (
    Page(path=_ALL, scopes=(READ,), show=_list),
    _NEW_PAGE,
    Page(path=_ONE, scopes=(READ,), show=_detail),
    _EDIT_PAGE,
    _DELETE_PAGE,
)
ACTIONS = (
    Action(
        path="/new/customer",
        form="new",
        page=_NEW_PAGE,
        operation=operation("create-customer"),
        body=_create_body,
        done=on_to(_ALL),
    ),
    Action(
        path=f"{_ONE}/edit",
        form="edit",
        page=_EDIT_PAGE,
        operation=operation("update-customer"),
        body=_edit_body,
        now=_edit_form,
        done=back_to(_ONE, "saved"),
    ),
    Action(
        path=f"{_ONE}/delete",
        form="delete",
        page=_DELETE_PAGE,
        operation=operation("delete-customer"),
        done=up_to(_ALL, "deleted"),
    ),
)
