"""Drift reports as SARIF: each difference at the line that declares it. Stage 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from kaiten_sync.model.drift import DriftReport, Verdict
from kaiten_sync.report.drift_text import notes_on
from kaiten_sync.report.failure import reasons_of
from kaiten_sync.report.field_rows import field_rows, place_of
from kaiten_sync.report.next_steps import next_steps
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.sarif import SarifObject, sarif_log, sarif_place
from kaiten_sync.report.words import DRIFT_WORDS

if TYPE_CHECKING:
    from kaiten_sync.documents.parts import ErrorDocument

_RULES: Mapping[Verdict, str] = {
    Verdict.CONFLICT: "Git and the server both changed since the plan was agreed",
    Verdict.MISSING: "Declared, and not on the server",
    Verdict.SERVER_EDITED: "Changed on the server since the plan was agreed",
    Verdict.CHANGED: "The server has something else than what is declared",
    Verdict.GIT_AHEAD: "Declared, and not applied yet or undone since",
    Verdict.UNMANAGED: "On the server, and not declared",
}
# All other drift is a warning: somebody has to look.
_LEVELS = {Verdict.GIT_AHEAD: "note", Verdict.CONFLICT: "error"}


def drift_sarif(
    reports: Sequence[DriftReport], failed: Mapping[str, ErrorDocument] = MappingProxyType({})
) -> str:
    """One log of one or several targets; `failed` are those that could not be read."""
    rules: dict[str, str] = {}
    results: list[SarifObject] = []
    found = [(report, each) for report in reports for each in report.differences]
    for report, each in found:
        rule = f"drift/{each.verdict.value}"
        rules[rule] = _RULES[each.verdict]
        name = safe_text(str(each.address))
        location: SarifObject = {"logicalLocations": [{"fullyQualifiedName": name}]}
        places = (field.source for field in each.fields if field.source is not None)
        place = next(places, each.source)
        if place is not None:
            location["physicalLocation"] = sarif_place(place)
        # The location says where; only the message can say through what.
        way = [place_of(place, ())] if place is not None and place.through else []
        rows = field_rows(each.fields, agreed=each.agreed, units=each.units)
        head = f"{each.subject}: {DRIFT_WORDS[each.verdict]} on {report.target.name}"
        steps = (f"{word}: {command}" for word, command in next_steps(each, report))
        said = [head, *way, *(row.side_by_side for row in rows), *notes_on(each), *steps]
        results.append(
            {
                "ruleId": rule,
                "level": _LEVELS.get(each.verdict, "warning") if each.is_drift else "note",
                "message": {"text": safe_text("; ".join(said))},
                "locations": [location],
            }
        )
    failures = [
        "; ".join([safe_text(f"{name}: {error.message}"), *reasons_of(error)])
        for name, error in failed.items()
    ]
    notes = [
        safe_text(f"{report.target.name}: {gap}") for report in reports for gap in report.unknown
    ]
    return sarif_log(rules, results, failures, notes)
