"""Instances over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.service import instances
from kaiten_sync.server.service.instances import InstanceFields
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.instances import instance_json
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

_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "format": "date-time", "examples": ["2026-10-01T12:00:00Z"]}
_STATUS: Schema = {
    "type": "string",
    "enum": ["HEALTHY", "DEGRADED", "INCIDENT", "MAINTENANCE"],
    "description": "How the instance runs. Only a PATCH changes it.",
}
_STAGE: Schema = {
    "type": "string",
    "description": "Where the instance stands commercially, in free text such as TRIAL, ACTIVE,"
    " AT_RISK or CHURNED. Only a PATCH changes it, and it cannot be cleared.",
    "examples": ["ACTIVE"],
}

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {"type": "string", "minLength": 1, "examples": ["My Instance"]},
    "slug": {**SLUG, "description": f"{SLUG['description'].split('.')[0]}. A PUT may change it."},
    "description": _TEXT,
    "customerId": {**_TEXT, "description": "The customer who runs it"},
    "customerSlug": {**_TEXT, "readOnly": True},
    "licenseId": {
        **_TEXT,
        "description": "The license version that it has. An archived one may be kept, but"
        " not taken.",
    },
    "licenseSlug": {**_TEXT, "readOnly": True},
    "startLicenseDate": _MOMENT,
    "endLicenseDate": _MOMENT,
    "metadata": {"type": "object", "additionalProperties": {}, "examples": [{"region": "eu"}]},
    "deploymentZoneId": {**_TEXT, "description": "This server has no zones: leave it out."},
    "deploymentZoneSlug": {**_TEXT, "readOnly": True},
    "integrations": INTEGRATIONS,
    "status": {**_STATUS, "readOnly": True},
    "lifecycleStage": {**_STAGE, "readOnly": True},
    "createdBy": READ_ONLY_USER,
    "createdAt": READ_ONLY_TIME,
    "updatedBy": READ_ONLY_USER,
    "updatedAt": READ_ONLY_TIME,
}
_NEEDED = (
    "name",
    "description",
    "customerId",
    "licenseId",
    "startLicenseDate",
    "endLicenseDate",
)

SCHEMAS: Mapping[str, Schema] = {
    "Instance": record(
        _PROPERTIES,
        (
            "id",
            "createdBy",
            "createdAt",
            "updatedBy",
            "updatedAt",
            "customerSlug",
            "licenseSlug",
            *_NEEDED,
        ),
    ),
    "WriteInstance": record(_PROPERTIES, _NEEDED),
    "PatchInstanceBody": record(
        {"status": _STATUS, "lifecycleStage": {**_STAGE, "minLength": 1}}, ()
    ),
    "PageInstance": page_schema("Instance"),
}


def _fields(body: Mapping[str, Any]) -> InstanceFields:
    return InstanceFields(
        name=body["name"],
        slug=body.get("slug"),
        description=body["description"],
        customer_id=body["customerId"],
        license_id=body["licenseId"],
        start_license_date=body["startLicenseDate"],
        end_license_date=body["endLicenseDate"],
        metadata=body.get("metadata", {}),
        integrations=body.get("integrations", {}),
        deployment_zone_id=body.get("deploymentZoneId"),
    )


def _list(work: Work, call: Call) -> dict[str, Any]:
    page = instances.list_instances(work, position_of(call, "Instances"), call.query["limit"])
    return page_body([instance_json(row) for row in page.rows], page.next)


def _get(work: Work, call: Call) -> dict[str, Any]:
    return instance_json(instances.get_instance(work, call.path["instanceSlug"]))


def _create(work: Work, call: Call) -> dict[str, Any]:
    return instance_json(instances.create_instance(work, _fields(call.body)))


def _update(work: Work, call: Call) -> None:
    instances.update_instance(work, call.path["instanceSlug"], _fields(call.body))


def _patch(work: Work, call: Call) -> None:
    status, stage = call.body.get("status"), call.body.get("lifecycleStage")
    instances.patch_instance(work, call.path["instanceSlug"], status=status, stage=stage)


def _delete(work: Work, call: Call) -> None:
    instances.delete_instance(work, call.path["instanceSlug"])


_ALL, _ONE = "/instances", "/instances/{instanceSlug}"
_READ, _WRITE = "read:instances", "write:instances"
_TAG = "instances"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getInstances",
        method="GET",
        path=_ALL,
        tag=_TAG,
        summary="List all instances",
        scope=_READ,
        handler=_list,
        status=200,
        answer="PageInstance",
        query=PAGING,
        refusals=(400,),
    ),
    Operation(
        id="createInstance",
        method="POST",
        path=_ALL,
        tag=_TAG,
        summary="Create a new instance",
        scope=_WRITE,
        handler=_create,
        status=201,
        answer="Instance",
        body="WriteInstance",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="getInstance",
        method="GET",
        path=_ONE,
        tag=_TAG,
        summary="Get an instance by slug",
        scope=_READ,
        handler=_get,
        status=200,
        answer="Instance",
        refusals=(404,),
    ),
    Operation(
        id="updateInstance",
        method="PUT",
        path=_ONE,
        tag=_TAG,
        summary="Update an instance",
        scope=_WRITE,
        handler=_update,
        status=204,
        body="WriteInstance",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="patchInstance",
        method="PATCH",
        path=_ONE,
        tag=_TAG,
        summary="Change the status or the lifecycle stage of an instance",
        scope=_WRITE,
        handler=_patch,
        status=204,
        body="PatchInstanceBody",
        refusals=(400, 404),
    ),
    Operation(
        id="deleteInstance",
        method="DELETE",
        path=_ONE,
        tag=_TAG,
        summary="Delete an instance and its usage",
        scope=_WRITE,
        handler=_delete,
        status=204,
        refusals=(400, 404),
    ),
)
