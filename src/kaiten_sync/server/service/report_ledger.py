"""The counters of one transaction of reports: read once, changed report by report, written once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from sqlalchemy import Connection

from kaiten_sync.licensing import Counter, Window
from kaiten_sync.server.db import usage_batch
from kaiten_sync.server.db.sums import add_counters
from kaiten_sync.server.db.usage import CounterState, GrantedUsage, ReportRow, UsagePair
from kaiten_sync.server.db.usage_batch import CounterRow
from kaiten_sync.server.db.usage_days import UsageDayRow
from kaiten_sync.server.service.events import PendingEvent, emit_all
from kaiten_sync.server.service.work import Work

Asked = tuple[Work, str, str, str | None]
"""What a report needs: its request, the slugs of instance and entitlement, and its key if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUsage:
    """A grant with its counter; None if nothing was ever reported."""

    granted: GrantedUsage
    counter: CounterState | None

    def after(
        self, window: Window | None, counter: Counter, counted: int, now_ms: int
    ) -> CounterRow:
        """The counter after so many more reports; `report_seq` has those of earlier windows too."""
        before = 0 if self.counter is None else self.counter.report_seq or 0
        return CounterRow(
            instance_id=self.granted.instance_id,
            entitlement_id=self.granted.entitlement_id,
            license_id=self.granted.license_id,
            value=counter.value,
            event_count=counter.event_count,
            period_start=window.start_ms if window else None,
            window_end=window.end_ms if window else None,
            report_seq=before + counted,
            updated_at=now_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedDay:
    """What reports add to a day; `highest` is the most that the counter has shown around them."""

    day: int
    accepted: int
    refused: int
    highest: float
    value: float
    period_start: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """All that one report leaves. Without a counter, the counter stays as it is."""

    counter: CounterRow | None
    day: CountedDay
    key: ReportRow | None
    events: Sequence[PendingEvent]


@dataclass(slots=True, kw_only=True)
class ReportLedger:
    """What reports in one transaction read and change.

    From `opened` until the transaction ends nobody else counts for any of its counters, and no
    instance and no entitlement in it is deleted.
    """

    connection: Connection | None
    organizations: dict[UsagePair, str]
    pairs: dict[tuple[str, str, str], UsagePair]
    stored: dict[UsagePair, StoredUsage]
    keys: dict[tuple[UsagePair, str], ReportRow]
    changed: dict[UsagePair, CounterRow] = field(default_factory=dict)
    created: set[UsagePair] = field(default_factory=set)
    days: dict[UsagePair, CountedDay] = field(default_factory=dict)
    new_keys: list[ReportRow] = field(default_factory=list)
    events: list[PendingEvent] = field(default_factory=list)

    @classmethod
    def opened(cls, asked: Collection[Asked]) -> Self:
        """The ledger of these reports, which share one transaction."""
        work = next((each[0] for each in asked), None)
        if work is None:
            return cls(connection=None, organizations={}, pairs={}, stored={}, keys={})
        connection = work.connection
        pairs = _find_pairs(connection, asked)
        wanted = set(pairs.values())
        usage_batch.take_turns(connection, wanted)
        # Only now: grants may have changed while the others had their turns.
        counted = usage_batch.find_counted(connection, wanted) if wanted else {}
        keys = {
            (pairs[place], key)
            for each, instance_slug, entitlement_slug, key in asked
            if key is not None
            and (place := (each.organization_id, instance_slug, entitlement_slug)) in pairs
        }
        return cls(
            connection=connection,
            organizations={pair: place[0] for place, pair in pairs.items()},
            pairs=pairs,
            stored={
                pair: StoredUsage(granted=row, counter=None if row.report_seq is None else row)
                for pair, row in counted.items()
            },
            keys=usage_batch.find_reports(connection, keys) if keys else {},
        )

    def find(
        self, organization_id: str, instance_slug: str, entitlement_slug: str
    ) -> tuple[UsagePair, StoredUsage] | None:
        """What is stored now; None if the instance's license does not grant the entitlement."""
        pair = self.pairs.get((organization_id, instance_slug, entitlement_slug))
        stored = None if pair is None else self.stored.get(pair)
        return None if pair is None or stored is None else (pair, stored)

    def earlier(self, pair: UsagePair, key: str) -> ReportRow | None:
        """The report that was counted under this key."""
        return self.keys.get((pair, key))

    def keep(self, pair: UsagePair, entry: LedgerEntry) -> None:
        """Keep what a report leaves, for the reports after it and to be written."""
        if entry.counter is not None:
            if self.stored[pair].counter is None:
                self.created.add(pair)
            self.changed[pair] = row = entry.counter
            state = CounterState(
                value=row.value,
                event_count=row.event_count,
                period_start=row.period_start,
                report_seq=row.report_seq,
            )
            self.stored[pair] = replace(self.stored[pair], counter=state)
        if entry.key is not None:
            self.keys[pair, entry.key.transaction_id] = entry.key
            self.new_keys.append(entry.key)
        before = self.days.get(pair)
        self.days[pair] = (
            entry.day
            if before is None
            else replace(
                entry.day,
                accepted=before.accepted + entry.day.accepted,
                refused=before.refused + entry.day.refused,
                highest=max(before.highest, entry.day.highest),
            )
        )
        self.events += entry.events

    def write(self) -> None:
        """Store everything."""
        if self.connection is None:
            return
        usage_batch.write_counters(self.connection, list(self.changed.values()))
        days = [
            UsageDayRow(
                instance_id=pair.instance_id,
                entitlement_id=pair.entitlement_id,
                day=counted.day,
                organization_id=self.organizations[pair],
                accepted=counted.accepted,
                refused=counted.refused,
                highest=counted.highest,
                value=counted.value,
                period_start=counted.period_start,
            )
            for pair, counted in self.days.items()
        ]
        usage_batch.count_days(self.connection, days)
        created = [(pair, self.changed[pair].license_id) for pair in self.created]
        add_counters(
            self.connection,
            [(self.organizations[pair], pair.entitlement_id, held, 1) for pair, held in created],
        )
        usage_batch.write_reports(self.connection, self.new_keys)
        emit_all(self.connection, self.events)


def _find_pairs(
    connection: Connection, asked: Collection[Asked]
) -> dict[tuple[str, str, str], UsagePair]:
    by_organization: dict[str, set[tuple[str, str]]] = {}
    for work, instance_slug, entitlement_slug, _ in asked:
        wanted = by_organization.setdefault(work.organization_id, set())
        wanted.add((instance_slug, entitlement_slug))
    return {
        (organization_id, *slugs): pair
        for organization_id, wanted in by_organization.items()
        for slugs, pair in usage_batch.find_pairs(connection, organization_id, wanted).items()
    }
