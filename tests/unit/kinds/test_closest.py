"""Hints at what was mistyped: bounded, whatever a file says, and each of a person's mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kaiten_sync.kinds import closest
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.pipeline import CatalogSource, validate

MISTAKES = 20
KNOWN = range(MISTAKES)
HEAD = "version: 1\nentitlements:\n" + "".join(
    f"  known-{n}: {{name: K, type: BOOLEAN}}\n" for n in KNOWN
)


def references() -> tuple[str, str]:
    grants = ", ".join(f"knwon-{n}: true" for n in KNOWN)
    return f"{HEAD}licenses:\n  pro: {{name: P, type: PAID, entitlements: {{{grants}}}}}\n", ""


def extended() -> tuple[str, str]:
    names = ", ".join(f"bsae-{n}" for n in KNOWN)
    bundles = "".join(f"  base-{n}: {{entitlements: {{known-{n}: true}}}}\n" for n in KNOWN)
    license_ = f"licenses:\n  pro: {{name: P, type: PAID, extends: [{names}]}}\n"
    return f"{HEAD}bundles:\n{bundles}{license_}", ""


def removed_by_an_overlay() -> tuple[str, str]:
    return HEAD, "version: 1\nentitlements:\n" + "".join(f"  knwon-{n}: null\n" for n in KNOWN)


@pytest.mark.parametrize("written", [references, extended, removed_by_an_overlay])
def test_a_flood_of_unknown_words_is_counted_and_not_compared(
    written: Callable[[], tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = diagnostics(tmp_path, *written())
    assert len([each for each in found if "did you mean" in (each.hint or "")]) == MISTAKES

    monkeypatch.setattr(closest, "COMPARISONS", 3 * MISTAKES)
    found = diagnostics(tmp_path, *written())

    assert len(found) == MISTAKES
    assert 1 <= len([each for each in found if "did you mean" in (each.hint or "")]) <= 3
    assert all(each.hint for each in found)


def test_a_word_that_no_slug_can_be_is_compared_with_nothing() -> None:
    assert closest.did_you_mean("a" * 1_000_000, ["a" * 999_999, "b"]) is None
    assert closest.did_you_mean("seats", ["seats", "seat", "c" * 1000]) == "did you mean 'seat'?"


@pytest.mark.parametrize("word", ["month", "Month", "MONTH_", "mnoth"])
def test_a_word_in_another_case_is_meant(word: str) -> None:
    assert closest.did_you_mean(word, ["DAY", "MONTH"]) == "did you mean 'MONTH'?"


def diagnostics(folder: Path, base: str, overlay: str) -> list[Diagnostic]:
    (folder / "base.yaml").write_text(base)
    (folder / "over.yaml").write_text(overlay)
    overlays = ("over.yaml",) if overlay else ()
    _, found = validate(CatalogSource(root=folder, catalog=("base.yaml",), overlays=overlays))
    return list(found)
