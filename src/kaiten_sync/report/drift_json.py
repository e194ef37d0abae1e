"""A drift report as JSON, as `schemas/drift.schema.json` describes it. Stage 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from kaiten_sync.model.attribution import Attribution
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.drift import Difference, DriftClass, DriftReport
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent, Json
from kaiten_sync.report.next_steps import next_steps
from kaiten_sync.report.words import drift_counts

FORMAT_VERSION = 1
"""The version of this document's form."""

_Object: TypeAlias = dict[str, Json]


def drifts_json(reports: Sequence[DriftReport], failed: Mapping[str, _Object]) -> _Object:
    """Several targets in one document. `failed` is the error of each that could not be read."""
    return {
        "formatVersion": FORMAT_VERSION,
        "hasDrift": any(report.has_drift for report in reports),
        "reports": [drift_json(report) for report in reports],
        "failed": [{"target": name, "error": error} for name, error in failed.items()],
    }


def drift_json(report: DriftReport) -> _Object:
    """Every key is always there, null where nothing is known; only `live` and `git` may be absent.

    A side that is absent is a field that is not there; null is a value.
    """
    counts = drift_counts(report.differences)
    return {
        "formatVersion": FORMAT_VERSION,
        "target": {"name": report.target.name, "url": report.target.url},
        "hasDrift": report.has_drift,
        "compared": report.compared,
        "agreed": report.agreed,
        "unknown": list(report.unknown),
        "summary": {verdict.value: number for verdict, number in counts.items()},
        "differences": [_difference(difference, report) for difference in report.differences],
    }


def _difference(difference: Difference, report: DriftReport) -> _Object:
    return {
        "address": str(difference.address),
        "class": difference.verdict.value,
        "isDeclared": difference.drift is not DriftClass.UNMANAGED,
        "isLive": difference.drift is not DriftClass.MISSING,
        "effect": difference.effect.value,
        "fields": [_field(field) for field in difference.fields],
        "source": _source(difference.source),
        "serverEdited": _names(difference.server_edited),
        "declaredBy": _attribution(difference.declared_by),
        "commands": dict(next_steps(difference, report)),
        "updatedAt": difference.updated_at,
        "updatedBy": difference.updated_by,
    }


def _field(field: FieldChange) -> _Object:
    return {
        "name": field.name,
        "effect": field.effect.value,
        "source": _source(field.source),
        "inner": [
            {"path": inner.path, **_sides(inner.before, inner.after)} for inner in field.inner
        ],
        **_sides(field.before, field.after),
    }


def _sides(live: Json | Absent, git: Json | Absent) -> _Object:
    return {key: value for key, value in (("live", live), ("git", git)) if value is not ABSENT}


def _names(names: tuple[str, ...] | None) -> Json:
    return None if names is None else list(names)


def _attribution(who: Attribution | None) -> Json:
    if who is None or who.is_cut_off:
        return None
    return {"commit": who.commit, "author": who.author, "date": who.date}


def _source(source: SourceRef | None) -> Json:
    return None if source is None else {"file": source.file, "line": source.line}
