"""What `doctor` found out, for the terminal. Stage 7."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.errors import UnreachableError
from kaiten_sync.model.examination import Examination, Examined
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.paint import TITLE, painter
from kaiten_sync.report.safe_text import safe_text

_LABEL_WIDTH = 12
"""Characters: the longest label, `generation`, and two blanks."""


def doctor_text(examination: Examination, *, color: bool) -> str:
    """Every target: is it reached, what may the token do, which generation is it."""
    paint = painter(color=color)
    lines: list[str] = []
    for each in examination.targets:
        lines += [paint(f"{safe_text(each.name)} at {safe_text(each.url)}", TITLE)]
        lines += [f"  {label:{_LABEL_WIDTH}}{said}" for label, said in _rows(each)]
        lines += [""]
    fine = sum(each.is_fine for each in examination.targets)
    of = f"{fine} of {counted(len(examination.targets), 'target')}"
    asked = counted(examination.requests, "request")
    lines += [paint(f"Doctor: {of} can be planned. {asked}.", TITLE)]
    return "\n".join(lines) + "\n"


def _rows(each: Examined) -> Iterator[tuple[str, str]]:
    if each.rights is None and not each.requests:
        reached = "not asked"
    else:
        reached = "no" if isinstance(each.error, UnreachableError) else "yes"
    yield "reached", reached
    if each.rights is not None:
        generation = each.generation or "unknown: this token may not ask"
        yield (
            "generation",
            f"{generation} ({safe_text(each.source)})" if each.source else generation,
        )
        yield "token", ", ".join(sorted(map(str, each.rights.granted))) or "none of our scopes"
        reads, writes = (
            " and ".join(map(str, rights)) for rights in (each.rights.to_plan, each.rights.to_apply)
        )
        yield "plan", "yes" if each.rights.may_plan else f"no: it takes {reads}"
        yield "impact", "yes" if each.rights.sees_holders else "no: it takes read:instances"
        yield "apply", "yes" if each.rights.may_apply else f"no: it takes {writes}"
    if each.error is not None:
        yield "error", safe_text(each.error.message)
        if each.error.hint:
            yield "help", safe_text(each.error.hint)
