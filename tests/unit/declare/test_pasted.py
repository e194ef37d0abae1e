"""What was pasted with marks around it: one finding, at the first line that is not of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaiten_sync.pipeline import CatalogSource, read_project, validate

LINES = (
    "version: 1",
    "entitlements:",
    "  calls: {name: Calls, type: NUMBER}",
    "  sso:",
    "    name: Single sign-on",
    "    type: BOOLEAN",
)


def plus(*numbers: int, sign: str = "+") -> str:
    return "\n".join(f"{sign}{line}" if n in numbers else line for n, line in enumerate(LINES, 1))


def before(number: int, *more: str) -> str:
    return "\n".join((*LINES[: number - 1], *more, *LINES[number - 1 :]))


PASTED = {
    "an added file": (plus(*range(1, 7)), 1),
    "a first line": (plus(1), 1),
    "a removed first line": (plus(1, sign="-"), 1),
    "a section": (plus(2), 2),
    "a line in between": (plus(5), 5),
    "a removed and an added line": (before(5, "-    name: SSO", "+    name: SSO 2"), 6),
    "a hunk": (before(4, "@@ -4,3 +4,3 @@ entitlements:"), 4),
    "a whole diff": (before(1, "diff --git a/c.yaml b/c.yaml", "--- a/c.yaml"), 1),
    "a diff without git": (before(1, "--- a/c.yaml", "+++ b/c.yaml", "@@ -1 +1 @@"), 1),
    "markdown": (before(1, "```yaml") + "\n```\n", 1),
}
LEFT_OVER = {
    "the beginning": (before(5, "<<<<<<< HEAD"), 5),
    "the middle": (before(5, "======="), 5),
    "the end": (before(5, ">>>>>>> branch"), 5),
    "the base": (before(5, "||||||| 1234567"), 5),
    "all but the beginning": (before(5, "=======", "    name: SSO", ">>>>>>> branch"), 5),
    "indented": (before(5, "    <<<<<<< HEAD", "    name: SSO", "    =======", "    x: 1"), 5),
}
NOT_PASTED = {
    "a list where a map belongs": before(4, "- sso"),
    "a syntax error beside a list": "groups:\n-   a\n-  b\nlicenses: {\n",
    "a document with a bracket too many": "--- {version: 1}}\n",
    "an underlined heading in a text": before(
        4, "  a:", "    description: |", "      Calls", "      =======", "    type: ["
    ),
    "a text with such lines": before(4, "  a: {name: A, type: NUMBER, description: '", "   +b'}"),
}


@pytest.mark.parametrize(("text", "line"), PASTED.values(), ids=PASTED)
@pytest.mark.parametrize("name", ["c.yaml", "kaiten-sync.yaml"])
def test_a_pasted_mark_is_one_finding(name: str, text: str, line: int, tmp_path: Path) -> None:
    assert findings(name, text, tmp_path) == [("pasted-text", line)]


@pytest.mark.parametrize(("text", "line"), LEFT_OVER.values(), ids=LEFT_OVER)
def test_half_a_conflict_is_one_finding(text: str, line: int, tmp_path: Path) -> None:
    assert findings("c.yaml", text, tmp_path) == [("merge-conflict", line)]


@pytest.mark.parametrize("text", NOT_PASTED.values(), ids=NOT_PASTED)
def test_other_mistakes_are_what_they_are(text: str, tmp_path: Path) -> None:
    rules = {rule for rule, _ in findings("c.yaml", text, tmp_path)}
    assert not rules & {"pasted-text", "merge-conflict"}


def findings(name: str, text: str, folder: Path) -> list[tuple[str, int]]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    if name == "c.yaml":
        _, found = validate(CatalogSource(root=folder, catalog=(name,)))
    else:
        _, found = read_project(path)
    return [(each.rule, each.ref.line if each.ref else 0) for each in found]
