"""Diagnostics as SARIF. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.rules import RULES
from kaiten_sync.report.sarif import SarifObject, sarif_log, sarif_place


def render_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """One SARIF log. Rules are listed once, in alphabetical order."""
    rules = {
        diagnostic.rule: RULES.get(diagnostic.rule, diagnostic.rule) for diagnostic in diagnostics
    }
    return sarif_log(rules, [_result(diagnostic) for diagnostic in diagnostics])


def _result(diagnostic: Diagnostic) -> SarifObject:
    address = f"{diagnostic.address}: " if diagnostic.address else ""
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    ref = diagnostic.ref
    location: SarifObject = {"physicalLocation": sarif_place(ref.file, ref.line, ref.column)}
    if diagnostic.address:
        location["logicalLocations"] = [{"fullyQualifiedName": diagnostic.address}]
    return {
        "ruleId": diagnostic.rule,
        "level": diagnostic.severity.value,
        "message": {"text": f"{address}{diagnostic.message}{hint}"},
        "locations": [location],
    }
