"""A declaration with a hundred thousand mistakes: a report that can be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.support.command import kaiten_sync

from kaiten_sync.errors import DeclarationError, KaitenSyncError, RefusedError
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.source import SourceRef
from kaiten_sync.report.diagnostics_listed import LISTED, listed
from kaiten_sync.report.failure import failure_json, failure_text
from kaiten_sync.report.formats import DIAGNOSTICS
from kaiten_sync.report.views import Look

MANY = 20_000


def found(number: int, rule: str = "unknown-field", **more: object) -> Diagnostic:
    ref = SourceRef("c.yaml", number + 1, 1)
    return Diagnostic(rule=rule, message=f"no {number}", ref=ref, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("format_", DIAGNOSTICS)
def test_every_format_lists_some_hundreds_and_counts_the_rest(format_: str) -> None:
    diagnostics = [found(n, "unknown-field" if n % 2 else "wrong-type") for n in range(MANY)]
    text = DIAGNOSTICS[format_](diagnostics, Look())
    assert len(text) < 1_000 * LISTED
    assert "no 0" in text
    assert f"no {MANY - 1}" not in text
    for rule in ("unknown-field", "wrong-type"):
        assert f"{(MANY - LISTED) // 2:,} more of {rule} not listed" in text


def test_the_totals_count_all() -> None:
    diagnostics = [found(n) for n in range(MANY)]
    assert DIAGNOSTICS["text"](diagnostics, Look()).endswith(f"\n\n{MANY:,} errors in 1 file\n")
    assert json.loads(DIAGNOSTICS["json"](diagnostics, Look()))["errors"] == MANY


def test_errors_come_before_warnings_and_each_keeps_its_place() -> None:
    warnings = [found(n, "file-left-out", severity=Severity.WARNING) for n in range(MANY)]
    diagnostics: Sequence[Diagnostic] = [*warnings, found(MANY), found(MANY + 1)]
    shown = listed(diagnostics)
    assert len(shown) == LISTED + 1
    assert [each.message for each in shown[-3:-1]] == [f"no {MANY}", f"no {MANY + 1}"]
    assert (shown[-1].rule, shown[-1].severity) == ("file-left-out", Severity.WARNING)


def test_few_are_listed_as_they_are() -> None:
    diagnostics = [found(n) for n in range(LISTED)]
    assert list(listed(diagnostics)) == diagnostics


@pytest.mark.parametrize("format_", DIAGNOSTICS)
def test_texts_as_long_as_a_file_are_cut(format_: str) -> None:
    long = "x" * 1_000_000
    each = found(0, line_text=long, hint=long, address=long)
    diagnostics = [Diagnostic(rule=each.rule, message=long, ref=each.ref, line_text=long), each]
    assert len(DIAGNOSTICS[format_](diagnostics, Look())) < 10_000


@pytest.mark.parametrize("kind", [lambda _, found: DeclarationError(found), RefusedError])
def test_a_refusal_is_as_short_in_every_other_command(
    kind: Callable[[str, Sequence[Diagnostic]], KaitenSyncError],
) -> None:
    error = kind("refused", [found(n) for n in range(MANY)])
    assert len(failure_text(error, Look())) < 1_000 * LISTED
    assert len(json.dumps(failure_json(error, 3))) < 1_000 * LISTED


def test_a_file_of_megabytes_is_answered_in_kilobytes(tmp_path: Path) -> None:
    lines = [f"  g{n}: {{nme: x, dscription: text}}\n" for n in range(15_000)]
    (tmp_path / "c.yaml").write_text("version: 1\ngroups:\n" + "".join(lines))
    ended = kaiten_sync("validate", "c.yaml", "--format", "json", cwd=tmp_path)
    assert ended.code == 3
    assert ended.json["errors"] >= 30_000
    assert len(ended.stdout) < 500_000
