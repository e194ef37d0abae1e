"""Use case of usage: count a report. Source: API facts, sections 1.1 to 1.7.

The rules are in `licensing`. Here is what keeps them true with many clients and many processes:
reports on one counter are counted one after another, and each one's counter, key and events are
stored together or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from kaiten_sync.licensing.aggregation import EMPTY, AggregationMethod, Counter, NotFiniteError
from kaiten_sync.licensing.usage import (
    Behavior,
    CapExceeded,
    Crossing,
    Reached,
    Report,
    WarningReached,
    settle_report,
)
from kaiten_sync.licensing.windows import DAY_MS, Reading, Window, close_windows
from kaiten_sync.server.db import usage, usage_days
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.db.usage import (
    CounterColumns,
    CounterState,
    GrantedUsage,
    ReportRow,
)
from kaiten_sync.server.domain import events
from kaiten_sync.server.domain.events import EventType
from kaiten_sync.server.domain.refusals import (
    Problem,
    RecordedRefusalError,
    RefusalError,
    RefusalKind,
    conflict,
    invalid,
    not_found,
    unprocessable,
)
from kaiten_sync.server.domain.slugs import is_slug
from kaiten_sync.server.service.events import Subject, emit
from kaiten_sync.server.service.usage import reading_of, schedule_of, stored_counter
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.scalars import number, timestamp
from kaiten_sync.server.shapes.usage import (
    cap_exceeded_json,
    closure_json,
    report_json,
    usage_json,
    warning_json,
)

REMEMBERED_MS = 35 * DAY_MS
"""How long the key of a report is remembered. Source: API facts, section 1.1."""

_OPERATION = "ReportEntitlementUsageMetric"
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFields:
    """What a request reports: a tagged value, how it is meant, and a key of the client's if any."""

    value: Mapping[str, Any]
    behavior: str
    transaction_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The answer to a report, and whether it is the one that an earlier report of its key got."""

    answer: dict[str, Any]
    is_replay: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReportTurn:
    """A report whose turn it is: until it ends, its counter is its own and its subjects stay."""

    work: Work
    granted: GrantedUsage
    counter: CounterState | None
    value: float
    behavior: Behavior
    key: str | None

    @property
    def ids(self) -> tuple[str, str]:
        """What a counter and a key belong to: the instance and the entitlement."""
        return self.granted.instance_id, self.granted.entitlement_id

    @property
    def slug(self) -> str:
        """The slug of the entitlement."""
        return self.granted.entitlement_slug

    def tell(self, kind: EventType, payload: Mapping[str, Any]) -> None:
        """Leave an event of the instance."""
        subject = Subject(self.granted.instance_id, self.granted.instance_slug)
        emit(self.work, kind, payload, subject)


def report_usage(
    work: Work, instance_slug: str, entitlement_slug: str, fields: ReportFields
) -> Counted:
    """Count a report; or, if its key was used for the same one before, repeat that answer.

    Raises:
        RefusalError: nothing was written. RecordedRefusalError: it would pass the maximum; the
            event that says so is written, and windows that have ended are closed.
    """
    value, key = _reported_value(fields), _reported_key(fields)
    granted = _take_turn(work, instance_slug, entitlement_slug)
    ids = granted.instance_id, granted.entitlement_id
    turn = _ReportTurn(
        work=work,
        granted=granted,
        counter=usage.find_counter(work.connection, *ids, lock=True),
        value=value,
        behavior=Behavior(fields.behavior),
        key=key,
    )
    earlier = _earlier_answer(turn)
    if earlier is not None:
        return Counted(answer=earlier, is_replay=True)
    return Counted(answer=_count(turn), is_replay=False)


def _reported_value(fields: ReportFields) -> float:
    if fields.value["type"] != "number":
        raise unprocessable(
            f"{_OPERATION}.InvalidValueType",
            f"only a number can be reported, not a value of type {fields.value['type']}",
        )
    return float(fields.value["value"])


def _reported_key(fields: ReportFields) -> str | None:
    key = fields.transaction_id
    if key is not None and not _KEY.fullmatch(key):
        raise unprocessable(
            f"{_OPERATION}.InvalidTransactionId",
            "transactionId has 1 to 128 characters of A-Z a-z 0-9 . _ : -",
        )
    return key


def _take_turn(work: Work, instance_slug: str, entitlement_slug: str) -> GrantedUsage:
    """What the instance's license says about the entitlement, when nobody else counts for both."""
    missing = not_found(
        f"{_OPERATION}.ContextNotFound",
        f"there is no instance {instance_slug!r} whose license grants {entitlement_slug!r}",
    )
    if not (is_slug(instance_slug) and is_slug(entitlement_slug)):
        raise missing
    pair = usage.find_pair(work.connection, work.organization_id, instance_slug, entitlement_slug)
    if pair is None:
        raise missing
    take_turn(work.connection, pair.instance_id, pair.entitlement_id)
    # Only now: the grant may have changed while the others had their turns.
    granted = usage.find_granted(work.connection, pair.instance_id, pair.entitlement_id)
    if granted is None:
        raise missing
    return granted


def _earlier_answer(turn: _ReportTurn) -> dict[str, Any] | None:
    """The answer that the same report got under the same key; None if the key is unused."""
    if turn.key is None:
        return None
    connection = turn.work.connection
    earlier = usage.find_report(connection, *turn.ids, turn.key)
    if earlier is None:
        return None
    if earlier.reported_at < turn.work.now_ms - REMEMBERED_MS:
        usage.remove_report(connection, *turn.ids, turn.key)
        return None
    if (earlier.behavior, earlier.value) != (turn.behavior, turn.value):
        raise _reused(turn.key, earlier)
    return earlier.answer


def _reused(key: str, earlier: ReportRow) -> RefusalError:
    original = {
        "reportSeq": earlier.report_seq,
        "reportedAt": timestamp(earlier.reported_at),
        "behavior": earlier.behavior,
        "value": number(earlier.value),
    }
    return conflict(
        f"{_OPERATION}.TransactionIdReused",
        f"transactionId {key!r} was used for another report; send a correction with a new one",
        [Problem("the report that this key was first used for", "body.transactionId", original)],
    )


def _count(turn: _ReportTurn) -> dict[str, Any]:
    reading = reading_of(turn.granted, turn.counter, turn.work.now_ms)
    if reading is None:
        raise invalid(
            f"{_OPERATION}.UnsupportedEntitlementType",
            f"entitlement {turn.slug!r} is of type {turn.granted.entitlement_type},"
            " and usage is reported of NUMBER and NUMBER_AI_CREDIT only",
        )
    settled = _settle(turn, reading.counter)
    has_rolled_over = _tell_closures(turn)
    reported = report_json(
        turn.slug,
        turn.value,
        turn.behavior,
        settled.counter.event_count,
        is_accepted=settled.accepted,
    )
    if not settled.accepted:
        if has_rolled_over:
            _store(turn, reading.window, EMPTY, counted=0)
        _count_on_its_day(turn, reading, reading.counter.value, is_accepted=False)
        turn.tell(events.USAGE_REJECTED, reported)
        raise _too_much(turn, settled.counter)
    report_seq = _store(turn, reading.window, settled.counter, counted=1)
    _count_on_its_day(turn, reading, settled.counter.value, is_accepted=True)
    answer = usage_json(turn.granted, Reading(window=reading.window, counter=settled.counter))
    _remember(turn, report_seq, answer)
    turn.tell(events.USAGE_ACCEPTED, reported)
    for crossing in settled.crossings:
        turn.tell(*_told(turn.slug, crossing, answer))
    return answer


def _settle(turn: _ReportTurn, stored: Counter) -> Report:
    granted, method = turn.granted, turn.granted.aggregation_method
    try:
        return settle_report(
            threshold=granted.limit["value"],
            overage_percent=granted.overage_percent or 0,
            warning_threshold_percent=granted.warning_threshold_percent,
            method=None if method is None else AggregationMethod(method),
            behavior=turn.behavior,
            stored=stored,
            value=turn.value,
        )
    except NotFiniteError as error:
        raise unprocessable(
            f"{_OPERATION}.NotFinite",
            f"usage of {turn.slug!r} would be larger than any number that can be stored",
        ) from error


def _tell_closures(turn: _ReportTurn) -> bool:
    """Emit the windows that ended since the last report. Returns whether there are any."""
    if turn.counter is None:
        return False
    start_ms, stored = stored_counter(turn.counter)
    closures = close_windows(
        *schedule_of(turn.granted), turn.work.now_ms, stored_start_ms=start_ms, stored=stored
    )
    for closure in closures:
        turn.tell(events.PERIOD_ROLLED_OVER, closure_json(turn.granted, closure))
    return bool(closures)


def _store(turn: _ReportTurn, window: Window | None, counter: Counter, *, counted: int) -> int:
    """Store the counter. Returns how many reports it has counted in all, with this one."""
    before = 0 if turn.counter is None else turn.counter.report_seq or 0
    values = CounterColumns(
        value=counter.value,
        event_count=counter.event_count,
        period_start=window.start_ms if window else None,
        report_seq=before + counted,
        updated_at=turn.work.now_ms,
    )
    write = usage.add_counter if turn.counter is None else usage.change_counter
    write(turn.work.connection, *turn.ids, **values)
    return values["report_seq"]


def _count_on_its_day(
    turn: _ReportTurn, before: Reading, value: float, *, is_accepted: bool
) -> None:
    usage_days.count_report(
        turn.work.connection,
        turn.work.organization_id,
        *turn.ids,
        turn.work.now_ms // DAY_MS,
        is_accepted=is_accepted,
        value=value,
        highest=max(before.counter.value, value),
        period_start=before.window.start_ms if before.window else None,
    )


def _remember(turn: _ReportTurn, report_seq: int, answer: Mapping[str, Any]) -> None:
    if turn.key is not None:
        instance_id, entitlement_id = turn.ids
        row = ReportRow(
            instance_id=instance_id,
            entitlement_id=entitlement_id,
            transaction_id=turn.key,
            behavior=turn.behavior.value,
            value=turn.value,
            report_seq=report_seq,
            reported_at=turn.work.now_ms,
            answer=dict(answer),
        )
        usage.add_report(turn.work.connection, row)


def _told(
    slug: str, crossing: Crossing, answer: Mapping[str, Any]
) -> tuple[EventType, Mapping[str, Any]]:
    match crossing:
        case Reached():
            return events.USAGE_REACHED, answer
        case CapExceeded():
            return events.CAP_EXCEEDED, cap_exceeded_json(slug, crossing)
        case WarningReached():
            return events.USAGE_WARNING_REACHED, warning_json(slug, crossing)
    assert_never(crossing)


def _too_much(turn: _ReportTurn, counter: Counter) -> RecordedRefusalError:
    return RecordedRefusalError(
        RefusalKind.CONFLICT,
        f"{_OPERATION}.ThresholdExceeded",
        f"usage of {turn.slug!r} would be {number(counter.value)}, more than what is granted"
        f" ({number(turn.granted.limit['value'])}, {turn.granted.overage_percent} % overage)",
    )
