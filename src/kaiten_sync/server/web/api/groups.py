"""Entitlement groups over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.service import groups
from kaiten_sync.server.service.groups import GroupFields
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.groups import group_json
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Call, Operation
from kaiten_sync.server.web.paging import PAGING, page_body, page_schema, position_of
from kaiten_sync.server.web.schemas import NULLABLE_TEXT, READ_ONLY_ID, SLUG, record

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {"type": "string", "minLength": 1, "examples": ["AI Quotas"]},
    "description": NULLABLE_TEXT,
    "slug": SLUG,
}

SCHEMAS: Mapping[str, Schema] = {
    "EntitlementGroup": record(_PROPERTIES, ("id", "name", "description")),
    "CreateEntitlementGroup": record(_PROPERTIES, ("name",)),
    "UpdateEntitlementGroup": record(_PROPERTIES, ("name", "description")),
    "PageEntitlementGroup": page_schema("EntitlementGroup"),
    "Command": record({"entitlementSlug": {"type": "string"}}, ("entitlementSlug",)),
}


def _fields(body: Mapping[str, Any]) -> GroupFields:
    return GroupFields(
        name=body["name"], description=body.get("description"), slug=body.get("slug")
    )


def _list(work: Work, call: Call) -> dict[str, Any]:
    position = position_of(call, "EntitlementGroups")
    page = groups.list_groups(work, position, call.query["limit"])
    return page_body([group_json(row) for row in page.rows], page.next)


def _get(work: Work, call: Call) -> dict[str, Any]:
    return group_json(groups.get_group(work, call.path["entitlementGroupSlug"]))


def _create(work: Work, call: Call) -> dict[str, Any]:
    return group_json(groups.create_group(work, _fields(call.body)))


def _update(work: Work, call: Call) -> None:
    groups.update_group(work, call.path["entitlementGroupSlug"], _fields(call.body))


def _delete(work: Work, call: Call) -> None:
    groups.delete_group(work, call.path["entitlementGroupSlug"])


def _add(work: Work, call: Call) -> None:
    groups.add_to_group(work, call.path["entitlementGroupSlug"], call.body["entitlementSlug"])


def _remove(work: Work, call: Call) -> None:
    path = call.path
    groups.remove_from_group(work, path["entitlementGroupSlug"], path["entitlementSlug"])


_ALL = "/entitlement-groups"
_ONE = "/entitlement-groups/{entitlementGroupSlug}"
_READ, _WRITE = "read:entitlements", "write:entitlements"
_TAG = "entitlement-groups"

OPERATIONS = (
    Operation(
        id="list-entitlement-groups",
        method="GET",
        path=_ALL,
        tag=_TAG,
        summary="List all entitlement groups",
        scope=_READ,
        handler=_list,
        status=200,
        answer="PageEntitlementGroup",
        query=PAGING,
        refusals=(400,),
    ),
    Operation(
        id="create-entitlement-group",
        method="POST",
        path=_ALL,
        tag=_TAG,
        summary="Create a new entitlement group",
        scope=_WRITE,
        handler=_create,
        status=201,
        answer="EntitlementGroup",
        body="CreateEntitlementGroup",
        refusals=(400, 409),
    ),
    Operation(
        id="get-entitlement-group",
        method="GET",
        path=_ONE,
        tag=_TAG,
        summary="Get entitlement group by slug",
        scope=_READ,
        handler=_get,
        status=200,
        answer="EntitlementGroup",
        refusals=(404,),
    ),
    Operation(
        id="update-entitlement-group",
        method="PUT",
        path=_ONE,
        tag=_TAG,
        summary="Update an entitlement group",
        scope=_WRITE,
        handler=_update,
        status=204,
        body="UpdateEntitlementGroup",
        refusals=(400, 404),
    ),
    Operation(
        id="delete-entitlement-group",
        method="DELETE",
        path=_ONE,
        tag=_TAG,
        summary="Delete an entitlement group; its members stay",
        scope=_WRITE,
        handler=_delete,
        status=204,
        refusals=(400, 404),
    ),
    Operation(
        id="add-entitlement-to-group",
        method="POST",
        path=f"{_ONE}/entitlements",
        tag=_TAG,
        summary="Add an entitlement to a group",
        scope=_WRITE,
        handler=_add,
        status=201,
        body="Command",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="remove-entitlement-from-group",
        method="DELETE",
        path=f"{_ONE}/entitlements/{{entitlementSlug}}",
        tag=_TAG,
        summary="Remove an entitlement from a group",
        scope=_WRITE,
        handler=_remove,
        status=204,
        refusals=(400, 404),
    ),
)
