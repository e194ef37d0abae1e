"""SARIF 2.1.0, which code scanning tools read. Stage 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import Json
from kaiten_sync.report.safe_text import json_text

SarifObject: TypeAlias = dict[str, Json]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif_log(
    rules: Mapping[str, str],
    results: Sequence[SarifObject],
    failures: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> str:
    """One log with one run. `rules` gives the text of each rule that the results name.

    `failures` are why the results are not all that there is, and `notes` what else is not known.
    """
    # Results name a rule by its place in the list as well, so its order must not change between.
    known = sorted(rules)
    index = {rule: position for position, rule in enumerate(known)}
    run: SarifObject = {
        "tool": {
            "driver": {
                "name": "kaiten-sync",
                "rules": [{"id": r, "shortDescription": {"text": rules[r]}} for r in known],
            }
        },
        # As our places count columns.
        "columnKind": "unicodeCodePoints",
        "results": [{**each, "ruleIndex": index[str(each["ruleId"])]} for each in results],
    }
    said = [*(("error", each) for each in failures), *(("note", each) for each in notes)]
    if said:
        run["invocations"] = [
            {
                "executionSuccessful": not failures,
                "toolExecutionNotifications": [
                    {"level": level, "message": {"text": text}} for level, text in said
                ],
            }
        ]
    log: SarifObject = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(log)


def sarif_place(ref: SourceRef) -> SarifObject:
    """A place in a file."""
    region: SarifObject = {"startLine": ref.line, "startColumn": ref.column}
    uri = Path(ref.file).as_uri() if ref.file.startswith("/") else quote(ref.file)
    return {"artifactLocation": {"uri": uri}, "region": region}
