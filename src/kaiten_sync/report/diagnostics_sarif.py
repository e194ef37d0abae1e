"""Diagnostics as SARIF. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.rules import RULES
from kaiten_sync.report.diagnostics_listed import listed
from kaiten_sync.report.sarif import SarifObject, sarif_log, sarif_place


def render_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """One SARIF log. Rules are listed once, in alphabetical order."""
    rules: dict[str, str] = {}
    results: list[SarifObject] = []
    for each in listed(diagnostics):
        rules[each.rule] = RULES.get(each.rule, each.rule)
        location: SarifObject = {}
        if each.ref:
            location["physicalLocation"] = sarif_place(each.ref)
        if each.address:
            location["logicalLocations"] = [{"fullyQualifiedName": each.address}]
        hint = f" ({each.hint})" if each.hint else ""
        results.append(
            {
                "ruleId": each.rule,
                "level": each.severity.value,
                "message": {"text": f"{each.headline}{hint}"},
                "locations": [location] if location else [],
            }
        )
    return sarif_log(rules, results)
