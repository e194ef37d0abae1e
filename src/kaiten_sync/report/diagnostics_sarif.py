"""Diagnostics as SARIF 2.1.0, which code scanning tools read. Stage 7."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TypeAlias
from urllib.parse import quote

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.rules import RULES
from kaiten_sync.model.value import Json

_Object: TypeAlias = dict[str, Json]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_VERSION = "2.1.0"
_TOOL = "kaiten-sync"


def render_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """One SARIF log with one run. Rules are listed once, in alphabetical order."""
    rules = sorted({diagnostic.rule for diagnostic in diagnostics})
    index = {rule: position for position, rule in enumerate(rules)}
    run: _Object = {
        "tool": {"driver": {"name": _TOOL, "rules": [_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, index) for diagnostic in diagnostics],
    }
    log: _Object = {"$schema": _SCHEMA, "version": _VERSION, "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: str) -> _Object:
    return {"id": rule, "shortDescription": {"text": RULES.get(rule, rule)}}


def _result(diagnostic: Diagnostic, index: Mapping[str, int]) -> _Object:
    address = f"{diagnostic.address}: " if diagnostic.address else ""
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    location: _Object = {"physicalLocation": _physical(diagnostic)}
    if diagnostic.address:
        location["logicalLocations"] = [{"fullyQualifiedName": diagnostic.address}]
    return {
        "ruleId": diagnostic.rule,
        "ruleIndex": index[diagnostic.rule],
        "level": diagnostic.severity.value,
        "message": {"text": f"{address}{diagnostic.message}{hint}"},
        "locations": [location],
    }


def _physical(diagnostic: Diagnostic) -> _Object:
    ref = diagnostic.ref
    region: _Object = {"startLine": ref.line, "startColumn": ref.column}
    return {"artifactLocation": {"uri": _uri(ref.file)}, "region": region}


def _uri(file: str) -> str:
    """A relative path as a relative URI, an absolute one as a file URI."""
    return PurePosixPath(file).as_uri() if file.startswith("/") else quote(file)
