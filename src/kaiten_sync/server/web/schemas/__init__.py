"""The schemas of requests and answers, by resource. Source of all names: the 1.0 contract."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.schemas import (
    audit,
    customers,
    entitlements,
    families,
    grants,
    groups,
    instances,
    licenses,
    service_accounts,
    shared,
    usage,
    webhooks,
)

__all__ = ["ALL"]

ALL: Mapping[str, Schema] = {
    **shared.SCHEMAS,
    **groups.SCHEMAS,
    **entitlements.SCHEMAS,
    **licenses.SCHEMAS,
    **families.SCHEMAS,
    **grants.SCHEMAS,
    **customers.SCHEMAS,
    **instances.SCHEMAS,
    **usage.SCHEMAS,
    **audit.SCHEMAS,
    **webhooks.SCHEMAS,
    **service_accounts.SCHEMAS,
}
"""All schemas by name, in the order in which the document has them."""
