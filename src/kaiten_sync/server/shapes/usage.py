"""Usage of entitlements: in the API's answers, and in the events that reports and reads leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.licensing.aggregation import Counter
from kaiten_sync.licensing.usage import CapExceeded, WarningReached
from kaiten_sync.licensing.windows import Closure, Reading, Window
from kaiten_sync.server.db.usage import GrantedUsage, MemberUsage
from kaiten_sync.server.shapes.scalars import number, timestamp, without_none


def usage_json(granted: GrantedUsage, reading: Reading | None) -> dict[str, Any]:
    """Usage next to the grant that it counts against. No reading: what cannot be metered."""
    return {
        "entitlementId": granted.entitlement_id,
        "entitlementSlug": granted.entitlement_slug,
        "licenseId": granted.license_id,
        "licenseSlug": granted.license_slug,
        "value": granted.limit if reading is None else _counter_json(reading.counter),
        "limit": granted.limit,
        **_window_json(reading.window if reading else None),
    }


def member_usage_json(member: MemberUsage, reading: Reading | None) -> dict[str, Any]:
    """Usage of one member of a group. What is not granted or was never reported is absent."""
    is_reported = member.report_seq is not None
    body = {
        "entitlementId": member.entitlement_id,
        "entitlementSlug": member.entitlement_slug,
        "entitlementName": member.entitlement_name,
        "entitlementType": member.entitlement_type,
        "licenseValue": member.limit,
        "usageValue": _counter_json(reading.counter) if reading and is_reported else None,
        **_window_json(reading.window if reading else None),
    }
    return without_none(body)


def value_get_json(
    organization_id: str, instance_id: str, usage: Mapping[str, Any], now_ms: int
) -> dict[str, Any]:
    """The event that a value was read."""
    return {
        "entitlement_id": usage["entitlementId"],
        "instance_id": instance_id,
        "license_id": usage["licenseId"],
        "organization_id": organization_id,
        "type": usage["value"]["type"],
        "value": usage["value"],
        "timestamp": timestamp(now_ms),
        "entitlement_slug": usage["entitlementSlug"],
    }


def report_json(
    slug: str, value: float, behavior: str, event_count: int, *, is_accepted: bool
) -> dict[str, Any]:
    """The event that a report was accepted, or rejected and what it would have made the count."""
    return {
        "entitlement_slug": slug,
        "value": number(value),
        "behavior": behavior,
        "event_count": event_count,
        "status": "ACCEPTED" if is_accepted else "REJECTED",
    }


def cap_exceeded_json(slug: str, crossing: CapExceeded) -> dict[str, Any]:
    """The event that usage went above its cap."""
    return {
        "entitlement_slug": slug,
        "threshold": number(crossing.threshold),
        "value": number(crossing.value),
        "overage": number(crossing.overage),
    }


def warning_json(slug: str, crossing: WarningReached) -> dict[str, Any]:
    """The event that usage reached the boundary of warning."""
    return {
        "entitlement_slug": slug,
        "threshold": number(crossing.threshold),
        "boundary": number(crossing.boundary),
        "value": number(crossing.value),
    }


def closure_json(granted: GrantedUsage, closure: Closure) -> dict[str, Any]:
    """The event that a window ended. Here null is written, not left out."""
    return {
        "entitlement_id": granted.entitlement_id,
        "entitlement_slug": granted.entitlement_slug,
        "instance_id": granted.instance_id,
        "value": number(closure.value),
        "event_count": closure.event_count,
        "closed_period_start": _moment(closure.closed_period_start),
        "closed_period_end": _moment(closure.closed_period_end),
        "new_period_start": timestamp(closure.new_period_start),
        "is_synthetic": closure.is_synthetic,
    }


def _counter_json(counter: Counter) -> dict[str, Any]:
    return {"type": "number", "value": number(counter.value), "event_count": counter.event_count}


def _window_json(window: Window | None) -> dict[str, str]:
    if window is None:
        return {}
    return {
        "currentPeriodStart": timestamp(window.start_ms),
        "currentPeriodEnd": timestamp(window.end_ms),
    }


def _moment(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else timestamp(milliseconds)
