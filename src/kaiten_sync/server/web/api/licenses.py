"""Licenses over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kaiten_sync.server.domain.licenses import ARCHIVE, PUBLISH, UNARCHIVE, LicenseFields, Move
from kaiten_sync.server.service import licenses
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.licenses import license_json
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Call, Operation
from kaiten_sync.server.web.paging import PAGING, page_body, page_schema, position_of
from kaiten_sync.server.web.schemas import READ_ONLY_ID, READ_ONLY_TIME, SLUG, record

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {"type": "string", "minLength": 1, "maxLength": 100, "examples": ["Growth"]},
    "description": {"type": "string", "maxLength": 500},
    "slug": SLUG,
    "type": {"type": "string", "enum": ["DEVELOPMENT", "TRIAL", "PAID", "COMMUNITY"]},
    "familyId": {
        "type": "string",
        "description": "Family of this version. On create: the family that gets a new version.",
    },
    "familySlug": {
        **SLUG,
        "writeOnly": True,
        "description": "On create: the family that gets a new version. Never returned.",
    },
    "version": {
        "type": "string",
        "description": "Number within the family, assigned by the server."
        " Accepted only where it says what the server says.",
        "examples": ["1"],
    },
    "versionName": {"type": "string", "maxLength": 50, "examples": ["Winter 2026"]},
    "lifecycleState": {
        "type": "string",
        "enum": ["DRAFT", "PUBLISHED", "ARCHIVED"],
        "description": "On create DRAFT or PUBLISHED, and PUBLISHED when left out;"
        " changes through publish, archive and unarchive.",
    },
    "isDefault": {
        "type": "boolean",
        "description": "Whether its family puts this version forward.",
    },
    "isActive": {
        "type": "boolean",
        "description": "Stored and returned. Known to the getting-started generation only.",
    },
    "createdAt": READ_ONLY_TIME,
    "updatedAt": READ_ONLY_TIME,
}
_ALWAYS = (
    "id",
    "name",
    "description",
    "type",
    "version",
    "isDefault",
    "createdAt",
    "updatedAt",
)

SCHEMAS: Mapping[str, Schema] = {
    "License": record(_PROPERTIES, _ALWAYS),
    "CreateLicense": record(_PROPERTIES, ("name", "type")),
    "UpdateLicense": record(_PROPERTIES, ("name", "description", "type", "isDefault")),
    "PageLicense": page_schema("License"),
}

_FIELDS = {
    "name": "name",
    "description": "description",
    "slug": "slug",
    "type": "type",
    "familyId": "family_id",
    "familySlug": "family_slug",
    "version": "version",
    "versionName": "version_name",
    "lifecycleState": "lifecycle_state",
    "isDefault": "is_default",
    "isActive": "is_active",
}


def _fields(body: Mapping[str, Any]) -> LicenseFields:
    return LicenseFields(**{field: body[name] for name, field in _FIELDS.items() if name in body})


def _list(work: Work, call: Call) -> dict[str, Any]:
    page = licenses.list_licenses(work, position_of(call, "Licenses"), call.query["limit"])
    return page_body([license_json(row) for row in page.rows], page.next)


def _get(work: Work, call: Call) -> dict[str, Any]:
    return license_json(licenses.get_license(work, call.path["licenseSlug"]))


def _create(work: Work, call: Call) -> dict[str, Any]:
    return license_json(licenses.create_license(work, _fields(call.body)))


def _update(work: Work, call: Call) -> None:
    licenses.update_license(work, call.path["licenseSlug"], _fields(call.body))


def _delete(work: Work, call: Call) -> None:
    licenses.delete_license(work, call.path["licenseSlug"])


def _mover(move: Move) -> Callable[[Work, Call], dict[str, Any]]:
    return lambda work, call: license_json(
        licenses.move_license(work, call.path["licenseSlug"], move)
    )


_ALL = "/licenses"
_ONE = "/licenses/{licenseSlug}"
_READ, _WRITE = "read:licenses", "write:licenses"


def _move_operation(verb: str, summary: str, move: Move) -> Operation:
    return Operation(
        id=f"{verb}-license",
        method="POST",
        path=f"{_ONE}/{verb}",
        tag="licenses",
        summary=summary,
        scope=_WRITE,
        handler=_mover(move),
        status=200,
        answer="License",
        refusals=(400, 404, 409),
    )


OPERATIONS = (
    Operation(
        id="get-licenses",
        method="GET",
        path=_ALL,
        tag="licenses",
        summary="List all licenses",
        scope=_READ,
        handler=_list,
        status=200,
        answer="PageLicense",
        query=PAGING,
        refusals=(400,),
    ),
    Operation(
        id="create-license",
        method="POST",
        path=_ALL,
        tag="licenses",
        summary="Create a license, or a new version of a family",
        scope=_WRITE,
        handler=_create,
        status=201,
        answer="License",
        body="CreateLicense",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="get-license",
        method="GET",
        path=_ONE,
        tag="licenses",
        summary="Get a license by slug",
        scope=_READ,
        handler=_get,
        status=200,
        answer="License",
        refusals=(404,),
    ),
    Operation(
        id="update-license",
        method="PUT",
        path=_ONE,
        tag="licenses",
        summary="Update a license",
        scope=_WRITE,
        handler=_update,
        status=204,
        body="UpdateLicense",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="delete-license",
        method="DELETE",
        path=_ONE,
        tag="licenses",
        summary="Delete a license that grants nothing",
        scope=_WRITE,
        handler=_delete,
        status=204,
        refusals=(400, 404, 409),
    ),
    _move_operation("publish", "Put a draft on sale", PUBLISH),
    _move_operation("archive", "Withdraw a published version", ARCHIVE),
    _move_operation("unarchive", "Put an archived version back on sale", UNARCHIVE),
)
