"""Drift reports as one HTML file that needs nothing else. Stage 7. Riskiest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.drift import Difference, DriftReport
from kaiten_sync.report.drift_text import no_drift, notes_on
from kaiten_sync.report.failure import reasons_of
from kaiten_sync.report.field_rows import FieldRow, field_rows, place_of, with_word
from kaiten_sync.report.next_steps import next_steps
from kaiten_sync.report.pages import NAME_LIMIT, VALUE_LIMIT, template
from kaiten_sync.report.risk import drift_riskiest_first
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.side_by_side import side_by_side
from kaiten_sync.report.values import cut
from kaiten_sync.report.words import DRIFT_SYMBOLS, DRIFT_WORDS, drift_summary

if TYPE_CHECKING:
    from kaiten_sync.documents.parts import ErrorDocument


class _Step(Immutable, frozen=True, kw_only=True):
    word: str
    command: str


class _DriftCard(Immutable, frozen=True, kw_only=True):
    """One difference, ready to be shown."""

    verdict: str
    symbol: str
    word: str
    address: str
    rows: tuple[FieldRow, ...]
    notes: tuple[str, ...]
    steps: tuple[_Step, ...]


class _Part(Immutable, frozen=True, kw_only=True):
    target: str
    url: str
    summary: str
    unknown: tuple[str, ...]
    cards: tuple[_DriftCard, ...]


class _Failed(Immutable, frozen=True, kw_only=True):
    target: str
    why: str
    reasons: Sequence[str]


def drift_html(
    reports: Sequence[DriftReport], failed: Mapping[str, ErrorDocument] = MappingProxyType({})
) -> str:
    """A whole page of one or several targets: no scripts, no assets, as narrow as a phone.

    `failed` are the targets that could not be read.
    """
    targets = (*(report.target.name for report in reports), *failed)
    names = ", ".join(cut(safe_text(target), NAME_LIMIT) for target in targets)
    # One target has nothing beside it, and targets without differences have nothing to show.
    is_worth_it = len(reports) > 1 and any(report.differences for report in reports)
    return template("drift.html").render(
        title=f"Drift of {names}",
        matrix=side_by_side(reports) if is_worth_it else None,
        parts=[
            _Part(
                target=cut(safe_text(report.target.name), NAME_LIMIT),
                url=cut(safe_text(report.target.url), NAME_LIMIT),
                summary=drift_summary(report.differences, report.compared)
                if report.has_drift
                else f"No drift. {no_drift(report)}",
                unknown=tuple(safe_text(gap) for gap in report.unknown),
                cards=tuple(
                    _card(each, report) for each in drift_riskiest_first(report.differences)
                ),
            )
            for report in reports
        ],
        failed=[
            _Failed(
                target=cut(safe_text(target), NAME_LIMIT),
                why=safe_text(error.message),
                reasons=reasons_of(error),
            )
            for target, error in failed.items()
        ],
    )


def _card(difference: Difference, report: DriftReport) -> _DriftCard:
    place = place_of(difference.source, difference.fields)
    notes = [*([with_word(place, "at") + place] if place else []), *notes_on(difference)]
    return _DriftCard(
        verdict=difference.verdict.value,
        symbol=DRIFT_SYMBOLS[difference.verdict],
        word=DRIFT_WORDS[difference.verdict],
        address=cut(safe_text(difference.subject), NAME_LIMIT),
        rows=tuple(
            field_rows(difference.fields, VALUE_LIMIT, difference.agreed, units=difference.units)
        ),
        notes=tuple(cut(note, VALUE_LIMIT) for note in notes),
        steps=tuple(
            _Step(word=word, command=cut(safe_text(command), VALUE_LIMIT))
            for word, command in next_steps(difference, report)
        ),
    )
