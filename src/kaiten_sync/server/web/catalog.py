"""All operations and all schemas of the API."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.api import entitlements, families, grants, groups, licenses
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Operation
from kaiten_sync.server.web.schemas import SHARED

_RESOURCES = (groups, entitlements, licenses, families, grants)

OPERATIONS: tuple[Operation, ...] = tuple(
    operation for resource in _RESOURCES for operation in resource.OPERATIONS
)
SCHEMAS: Mapping[str, Schema] = {
    name: schema
    for source in (SHARED, *(r.SCHEMAS for r in _RESOURCES))
    for name, schema in source.items()
}
