"""License families over HTTP. There is nothing to write: a family follows its versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.service import families
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.licenses import family_json
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Call, Operation, Query
from kaiten_sync.server.web.paging import PAGING, page_body, page_schema, position_of
from kaiten_sync.server.web.schemas import READ_ONLY_ID, READ_ONLY_TIME, record, ref

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "slug": {"type": "string", "description": "URL-friendly identifier; never changes."},
    "versionCount": {"type": "integer", "format": "int32"},
    "currentVersion": ref("License"),
    "versions": {"type": "array", "items": ref("License")},
    "createdAt": READ_ONLY_TIME,
    "updatedAt": READ_ONLY_TIME,
}

SCHEMAS: Mapping[str, Schema] = {
    "LicenseFamilyView": record(
        _PROPERTIES, ("id", "slug", "versionCount", "createdAt", "updatedAt")
    ),
    "PageLicenseFamilyView": page_schema("LicenseFamilyView"),
}

_VERSION = Query(
    name="version",
    schema={"type": "integer", "format": "int32", "minimum": 1},
    description="Show this version, in whatever state it is, instead of the one that is served.",
)
_INCLUDE = Query(
    name="include",
    schema={"type": "array", "items": {"type": "string", "enum": ["versions"]}},
    description="'versions' adds all versions, oldest first, and shows families without a"
    " published one.",
    default=(),
)


def _list(work: Work, call: Call) -> dict[str, Any]:
    # Upstream reports a bad cursor of families under the code of licenses.
    position = position_of(call, "Licenses")
    page, views = families.list_families(work, position, call.query["limit"])
    return page_body([family_json(view) for view in views], page.next)


def _get(work: Work, call: Call) -> dict[str, Any]:
    with_versions = "versions" in call.query["include"]
    view = families.get_family(
        work,
        call.path["familySlug"],
        version=call.query["version"],
        with_versions=with_versions,
    )
    return family_json(view, with_versions=with_versions)


OPERATIONS = (
    Operation(
        id="list-license-families",
        method="GET",
        path="/license-families",
        tag="license-families",
        summary="List license families with the version that each serves",
        scope="read:licenses",
        handler=_list,
        status=200,
        answer="PageLicenseFamilyView",
        query=PAGING,
        refusals=(400,),
    ),
    Operation(
        id="get-license-family",
        method="GET",
        path="/license-families/{familySlug}",
        tag="license-families",
        summary="Get a license family with the version that it serves",
        scope="read:licenses",
        handler=_get,
        status=200,
        answer="LicenseFamilyView",
        query=(_VERSION, _INCLUDE),
        refusals=(400, 404),
    ),
)
