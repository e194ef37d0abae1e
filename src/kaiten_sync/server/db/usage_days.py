"""What was reported and used on each day, by instance and entitlement. Days are in UTC, since 1970.

Written along with the counter, so that neither reports over time nor usage over time has to be
worked out of events, which are as many as reports.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from kaiten_sync.licensing.windows import DAY_MS
from kaiten_sync.server.db.tables import instance, usage_day

_value: ColumnElement[float] = bindparam("seen", type_=usage_day.c.value.type)
_ADD = insert(usage_day)
_CHANGE = (
    update(usage_day)
    .where(
        usage_day.c.instance_id == bindparam("instance"),
        usage_day.c.entitlement_id == bindparam("entitlement"),
        usage_day.c.day == bindparam("today"),
    )
    .values(
        accepted=usage_day.c.accepted + bindparam("more_accepted"),
        refused=usage_day.c.refused + bindparam("more_refused"),
        highest=case((usage_day.c.highest > _value, usage_day.c.highest), else_=_value),
        value=_value,
        period_start=bindparam("started"),
    )
)

_COUNTED: Select[Any] = (
    select(
        usage_day.c.day,
        func.sum(usage_day.c.accepted).label("accepted"),
        func.sum(usage_day.c.refused).label("refused"),
    )
    .where(usage_day.c.day >= bindparam("first"))
    .group_by(usage_day.c.day)
)
_OF_ALL = _COUNTED.join(instance, instance.c.id == usage_day.c.instance_id).where(
    instance.c.organisation_id == bindparam("organisation")
)
_OF_ENTITLEMENT = _COUNTED.where(usage_day.c.entitlement_id == bindparam("entitlement"))

_earlier = usage_day.alias("earlier")
_last_before = (
    select(func.max(_earlier.c.day))
    .where(
        _earlier.c.instance_id == usage_day.c.instance_id,
        _earlier.c.entitlement_id == usage_day.c.entitlement_id,
        _earlier.c.day < bindparam("first"),
    )
    .scalar_subquery()
)
_pair = tuple_(usage_day.c.instance_id, usage_day.c.entitlement_id)
_SINCE: Select[Any] = (
    select(usage_day)
    .where(_pair.in_(bindparam("pairs", expanding=True)))
    .where(or_(usage_day.c.day >= bindparam("first"), usage_day.c.day == _last_before))
    .order_by(usage_day.c.day)
)


def count_report(
    connection: Connection,
    instance_id: str,
    entitlement_id: str,
    day: int,
    *,
    is_accepted: bool,
    value: float,
    highest: float,
    period_start: int | None,
) -> None:
    """Count a report on its day, after which the counter shows `value`.

    `highest` is the most that the counter has shown around this report. Only one transaction at a
    time may count for an instance and an entitlement.
    """
    accepted, refused = int(is_accepted), int(not is_accepted)
    parameters = {
        "instance": instance_id,
        "entitlement": entitlement_id,
        "today": day,
        "more_accepted": accepted,
        "more_refused": refused,
        "seen": value,
        "started": period_start,
    }
    if connection.execute(_CHANGE, parameters).rowcount:
        return
    connection.execute(
        _ADD,
        {
            "instance_id": instance_id,
            "entitlement_id": entitlement_id,
            "day": day,
            "accepted": accepted,
            "refused": refused,
            "highest": highest,
            "value": value,
            "period_start": period_start,
        },
    )


def count_by_day(
    connection: Connection, organisation_id: str, first: int, entitlement_id: str | None = None
) -> dict[int, tuple[int, int]]:
    """Reports accepted and refused since the first day, by day; of one entitlement or of all."""
    parameters: dict[str, Any] = {"first": first}
    if entitlement_id is None:
        rows = connection.execute(_OF_ALL, {**parameters, "organisation": organisation_id})
    else:
        rows = connection.execute(_OF_ENTITLEMENT, {**parameters, "entitlement": entitlement_id})
    return {row.day: (int(row.accepted), int(row.refused)) for row in rows}


def days_since(
    connection: Connection, pairs: Collection[tuple[str, str]], first: int
) -> list[Row[Any]]:
    """The days of pairs of an instance and an entitlement, oldest first.

    Those since the first day, and before them the last one that there is.
    """
    if not pairs:
        return []
    return list(connection.execute(_SINCE, {"pairs": list(pairs), "first": first}))


def forget_days(connection: Connection, before_ms: int, limit: int) -> int:
    """Forget at most this many of the days before a time. Gives how many."""
    key = tuple_(usage_day.c.instance_id, usage_day.c.entitlement_id, usage_day.c.day)
    old = (
        select(usage_day.c.instance_id, usage_day.c.entitlement_id, usage_day.c.day)
        .where(usage_day.c.day < before_ms // DAY_MS)
        .limit(limit)
    )
    return connection.execute(delete(usage_day).where(key.in_(old))).rowcount
