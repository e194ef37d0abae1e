"""What a plan leaves on the server and nothing manages now. Stage 7. It is said in every format."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.units import quantities
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import Absent, Json, Unit
from kaiten_sync.report.family_lines import FAMILIES_TITLE, family_lines
from kaiten_sync.report.moves import (
    STAYS_TITLE,
    TERMS_TITLE,
    WHERE_TITLE,
    nobody_moves,
    stay_lines,
    term_lines,
)
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.origin import Origin
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import amount_text, value_text

_LEFT_TITLE = "Left on the server; nothing manages it now:"

NO_WAY = "What differs cannot be changed as it is declared."
"""Instead of "No changes" in a plan that is empty because it is refused."""

_LIMIT = 20
"""Lines: a repository that gives up a whole kind has hundreds."""

_VALUE_LIMIT = 60
"""Characters of each value: all fields of an object share one line."""


class Note(Immutable, frozen=True):
    """A title, and the lines below it."""

    title: str
    lines: tuple[str, ...]


def notes_beside(plan: Plan) -> Iterator[Note]:
    """What a reader has to know beside the changes: what is sold, what is left, and who stays."""
    migration = plan.migration
    if sold := tuple(family_lines(plan)):
        yield Note(FAMILIES_TITLE, (*sold[:_LIMIT], *_more(len(sold))))
    if plan.left:
        lines: list[str] = []
        for each in plan.left[:_LIMIT]:
            pairs = (
                f"{name} {_text(name, value, each.unit)}" for name, value in each.fields.items()
            )
            values = safe_text(", ".join(pairs))
            lines.append(f"{safe_text(str(each.address))}: {values} ({safe_text(each.reason)})")
        yield Note(_LEFT_TITLE, (*lines, *_more(len(plan.left))))
    if migration is not None and plan.changes:
        yield Note(TERMS_TITLE, tuple(term_lines(plan, migration)))
    if migration is not None and migration.where is not None:
        yield Note(WHERE_TITLE, (safe_text(migration.where),))
    if migration is not None and migration.stays:
        yield Note(STAYS_TITLE, tuple(stay_lines(migration)))


def _text(name: str, value: Json | Absent, unit: Unit) -> str:
    if name in quantities():
        return amount_text(value, unit, _VALUE_LIMIT)
    return value_text(value, _VALUE_LIMIT)


def _more(count: int) -> Iterator[str]:
    if count > _LIMIT:
        yield f"and {count - _LIMIT:,} more"


def no_changes(plan: Plan, target: str, origin: Origin) -> str:
    """What follows "No changes" in a plan: that nothing differs, or only what was compared.

    `target` is how the target is named.
    """
    if plan.migration is not None:
        return nobody_moves(plan.migration)
    if origin is Origin.REVERT:
        return f"A revert has nothing to undo on {target}."
    if origin is Origin.FILE:
        return f"Applying this plan does nothing on {target}."
    verb = "has more than" if plan.has_differences else "matches"
    unmanaged = plan.summary.unmanaged
    others = f", {unmanaged:,} not managed" if unmanaged else ""
    compared = f"{counted(len(plan.managed), 'object')} compared{others}"
    return f"{target} {verb} the declaration ({compared})."
