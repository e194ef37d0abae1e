"""Whom a plan affects, as JSON. Stage 7."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from kaiten_sync.documents import to_json
from kaiten_sync.documents.impact import (
    ChangeImpactDocument,
    HolderImpactDocument,
    ImpactDocument,
    RaisedLimitDocument,
    SampleDocument,
    TotalsDocument,
)
from kaiten_sync.documents.parts import target_document
from kaiten_sync.model.impact import ChangeImpact, Impact, RaisedLimit, Sample, Standing
from kaiten_sync.model.value import UNLIMITED, Json
from kaiten_sync.report.impact_words import SHOWN


def impact_json(impact: Impact) -> Json:
    """The document of an impact."""
    return to_json(
        ImpactDocument(
            format_version=1,
            target=target_document(impact.target),
            plan_digest=impact.plan_digest,
            taken_at=utc_text(impact.taken_at),
            requests=impact.requests,
            budget=impact.budget,
            sampled=_sample(impact.sample),
            gap=impact.gap,
            changes=tuple(_change(each) for each in impact.changes),
            raised=tuple(_raised(each) for each in impact.raised),
            totals=TotalsDocument(
                holders=impact.holders,
                over=impact.count(Standing.OVER),
                near=impact.count(Standing.NEAR),
                loses=impact.count(Standing.LOSES),
                unknown=impact.count(Standing.UNKNOWN),
            ),
        )
    )


def _sample(sample: Sample | None) -> SampleDocument | None:
    if sample is None:
        return None
    return SampleDocument(
        size=sample.size, population=sample.population, margin=round(sample.margin, 1)
    )


def _change(change: ChangeImpact) -> ChangeImpactDocument:
    affected, standings = change.affected, change.standings
    return ChangeImpactDocument(
        address=str(affected.address),
        action=str(affected.action),
        version=affected.version,
        before=_limit(affected.before),
        after=_limit(affected.after),
        holders=change.holders,
        looked_at=len(change.looked_at),
        over=standings[Standing.OVER],
        near=standings[Standing.NEAR],
        loses=standings[Standing.LOSES],
        unknown=standings[Standing.UNKNOWN],
        within=standings[Standing.WITHIN],
        unaffected=standings[Standing.UNAFFECTED],
        worst=tuple(
            HolderImpactDocument(
                instance=each.instance,
                customer=each.customer or None,
                used=_plain(each.used),
                before=_limit(change.affected.before),
                after=_limit(change.affected.after),
                standing=each.standing,
                reaches=None if each.reaches is None else utc_text(each.reaches),
            )
            for each in change.looked_at[:SHOWN]
        ),
    )


def _raised(raised: RaisedLimit) -> RaisedLimitDocument:
    affected = raised.affected
    return RaisedLimitDocument(
        address=str(affected.address),
        version=affected.version,
        before=_limit(affected.before),
        after=_limit(affected.after),
        holders=raised.holders,
        looked_at=raised.looked_at,
        at_limit=raised.at_limit,
        refused=raised.refused,
    )


def _limit(value: float | None) -> float | str | None:
    return UNLIMITED if value is not None and math.isinf(value) else _plain(value)


def _plain(value: float | None) -> float | None:
    """A whole number without a fraction: 1000, not 1000.0."""
    return int(value) if value is not None and float(value).is_integer() else value


def utc_text(moment: datetime) -> str:
    """A moment for programs: `2026-01-31T12:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
