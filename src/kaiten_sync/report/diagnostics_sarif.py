"""Diagnostics as SARIF. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.rules import RULES
from kaiten_sync.report.diagnostics_listed import listed
from kaiten_sync.report.sarif import SarifObject, sarif_log, sarif_place


def render_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """One SARIF log. Rules are listed once, in alphabetical order."""
    shown = listed(diagnostics)
    rules = {diagnostic.rule: RULES.get(diagnostic.rule, diagnostic.rule) for diagnostic in shown}
    return sarif_log(rules, [_result(diagnostic) for diagnostic in shown])


def _result(diagnostic: Diagnostic) -> SarifObject:
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    location: SarifObject = {}
    if diagnostic.ref:
        location["physicalLocation"] = sarif_place(diagnostic.ref)
    if diagnostic.address:
        location["logicalLocations"] = [{"fullyQualifiedName": diagnostic.address}]
    return {
        "ruleId": diagnostic.rule,
        "level": diagnostic.severity.value,
        "message": {"text": f"{diagnostic.headline}{hint}"},
        "locations": [location] if location else [],
    }
