"""Use case of usage: count reports. Source: API facts, sections 1.1 to 1.7.

The rules are in `licensing`. Here is what keeps them true with many clients and many processes:
reports on one counter are counted one after another, and each one's counter, key and events are
stored together or not at all. Reports that wait at the same time are counted in one transaction, in
their order, each as if it were alone (ADR 29).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, assert_never

from kaiten_sync.licensing import (
    DAY_MS,
    EMPTY,
    AggregationMethod,
    Behavior,
    CapExceeded,
    Counter,
    Crossing,
    NotFiniteError,
    Reached,
    Reading,
    Report,
    WarningReached,
    Window,
    close_windows,
    quantity_text,
    settle_report,
)
from kaiten_sync.server.db.events import NO_TRACE, Trace
from kaiten_sync.server.db.usage import GrantedUsage, ReportRow, UsagePair
from kaiten_sync.server.domain import events
from kaiten_sync.server.domain.events import EventType
from kaiten_sync.server.domain.refusals import (
    Problem,
    RecordedRefusalError,
    RefusalKind,
    conflict,
    invalid,
    not_found,
    unprocessable,
)
from kaiten_sync.server.domain.slugs import is_slug
from kaiten_sync.server.service.events import PendingEvent, Subject
from kaiten_sync.server.service.report_ledger import (
    CountedDay,
    LedgerEntry,
    ReportLedger,
    StoredUsage,
)
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

A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFields:
    """A tagged value, how it is meant, and a key of the client's if it has one.

    `reason` is why somebody reports by hand; the audit shows it.
    """

    value: Mapping[str, Any]
    behavior: str
    transaction_id: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """A request that reports usage."""

    work: Work
    instance_slug: str
    entitlement_slug: str
    fields: ReportFields


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The answer to a report, and whether it is the one that an earlier report of its key got."""

    answer: dict[str, Any]
    is_replay: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReportTurn:
    """A report, and what is stored of its counter when its turn comes."""

    report: UsageReport
    pair: UsagePair
    stored: StoredUsage
    value: float
    behavior: Behavior
    key: str | None

    @property
    def granted(self) -> GrantedUsage:
        """What the instance's license says about the entitlement."""
        return self.stored.granted

    @property
    def slug(self) -> str:
        """The slug of the entitlement."""
        return self.granted.entitlement_slug

    @property
    def now_ms(self) -> int:
        """The time of the transaction."""
        return self.report.work.now_ms

    def event(
        self, kind: EventType, payload: Mapping[str, Any], trace: Trace = NO_TRACE
    ) -> PendingEvent:
        """An event of the instance."""
        subject = Subject(self.granted.instance_id, self.granted.instance_slug)
        return PendingEvent(self.report.work, kind, payload, subject, trace)


def report_usage(
    work: Work, instance_slug: str, entitlement_slug: str, fields: ReportFields
) -> Counted:
    """Count a report; or, if its key was used for the same one before, repeat that answer.

    Raises:
        RefusalError: nothing was written. RecordedRefusalError: it would pass the maximum; the
            event that says so is written, and windows that have ended are closed.
    """
    report = UsageReport(
        work=work, instance_slug=instance_slug, entitlement_slug=entitlement_slug, fields=fields
    )
    (outcome,) = report_many([report], lambda counted: counted)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def report_many(
    reports: Sequence[UsageReport], render: Callable[[Counted], A]
) -> list[A | Exception]:
    """Count reports in one transaction, in their order, each as `report_usage` does.

    Returns for each what `render` makes of its answer, or what it raised. What cannot be rendered
    is not counted: `render` is called before anything of a report is kept.
    """
    ledger = ReportLedger.opened(
        [
            (each.work, each.instance_slug, each.entitlement_slug, each.fields.transaction_id)
            for each in reports
            # What cannot be a slug is answered as not found, without asking the database for it.
            if is_slug(each.instance_slug) and is_slug(each.entitlement_slug)
        ]
    )
    outcomes: list[A | Exception] = []
    # Their counters are locked now: those who counted before have an earlier time.
    for report in [replace(each, work=each.work.after_waiting()) for each in reports]:
        try:
            outcomes.append(_count_one(ledger, report, render))
        except Exception as error:  # noqa: BLE001  it is the answer to this report alone
            outcomes.append(error)
    ledger.write()
    return outcomes


def _count_one(
    ledger: ReportLedger, report: UsageReport, render: Callable[[Counted], A]
) -> A | RecordedRefusalError:
    # Before anything is looked up, as upstream does: a wrong request is answered alike whatever
    # it is about.
    if report.fields.value["type"] != "number":
        raise unprocessable(
            f"{_OPERATION}.InvalidValueType",
            f"only a number can be reported, not a value of type {report.fields.value['type']}",
        )
    key = report.fields.transaction_id
    if key is not None and not _KEY.fullmatch(key):
        raise unprocessable(
            f"{_OPERATION}.InvalidTransactionId",
            "transactionId has 1 to 128 characters of A-Z a-z 0-9 . _ : -",
        )
    # Counters are 64-bit floating point (API facts, 1.2). Larger integers lose digits here and
    # not later.
    value = float(report.fields.value["value"])
    found = ledger.find(report.work.organization_id, report.instance_slug, report.entitlement_slug)
    if found is None:
        raise not_found(
            f"{_OPERATION}.ContextNotFound",
            f"there is no instance {report.instance_slug!r} whose license grants"
            f" {report.entitlement_slug!r}",
        )
    turn = _ReportTurn(
        report=report,
        pair=found[0],
        stored=found[1],
        value=value,
        behavior=Behavior(report.fields.behavior),
        key=key,
    )
    # After the counter is locked: of two reports with one key at the same time, the second sees
    # the first.
    earlier = _earlier_answer(ledger, turn)
    if earlier is not None:
        return render(Counted(answer=earlier, is_replay=True))
    entry, answer = _entry(turn)
    outcome = (
        answer
        if isinstance(answer, RecordedRefusalError)
        else render(Counted(answer=answer, is_replay=False))
    )
    ledger.keep(turn.pair, entry)
    return outcome


def _earlier_answer(ledger: ReportLedger, turn: _ReportTurn) -> dict[str, Any] | None:
    """The answer that the same report got under the same key; None if the key is unused."""
    earlier = None if turn.key is None else ledger.earlier(turn.pair, turn.key)
    # A sweep deletes old keys in its own time. What is due to be deleted must not answer
    # meanwhile.
    if earlier is None or earlier.reported_at < turn.now_ms - REMEMBERED_MS:
        return None
    if (earlier.behavior, earlier.value) == (turn.behavior, turn.value):
        return earlier.answer
    original = {
        "reportSeq": earlier.report_seq,
        "reportedAt": timestamp(earlier.reported_at),
        "behavior": earlier.behavior,
        "value": number(earlier.value),
    }
    raise conflict(
        f"{_OPERATION}.TransactionIdReused",
        f"transactionId {turn.key!r} was used for another report; send a correction with a new one",
        [Problem("the report that this key was first used for", "body.transactionId", original)],
    )


def _entry(turn: _ReportTurn) -> tuple[LedgerEntry, dict[str, Any] | RecordedRefusalError]:
    """All that a report leaves, and its answer."""
    reading = reading_of(turn.granted, turn.stored.counter, turn.now_ms)
    if reading is None:
        raise invalid(
            f"{_OPERATION}.UnsupportedEntitlementType",
            f"entitlement {turn.slug!r} is of type {turn.granted.entitlement_type},"
            " and usage is reported of NUMBER and NUMBER_AI_CREDIT only",
        )
    settled = _settle(turn, reading.counter)
    closures = _closures(turn)
    reported = report_json(
        turn.slug,
        turn.value,
        turn.behavior,
        settled.counter.event_count,
        is_accepted=settled.accepted,
    )
    day = _day(turn, reading, settled)
    trace = Trace(
        used_before=reading.counter.value,
        used_after=settled.counter.value,
        threshold=None if settled.accepted else float(turn.granted.limit["value"]),
        overage_percent=None if settled.accepted else turn.granted.overage_percent,
        reason=turn.report.fields.reason,
    )
    if not settled.accepted:
        rejected = [*closures, turn.event(events.USAGE_REJECTED, reported, trace)]
        # A refusal leaves the counter as it is, but for windows that have ended: their events
        # must not be sent twice.
        counter = turn.stored.after(reading.window, EMPTY, 0, turn.now_ms) if closures else None
        # Without its key: a refused report may be sent again under the same one.
        entry = LedgerEntry(counter=counter, day=day, key=None, events=rejected)
        unit = (turn.granted.unit_singular or "", turn.granted.unit_plural or "")
        return entry, RecordedRefusalError(
            RefusalKind.CONFLICT,
            f"{_OPERATION}.ThresholdExceeded",
            f"usage of {turn.slug!r} would be {quantity_text(settled.counter.value, unit)}, more"
            f" than what is granted ({quantity_text(turn.granted.limit['value'], unit)},"
            f" {turn.granted.overage_percent} % overage)",
        )
    counter = turn.stored.after(reading.window, settled.counter, 1, turn.now_ms)
    answer = usage_json(turn.granted, Reading(window=reading.window, counter=settled.counter))
    accepted = [
        *closures,
        turn.event(events.USAGE_ACCEPTED, reported, trace),
        *(_crossed(turn, crossing, answer) for crossing in settled.crossings),
    ]
    key = _remembered(turn, counter.report_seq, answer)
    return LedgerEntry(counter=counter, day=day, key=key, events=accepted), answer


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


def _closures(turn: _ReportTurn) -> list[PendingEvent]:
    """The windows that ended since the last report."""
    if turn.stored.counter is None:
        return []
    start_ms, stored = stored_counter(turn.stored.counter)
    closures = close_windows(
        *schedule_of(turn.granted), turn.now_ms, stored_start_ms=start_ms, stored=stored
    )
    return [
        turn.event(events.PERIOD_ROLLED_OVER, closure_json(turn.granted, closure))
        for closure in closures
    ]


def _day(turn: _ReportTurn, before: Reading, settled: Report) -> CountedDay:
    value = settled.counter.value if settled.accepted else before.counter.value
    window: Window | None = before.window
    return CountedDay(
        day=turn.now_ms // DAY_MS,
        accepted=int(settled.accepted),
        refused=int(not settled.accepted),
        # What the day began with counts as well: a day without reports was as full as the one
        # before.
        highest=max(before.counter.value, value),
        value=value,
        period_start=window.start_ms if window else None,
    )


def _remembered(turn: _ReportTurn, report_seq: int, answer: Mapping[str, Any]) -> ReportRow | None:
    if turn.key is None:
        return None
    return ReportRow(
        instance_id=turn.pair.instance_id,
        entitlement_id=turn.pair.entitlement_id,
        transaction_id=turn.key,
        behavior=turn.behavior.value,
        value=turn.value,
        report_seq=report_seq,
        reported_at=turn.now_ms,
        answer=dict(answer),
    )


def _crossed(turn: _ReportTurn, crossing: Crossing, answer: Mapping[str, Any]) -> PendingEvent:
    match crossing:
        case Reached():
            return turn.event(events.USAGE_REACHED, answer)
        case CapExceeded():
            return turn.event(events.CAP_EXCEEDED, cap_exceeded_json(turn.slug, crossing))
        case WarningReached():
            return turn.event(events.USAGE_WARNING_REACHED, warning_json(turn.slug, crossing))
    assert_never(crossing)
