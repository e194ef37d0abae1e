"""Drift reports as JSON. Stage 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaiten_sync.documents import property_of, to_json
from kaiten_sync.documents.drift import (
    AttributionDocument,
    DifferenceDocument,
    DriftDocument,
    DriftFieldDocument,
    DriftInnerDocument,
    DriftsDocument,
    DriftSummaryDocument,
    FailureDocument,
)
from kaiten_sync.documents.parts import ErrorDocument, source_document, target_document
from kaiten_sync.model.drift import Difference, DriftClass, DriftReport, Verdict
from kaiten_sync.model.value import ABSENT, Json
from kaiten_sync.report.next_steps import next_steps
from kaiten_sync.report.words import drift_counts


def drifts_json(
    reports: Sequence[DriftReport], failed: Mapping[str, ErrorDocument]
) -> dict[str, Json]:
    """Several targets in one document. `failed` is the error of each that could not be read."""
    return to_json(
        DriftsDocument(
            format_version=1,
            has_drift=any(report.has_drift for report in reports),
            reports=tuple(_document(report) for report in reports),
            failed=tuple(FailureDocument(target=name, error=e) for name, e in failed.items()),
        )
    )


def drift_json(report: DriftReport) -> dict[str, Json]:
    """Every key is always there, null if nothing is known; only the sides of a field may be absent.

    A side that is absent is a field that is not there, or not known; null is a value.
    """
    return to_json(_document(report))


def _document(report: DriftReport) -> DriftDocument:
    counts = drift_counts(report.differences)
    return DriftDocument(
        format_version=1,
        target=target_document(report.target),
        has_drift=report.has_drift,
        compared=report.compared,
        agreed=report.agreed,
        unknown=report.unknown,
        summary=DriftSummaryDocument(
            conflict=counts[Verdict.CONFLICT],
            missing=counts[Verdict.MISSING],
            server_edited=counts[Verdict.SERVER_EDITED],
            changed=counts[Verdict.CHANGED],
            git_ahead=counts[Verdict.GIT_AHEAD],
            unmanaged=counts[Verdict.UNMANAGED],
        ),
        differences=tuple(_difference(difference, report) for difference in report.differences),
    )


def _difference(difference: Difference, report: DriftReport) -> DifferenceDocument:
    who = difference.declared_by
    if who is None or who.is_cut_off:
        declared_by = None
    else:
        declared_by = AttributionDocument(commit=who.commit, author=who.author, date=who.date)
    return DifferenceDocument(
        address=str(difference.address),
        verdict=difference.verdict,
        is_declared=difference.drift is not DriftClass.UNMANAGED,
        is_live=difference.drift is not DriftClass.MISSING,
        effect=difference.effect,
        is_drift=difference.is_drift,
        fields=tuple(
            DriftFieldDocument(
                name=field.name,
                effect=field.effect,
                source=source_document(field.source),
                inner=tuple(
                    DriftInnerDocument(
                        path=each.path, live=property_of(each.before), git=property_of(each.after)
                    )
                    for each in field.inner
                ),
                live=property_of(field.before),
                git=property_of(field.after),
                agreed=property_of((difference.agreed or {}).get(field.name, ABSENT)),
            )
            for field in difference.fields
        ),
        source=source_document(difference.source),
        server_edited=difference.server_edited,
        declared_by=declared_by,
        commands=dict(next_steps(difference, report)),
        updated_at=difference.updated_at,
        updated_by=difference.updated_by,
        version=property_of(difference.version, absent=None),
    )
