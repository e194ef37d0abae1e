"""Colors of the terminal. Stage 7. Only `rich` knows the codes, and only if there is color."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias

from kaiten_sync.model.change import Action, Effect
from kaiten_sync.model.diagnostic import Severity
from kaiten_sync.model.drift import Verdict
from kaiten_sync.model.outcome import Status

Paint: TypeAlias = Callable[[str, str], str]
"""Text and a style, such as `bold red`, to text for a terminal."""

# Names of styles and no codes: rich knows what a terminal can show. Words say all that color
# says, for whoever cannot see it and for logs.
TITLE = "bold"
QUIET = "dim"
GUTTER = "blue"
HELP = "green"
ACTION_STYLES: Mapping[Action, str] = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.DELETE: "red",
}
MOVE_STYLE = "cyan"
EFFECT_STYLES: Mapping[Effect, str] = {
    Effect.NEUTRAL: "",
    Effect.LOOSENS: "green",
    Effect.TIGHTENS: "bold yellow",
    Effect.BREAKS: "bold red",
}
DRIFT_STYLES: Mapping[Verdict, str] = {
    Verdict.CONFLICT: "bold red",
    Verdict.MISSING: "red",
    Verdict.SERVER_EDITED: "yellow",
    Verdict.CHANGED: "yellow",
    Verdict.GIT_AHEAD: "cyan",
    Verdict.UNMANAGED: "dim",
}
SEVERITY_STYLES: Mapping[Severity, str] = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.NOTE: "bold cyan",
}
STATUS_STYLES: Mapping[Status, str] = {
    Status.DONE: "green",
    Status.ALREADY_DONE: "dim",
    Status.FAILED: "bold red",
    Status.BLOCKED: "yellow",
    Status.LEFT: "yellow",
    Status.NOT_TRIED: "dim",
}


def painter(*, color: bool) -> Paint:
    """How to paint; without color, not at all."""
    return _painted if color else lambda text, _style: text


def cells(text: str) -> int:
    """Columns that text takes in a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # here: most texts are ASCII, and need no tables

    return cell_len(text)


def padded(text: str, columns: int) -> str:
    """Text and the spaces that fill its column."""
    return text + " " * (columns - cells(text))


def _painted(text: str, style: str) -> str:
    before, after = _around(style)
    # Codes around nothing would keep the blanks before them from being cut off.
    return f"{before}{text}{after}" if text else text


@cache
def _around(style: str) -> tuple[str, str]:
    """What rich puts before and after text. Text itself never passes through rich's markup."""
    from rich.color import ColorSystem
    from rich.style import Style

    mark = "x"
    before, _, after = (
        Style.parse(style).render(mark, color_system=ColorSystem.STANDARD).partition(mark)
    )
    return before, after
