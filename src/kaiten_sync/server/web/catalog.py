"""All operations and all schemas of the API."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from kaiten_sync.server.web.api import (
    audit,
    customers,
    entitlements,
    families,
    grants,
    groups,
    instances,
    licenses,
    service_accounts,
    usage,
    webhooks,
)
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Operation
from kaiten_sync.server.web.schemas import SHARED

_RESOURCES: tuple[ModuleType, ...] = (
    groups,
    entitlements,
    licenses,
    families,
    grants,
    customers,
    instances,
    usage,
    audit,
    webhooks,
    service_accounts,
)

OPERATIONS: tuple[Operation, ...] = tuple(
    operation for resource in _RESOURCES for operation in resource.OPERATIONS
)
SCHEMAS: Mapping[str, Schema] = {
    name: schema
    for source in (SHARED, *(r.SCHEMAS for r in _RESOURCES))
    for name, schema in source.items()
}
