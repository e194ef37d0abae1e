"""The events that changes leave behind. Source: API facts, section 4, and the 1.0 contract.

A type is stable over all generations of the API; a name is not: the getting-started generation
says `ENTITLEMENT_CREATION` where today's says `ENTITLEMENT_CREATED`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_PREFIX = "com.kaiten."


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event: its name today and its type."""

    name: str
    type: str


def _event(name: str, suffix: str) -> EventType:
    return EventType(name, _PREFIX + suffix)


ENTITLEMENT_CREATED = _event("ENTITLEMENT_CREATED", "entitlement.v1.created")
ENTITLEMENT_UPDATED = _event("ENTITLEMENT_UPDATED", "entitlement.v1.updated")
ENTITLEMENT_DELETED = _event("ENTITLEMENT_DELETED", "entitlement.v1.deleted")
GROUP_CREATED = _event("ENTITLEMENT_GROUP_CREATED", "entitlement_group.v1.created")
GROUP_UPDATED = _event("ENTITLEMENT_GROUP_UPDATED", "entitlement_group.v1.updated")
GROUP_DELETED = _event("ENTITLEMENT_GROUP_DELETED", "entitlement_group.v1.deleted")
LICENSE_CREATED = _event("LICENSE_CREATED", "license.v1.created")
LICENSE_UPDATED = _event("LICENSE_UPDATED", "license.v1.updated")
LICENSE_DELETED = _event("LICENSE_DELETED", "license.v1.deleted")
LICENSE_PUBLISHED = _event("LICENSE_PUBLISHED", "license.v1.published")
LICENSE_ARCHIVED = _event("LICENSE_ARCHIVED", "license.v1.archived")
LICENSE_UNARCHIVED = _event("LICENSE_UNARCHIVED", "license.v1.unarchived")
GRANT_ASSIGNED = _event("LICENSE_ENTITLEMENT_ASSIGNED", "license.entitlement.v1.assigned")
GRANT_UNASSIGNED = _event("LICENSE_ENTITLEMENT_UNASSIGNED", "license.entitlement.v1.unassigned")
GRANT_UPDATED = _event("LICENSE_ENTITLEMENT_UPDATED", "license.entitlement.v1.updated")
FAMILY_CREATED = _event("LICENSE_FAMILY_CREATED", "license_family.v1.created")
FAMILY_UPDATED = _event("LICENSE_FAMILY_UPDATED", "license_family.v1.updated")
FAMILY_DELETED = _event("LICENSE_FAMILY_DELETED", "license_family.v1.deleted")
CUSTOMER_CREATED = _event("CUSTOMER_CREATED", "customer.v1.created")
CUSTOMER_UPDATED = _event("CUSTOMER_UPDATED", "customer.v1.updated")
CUSTOMER_DELETED = _event("CUSTOMER_DELETED", "customer.v1.deleted")
INSTANCE_CREATED = _event("INSTANCE_CREATED", "instance.v1.created")
INSTANCE_UPDATED = _event("INSTANCE_UPDATED", "instance.v1.updated")
INSTANCE_DELETED = _event("INSTANCE_DELETED", "instance.v1.deleted")
INSTANCE_STATUS_CHANGED = _event("INSTANCE_STATUS_CHANGED", "instance.v1.status_changed")
INSTANCE_STAGE_CHANGED = _event(
    "INSTANCE_LIFECYCLE_STAGE_CHANGED", "instance.v1.lifecycle_stage_changed"
)
USAGE_ACCEPTED = _event(
    "ENTITLEMENT_USAGE_REPORT_ACCEPTED", "instance.entitlement.v1.usage_report_accepted"
)
USAGE_REJECTED = _event(
    "ENTITLEMENT_USAGE_REPORT_REJECTED", "instance.entitlement.v1.usage_report_rejected"
)
USAGE_REACHED = _event(
    "INSTANCE_ENTITLEMENT_USAGE_REACHED", "instance.entitlement.v1.usage_reached"
)
USAGE_WARNING_REACHED = _event(
    "INSTANCE_ENTITLEMENT_USAGE_WARNING_THRESHOLD_REACHED",
    "instance.entitlement.v1.usage_warning_threshold_reached",
)
CAP_EXCEEDED = _event("INSTANCE_ENTITLEMENT_CAP_EXCEEDED", "instance.entitlement.v1.cap_exceeded")
PERIOD_ROLLED_OVER = _event(
    "INSTANCE_ENTITLEMENT_USAGE_PERIOD_ROLLED_OVER",
    "instance.entitlement.v1.usage_period_rolled_over",
)
VALUE_GET = _event("ENTITLEMENT_VALUE_GET", "instance.entitlement.v1.value_get")

USAGE_TYPES = tuple(
    each.type
    for each in (
        USAGE_ACCEPTED,
        USAGE_REJECTED,
        USAGE_REACHED,
        USAGE_WARNING_REACHED,
        CAP_EXCEEDED,
        PERIOD_ROLLED_OVER,
        VALUE_GET,
    )
)
"""The types that usage reports, and readings of usage, leave behind: nearly all events are."""

NEVER_EMITTED = (
    _event("CUSTOMER_CREATION_REJECTED", "customer.v1.creation_rejected"),
    _event("INSTANCE_DEPLOYED", "instance.v1.deployed"),
    _event("INSTANCE_MIGRATED", "instance.v1.migrated"),
)
"""Part of the contract, and so can be subscribed to. This server has no customer quota, which
the first is about, and no deployment zones, which the others are about."""

EVENT_TYPES: tuple[EventType, ...] = (
    *(value for value in list(globals().values()) if isinstance(value, EventType)),
    *NEVER_EMITTED,
)
"""All kinds of events, those of this module's constants first."""

WEBHOOK_PAUSED = EventType("WEBHOOK_PAUSED", f"{_PREFIX}webhook.v1.paused")
WEBHOOK_RESUMED = EventType("WEBHOOK_RESUMED", f"{_PREFIX}webhook.v1.resumed")
OWN_EVENT_TYPES = (WEBHOOK_PAUSED, WEBHOOK_RESUMED)
"""Events of this server that are not part of the contract."""

WEBHOOK_TEST = EventType("WEBHOOK_TEST", f"{_PREFIX}webhook.v1.test")
"""Sent to one webhook by hand. Nobody subscribes to it."""

_OLD_ENDINGS = {
    "CREATED": "CREATION",
    "UPDATED": "UPDATE",
    "DELETED": "DELETION",
    "ASSIGNED": "ASSIGNMENT",
    "UNASSIGNED": "UNASSIGNMENT",
    "DEPLOYED": "DEPLOYMENT",
    "MIGRATED": "MIGRATION",
}
"""Endings of names that the getting-started generation has otherwise. Source: facts, section 4."""

_MODULES = {"entitlement_group": "entitlements", "license_family": "licenses"}
"""The scope's module for subjects of events that have another name."""


def _spellings(event: EventType) -> Iterator[str]:
    yield event.name
    yield event.type
    subject, _, ending = event.name.rpartition("_")
    if ending in _OLD_ENDINGS:
        yield f"{subject}_{_OLD_ENDINGS[ending]}"


_BY_SPELLING = {
    spelling: event for event in (*EVENT_TYPES, *OWN_EVENT_TYPES) for spelling in _spellings(event)
}

SPELLINGS = tuple(sorted(_BY_SPELLING))
"""All names, old names and types that mean an event."""


def find_event_type(text: str) -> EventType | None:
    """The kind of event that this name, old name or type means; None if there is none."""
    return _BY_SPELLING.get(text)


def read_scope(event_type: str) -> str:
    """The scope that reads what an event of this type is about, and so may see its payload."""
    subject = event_type.removeprefix(_PREFIX).split(".")[0]
    return f"read:{_MODULES.get(subject, f'{subject}s')}"
