"""Customers over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.service import customers
from kaiten_sync.server.service.customers import CustomerFields
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.customers import customer_json
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Call, Operation
from kaiten_sync.server.web.paging import PAGING, page_body, page_schema, position_of
from kaiten_sync.server.web.schemas import (
    INTEGRATIONS,
    READ_ONLY_ID,
    READ_ONLY_TIME,
    READ_ONLY_USER,
    SLUG,
    record,
)

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {"type": "string", "minLength": 1, "examples": ["Awesome Customer"]},
    "slug": SLUG,
    "domain": {
        "type": "string",
        "pattern": r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$",
        "description": "The customer's domain name",
        "examples": ["example.tld"],
    },
    "externalCustomerId": {
        "type": ["string", "null"],
        "description": "What another system calls the customer; need not be unique",
        "examples": ["external-customer-id-12345"],
    },
    "integrations": INTEGRATIONS,
    "createdBy": READ_ONLY_USER,
    "createdAt": READ_ONLY_TIME,
    "updatedBy": READ_ONLY_USER,
    "updatedAt": READ_ONLY_TIME,
}

SCHEMAS: Mapping[str, Schema] = {
    "Customer": record(
        _PROPERTIES, ("id", "name", "createdBy", "createdAt", "updatedBy", "updatedAt")
    ),
    "WriteCustomer": record(_PROPERTIES, ("name",)),
    "PageCustomer": page_schema("Customer"),
}


def _fields(body: Mapping[str, Any]) -> CustomerFields:
    return CustomerFields(
        name=body["name"],
        slug=body.get("slug"),
        domain=body.get("domain"),
        external_customer_id=body.get("externalCustomerId"),
        integrations=body.get("integrations", {}),
    )


def _list(work: Work, call: Call) -> dict[str, Any]:
    page = customers.list_customers(work, position_of(call, "Customers"), call.query["limit"])
    return page_body([customer_json(row) for row in page.rows], page.next)


def _get(work: Work, call: Call) -> dict[str, Any]:
    return customer_json(customers.get_customer(work, call.path["customerSlug"]))


def _create(work: Work, call: Call) -> dict[str, Any]:
    return customer_json(customers.create_customer(work, _fields(call.body)))


def _update(work: Work, call: Call) -> None:
    customers.update_customer(work, call.path["customerSlug"], _fields(call.body))


def _delete(work: Work, call: Call) -> None:
    customers.delete_customer(work, call.path["customerSlug"])


_ALL, _ONE = "/customers", "/customers/{customerSlug}"
_READ, _WRITE = "read:customers", "write:customers"
_TAG = "customers"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="list-customers",
        method="GET",
        path=_ALL,
        tag=_TAG,
        summary="List all customers",
        scope=_READ,
        handler=_list,
        status=200,
        answer="PageCustomer",
        query=PAGING,
        refusals=(400,),
    ),
    Operation(
        id="create-customer",
        method="POST",
        path=_ALL,
        tag=_TAG,
        summary="Create a new customer",
        scope=_WRITE,
        handler=_create,
        status=201,
        answer="Customer",
        body="WriteCustomer",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="get-customer",
        method="GET",
        path=_ONE,
        tag=_TAG,
        summary="Get a customer by slug",
        scope=_READ,
        handler=_get,
        status=200,
        answer="Customer",
        refusals=(404,),
    ),
    Operation(
        id="update-customer",
        method="PUT",
        path=_ONE,
        tag=_TAG,
        summary="Update a customer",
        scope=_WRITE,
        handler=_update,
        status=204,
        body="WriteCustomer",
        refusals=(400, 404),
    ),
    Operation(
        id="delete-customer",
        method="DELETE",
        path=_ONE,
        tag=_TAG,
        summary="Delete a customer with its instances and their usage",
        scope=_WRITE,
        handler=_delete,
        status=204,
        refusals=(400, 404),
    ),
)
