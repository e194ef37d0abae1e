r"""Text from outside, made harmless. Stage 7.

Names, messages and addresses come from servers and files that others write. Nothing in them may
move a cursor, change a color, reverse the reading direction, start a new line, or be taken for a
command by a CI system that reads the log.

`safe_text` is for text that a person reads, `safe_json` for JSON, where the same characters are
written as `\u....` and so keep their meaning. Markdown and GitHub's workflow commands add their
own escapes to it (`markdown`, `workflow_command`).
"""

from __future__ import annotations

import json
import re

from kaiten_sync.licensing import isolated
from kaiten_sync.model.value import Json

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colors, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]"
)
"""Terminal escape sequences. Source: ECMA-48, sections 5.3 to 5.6."""

_LOG_COMMAND = re.compile(r"^( *):(?=:)|##(\w*)\[")
"""Commands to CI systems in a line of the log.

`::` counts at the start of a line, `##[` anywhere; `##vso[` is Azure's, `##teamcity[` TeamCity's.
Source: actions/runner, `src/Runner.Common/ActionCommand.cs` (`TryParseV2`, `TryParse`).
"""

_ISOLATED = re.compile("(\u2068[^\u2066-\u2069]*\u2069)")
_REPLACEMENT = "�"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""A byte of a name that is not UTF-8. No reader of JSON has to accept half of a character."""


def safe_text(text: str, *, in_place: bool = False) -> str:
    """Text on one line that only shows characters.

    Escape sequences are removed; other whitespace becomes a space; a character that is invisible
    or acts on its neighbors (controls, bidirectional overrides, lone surrogates), or makes a
    command to a CI system of them, becomes `�`. What `isolated` has put around a text stays. With
    `in_place` every character stays in its column: tabs stay, and of an escape sequence only the
    first character is replaced.
    """
    if in_place:
        text = _shown(text, kept="\t")
    elif not text.isprintable():
        pieces = _ISOLATED.split(_ESCAPE_SEQUENCE.sub("", text))
        # Every other piece was captured: it is an isolate.
        pieces[1::2] = map(_isolate, pieces[1::2])
        pieces[::2] = map(_shown, pieces[::2])
        text = "".join(pieces)
    return _LOG_COMMAND.sub(_disarmed, text)


def escaped(text: str) -> str:
    r"""The content of a JSON string on one line: what `safe_text` would change is `\u....`."""
    return safe_json(json.dumps(text, ensure_ascii=False)[1:-1])


def safe_json(text: str) -> str:
    r"""JSON text in which every character can be seen, the others as `\u....`; same meaning."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        seen = line
        if not line.isprintable():
            whole = _LONE_SURROGATE.sub(_REPLACEMENT, line)
            seen = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in whole)
        # Commands like `##[` count anywhere in a line.
        lines[number] = re.sub(r"##(?=\w*\[)", r"#\\u0023", seen) if "##" in seen else seen
    return "\n".join(lines)


def json_text(document: Json) -> str:
    """A JSON document for standard output: indented, with a line feed at the end."""
    return safe_json(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _shown(text: str, kept: str = "") -> str:
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in kept else " " if c.isspace() else _REPLACEMENT for c in text
    )


def _isolate(text: str) -> str:
    inside = _shown(text[1:-1])
    shown = isolated(inside)
    return _shown(text) if shown == inside else shown


def _disarmed(command: re.Match[str]) -> str:
    spaces, word = command.groups()
    return f"{spaces}{_REPLACEMENT}" if word is None else f"##{word}{_REPLACEMENT}"
