"""A drift report as JSON, as `schemas/drift.schema.json` describes it. Stage 7."""

from __future__ import annotations

from typing import TypeAlias

from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.drift import Difference, DriftReport
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent, Json
from kaiten_sync.report.words import drift_counts

FORMAT_VERSION = 1
"""The version of this document's form."""

_Object: TypeAlias = dict[str, Json]


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
        "summary": {drift.value: number for drift, number in counts.items()},
        "differences": [_difference(difference) for difference in report.differences],
    }


def _difference(difference: Difference) -> _Object:
    return {
        "address": str(difference.address),
        "class": difference.drift.value,
        "effect": difference.effect.value,
        "fields": [_field(field) for field in difference.fields],
        "source": _source(difference.source),
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


def _source(source: SourceRef | None) -> Json:
    return None if source is None else {"file": source.file, "line": source.line}
