"""The tables. Source of keys and checks: API facts, section 8.

Times are milliseconds since 1970 in UTC: exact, and sorted the same by every database. Ids are
UUIDs as text. The migrations repeat this, frozen; a test keeps the two equal.
"""

from kaiten_sync.server.db.tables.base import metadata
from kaiten_sync.server.db.tables.catalog import (
    entitlement,
    entitlement_group,
    grant,
    group_member,
    license_family,
    license_version,
)
from kaiten_sync.server.db.tables.customers import (
    START_OF_CUSTOMER,
    START_OF_INSTANCE,
    customer,
    instance,
)
from kaiten_sync.server.db.tables.events import (
    event,
    webhook_attempt,
    webhook_delivery,
    webhook_endpoint,
)
from kaiten_sync.server.db.tables.identity import (
    form_answer,
    organization,
    service_account,
    session,
    token,
)
from kaiten_sync.server.db.tables.usage import (
    counter_count,
    report_day,
    usage,
    usage_day,
    usage_report,
)

__all__ = [
    "START_OF_CUSTOMER",
    "START_OF_INSTANCE",
    "counter_count",
    "customer",
    "entitlement",
    "entitlement_group",
    "event",
    "form_answer",
    "grant",
    "group_member",
    "instance",
    "license_family",
    "license_version",
    "metadata",
    "organization",
    "report_day",
    "service_account",
    "session",
    "token",
    "usage",
    "usage_day",
    "usage_report",
    "webhook_attempt",
    "webhook_delivery",
    "webhook_endpoint",
]
