"""Use cases of usage: read it. Source: API facts, sections 1.4 and 1.6.

A window that has ended shows nothing from then on, although its counter is stored until the next
report closes it: reading never writes a counter.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from kaiten_sync.licensing.aggregation import EMPTY, Counter
from kaiten_sync.licensing.windows import Reading, ResetAnchor, ResetPeriod, read_counter
from kaiten_sync.server.db import entitlements, groups, usage
from kaiten_sync.server.domain.entitlements import NUMBER_FAMILY
from kaiten_sync.server.domain.events import VALUE_GET
from kaiten_sync.server.domain.refusals import not_found
from kaiten_sync.server.domain.slugs import is_slug
from kaiten_sync.server.service.events import Subject, emit
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.usage import member_usage_json, usage_json, value_get_json

Schedule = tuple[ResetPeriod | None, ResetAnchor | None, int]
"""When usage starts again: how often, counted from what, and when the license starts."""


def get_usage(work: Work, instance_slug: str, entitlement_slug: str) -> dict[str, Any]:
    """What an instance may use and has used of one entitlement. Leaves an event."""
    operation = "GetEntitlementUsageMetrics"
    instance = _find_instance(work, instance_slug, operation)
    entitlement = (
        entitlements.find_entitlement(work.connection, work.organisation_id, entitlement_slug)
        if is_slug(entitlement_slug)
        else None
    )
    if entitlement is None:
        raise not_found(
            f"{operation}.EntitlementNotFound", f"there is no entitlement {entitlement_slug!r}"
        )
    granted = usage.find_granted(work.connection, instance.id, entitlement.id)
    if granted is None:
        raise not_found(
            f"{operation}.EntitlementNotAssigned",
            f"the license of instance {instance_slug!r} does not grant {entitlement_slug!r}",
        )
    counter = usage.find_counter(work.connection, instance.id, entitlement.id)
    body = usage_json(granted, reading_of(granted, counter, work.now_ms))
    told = value_get_json(work.organisation_id, instance.id, body, work.now_ms)
    emit(work, VALUE_GET, told, Subject(instance.id, instance.slug))
    return body


def list_usage(work: Work, instance_slug: str) -> list[dict[str, Any]]:
    """What an instance may use and has used of all that its license grants, by entitlement slug."""
    instance = _find_instance(work, instance_slug, "GetEntitlementsUsageMetrics")
    rows = usage.list_usage(work.connection, instance.id)
    return [usage_json(row, reading_of(row, row, work.now_ms)) for row in rows]


def list_group_usage(work: Work, group_slug: str, instance_slug: str) -> list[dict[str, Any]]:
    """What an instance may use and has used of each member of a group, by entitlement slug."""
    operation = "GetEntitlementGroupUsage"
    group = (
        groups.find_group(work.connection, work.organisation_id, group_slug)
        if is_slug(group_slug)
        else None
    )
    if group is None:
        raise not_found(
            f"{operation}.GroupNotFound", f"there is no entitlement group {group_slug!r}"
        )
    instance = _find_instance(work, instance_slug, operation)
    rows = usage.list_member_usage(work.connection, group.id, instance.id)
    return [member_usage_json(row, reading_of(row, row, work.now_ms)) for row in rows]


def reading_of(terms: Row[Any], counter: Row[Any] | None, now_ms: int) -> Reading | None:
    """What a counter shows now; None for what cannot be metered.

    `terms` says what is metered and when it starts again. `counter` may be the same row.
    """
    if terms.entitlement_type not in NUMBER_FAMILY:
        return None
    start_ms, stored = stored_counter(counter)
    return read_counter(*schedule_of(terms), now_ms, stored_start_ms=start_ms, stored=stored)


def schedule_of(terms: Row[Any]) -> Schedule:
    """When the usage that these terms are about starts again."""
    period, anchor = terms.reset_period, terms.reset_anchor
    return (
        period and ResetPeriod(period),
        anchor and ResetAnchor(anchor),
        terms.start_license_date,
    )


def stored_counter(row: Row[Any] | None) -> tuple[int | None, Counter]:
    """A counter as it is stored, and when its window started; an empty one where none is."""
    if row is None or row.report_seq is None:
        return None, EMPTY
    return row.period_start, Counter(row.value, row.event_count)


def _find_instance(work: Work, slug: str, operation: str) -> Row[Any]:
    found = (
        usage.find_instance(work.connection, work.organisation_id, slug) if is_slug(slug) else None
    )
    if found is None:
        raise not_found(f"{operation}.InstanceNotFound", f"there is no instance {slug!r}")
    return found
