"""Use cases of usage: read it. Source: API facts, sections 1.4 and 1.6.

A window that has ended shows nothing from then on, although its counter is stored until the next
report closes it: reading never writes a counter.
"""

from __future__ import annotations

from typing import Any

from kaiten_sync.licensing import (
    EMPTY,
    Counter,
    Reading,
    ResetAnchor,
    ResetPeriod,
    end_of_window,
    read_counter,
)
from kaiten_sync.server.db import sums, usage
from kaiten_sync.server.db.usage import CounterState, InstanceKey, UsageTerms
from kaiten_sync.server.domain.entitlements import NUMBER_FAMILY
from kaiten_sync.server.domain.events import VALUE_GET
from kaiten_sync.server.domain.refusals import not_found
from kaiten_sync.server.service.entitlements import ENTITLEMENTS
from kaiten_sync.server.service.events import Subject, emit
from kaiten_sync.server.service.groups import GROUPS
from kaiten_sync.server.service.slug_lookup import SlugLookup
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.usage import member_usage_json, usage_json, value_get_json

Schedule = tuple[ResetPeriod | None, ResetAnchor | None, int]
"""When usage starts again: how often, counted from what, and when the license starts."""

_INSTANCE_KEYS: SlugLookup[InstanceKey] = SlugLookup(noun="instance", query=usage.find_instance_key)


def get_usage(work: Work, instance_slug: str, entitlement_slug: str) -> dict[str, Any]:
    """What an instance may use and has used of one entitlement. Leaves an event."""
    operation = "GetEntitlementUsageMetrics"
    instance = _INSTANCE_KEYS.get(work, instance_slug, f"{operation}.InstanceNotFound")
    entitlement = ENTITLEMENTS.get(work, entitlement_slug, f"{operation}.EntitlementNotFound")
    granted = usage.find_granted(work.connection, instance.id, entitlement.id)
    if granted is None:
        raise not_found(
            f"{operation}.EntitlementNotAssigned",
            f"the license of instance {instance_slug!r} does not grant {entitlement_slug!r}",
        )
    counter = usage.find_counter(work.connection, instance.id, entitlement.id)
    body = usage_json(granted, reading_of(granted, counter, work.now_ms))
    told = value_get_json(work.organization_id, instance.id, body, work.now_ms)
    emit(work, VALUE_GET, told, Subject(instance.id, instance.slug))
    return body


def list_usage(work: Work, instance_slug: str) -> list[dict[str, Any]]:
    """What an instance may use and has used of all that its license grants, by entitlement slug."""
    instance = _INSTANCE_KEYS.get(
        work, instance_slug, "GetEntitlementsUsageMetrics.InstanceNotFound"
    )
    rows = usage.list_usage(work.connection, instance.id)
    return [usage_json(row, reading_of(row, row, work.now_ms)) for row in rows]


def list_group_usage(work: Work, group_slug: str, instance_slug: str) -> list[dict[str, Any]]:
    """What an instance may use and has used of each member of a group, by entitlement slug."""
    operation = "GetEntitlementGroupUsage"
    group = GROUPS.get(work, group_slug, f"{operation}.GroupNotFound")
    instance = _INSTANCE_KEYS.get(work, instance_slug, f"{operation}.InstanceNotFound")
    rows = usage.list_member_usage(work.connection, group.id, instance.id)
    return [member_usage_json(row, reading_of(row, row, work.now_ms)) for row in rows]


def let_counters_follow(work: Work, instance_id: str) -> None:
    """Store with an instance's counters what follows from its license and its start (ADR 43).

    The transaction holds the instance and has written both, so that no report is under way.
    """
    terms = usage.terms_of_counters(work.connection, instance_id)
    ended = [(each, end_of_window(*schedule_of(each), each.period_start)) for each in terms]
    sums.count_counters(work.connection, [instance_id], -1)
    usage.write_followed(work.connection, instance_id, ended)
    sums.count_counters(work.connection, [instance_id])


def reading_of(terms: UsageTerms, counter: CounterState | None, now_ms: int) -> Reading | None:
    """What a counter shows now; None for what cannot be metered.

    `counter` may be the same row as `terms`.
    """
    if terms.entitlement_type not in NUMBER_FAMILY:
        return None
    start_ms, stored = stored_counter(counter)
    return read_counter(*schedule_of(terms), now_ms, stored_start_ms=start_ms, stored=stored)


def schedule_of(terms: UsageTerms) -> Schedule:
    """When the usage that these terms are about starts again."""
    period, anchor = terms.reset_period, terms.reset_anchor
    return (
        None if period is None else ResetPeriod(period),
        None if anchor is None else ResetAnchor(anchor),
        terms.start_license_date,
    )


def stored_counter(row: CounterState | None) -> tuple[int | None, Counter]:
    """A counter as it is stored, and when its window started; an empty one if none is."""
    if row is None or row.value is None or row.event_count is None:
        return None, EMPTY
    return row.period_start, Counter(row.value, row.event_count)
