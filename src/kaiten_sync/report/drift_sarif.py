"""Drift reports as SARIF: each difference at the line that declares it. Stage 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaiten_sync.model.drift import Difference, DriftReport, Verdict
from kaiten_sync.report.drift_text import notes_on
from kaiten_sync.report.field_rows import field_rows, place_of
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.sarif import SarifObject, sarif_log, sarif_place
from kaiten_sync.report.words import DRIFT_WORDS

_RULES: Mapping[Verdict, str] = {
    Verdict.CONFLICT: "Git and the server both changed since the plan was agreed",
    Verdict.MISSING: "Declared, and not on the server",
    Verdict.SERVER_EDITED: "Somebody changed it on the server since the plan was agreed",
    Verdict.CHANGED: "The server has something else than what is declared",
    Verdict.GIT_AHEAD: "Declared, and not applied yet",
    Verdict.UNMANAGED: "On the server, and not declared",
}
_LEVELS = {Verdict.GIT_AHEAD: "note", Verdict.CONFLICT: "error"}


def drift_sarif(reports: Sequence[DriftReport]) -> str:
    """One log of one or several targets."""
    found = [(report, each) for report in reports for each in report.differences]
    rules = {_rule(each.verdict): _RULES[each.verdict] for _, each in found}
    return sarif_log(rules, [_result(report, each) for report, each in found])


def _rule(verdict: Verdict) -> str:
    return f"drift/{verdict.value}"


def _result(report: DriftReport, difference: Difference) -> SarifObject:
    name = safe_text(str(difference.address))
    location: SarifObject = {"logicalLocations": [{"fullyQualifiedName": name}]}
    places = (field.source for field in difference.fields if field.source is not None)
    place = next(places, difference.source)
    if place is not None:
        location["physicalLocation"] = sarif_place(place)
    # The location says where; only the message can say through what.
    is_inherited = place is not None and bool(place.through)
    way = [place_of(place, ())] if is_inherited else []
    rows = [
        row.side_by_side
        for row in field_rows(difference.fields, agreed=difference.agreed, units=difference.units)
    ]
    word = DRIFT_WORDS[difference.verdict]
    head = f"{difference.subject}: {word} on {report.target.name}"
    return {
        "ruleId": _rule(difference.verdict),
        "level": _LEVELS.get(difference.verdict, "warning") if difference.is_drift else "note",
        "message": {"text": safe_text("; ".join([head, *way, *rows, *notes_on(difference)]))},
        "locations": [location],
    }
