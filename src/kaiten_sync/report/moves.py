"""What is said of a migration in every format. Stage 7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kaiten_sync.effects import grants_seen, terms
from kaiten_sync.kinds.addresses import grant_address
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.instance import HELD
from kaiten_sync.kinds.units import unit_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Effect
from kaiten_sync.model.migration import Migration, Stays
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import ABSENT, Fields, Unit, is_number
from kaiten_sync.pricing import known_in_plan
from kaiten_sync.report.impact_words import number_text
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import pair_texts

STAYS_TITLE = "These holders stay where they are:"
WHERE_TITLE = "Only holders of whom this is true:"
TERMS_TITLE = "What the versions grant differently:"

_WORDS = {
    Stays.OVER: "would be over a limit",
    Stays.LOSES: "would lose something",
    Stays.UNKNOWN: "may be over a limit, which is not certain",
    Stays.SKIPPED: "left by name (--skip)",
    Stays.NOT_CHOSEN: "not chosen by --where",
    Stays.LATER: "comes with a later wave",
}
_ORDER = list(_WORDS)
_LIMIT = 20
"""Lines: the plan file names everybody."""

_TERMS_LIMIT = 30
"""Grants of a version that are named."""

_VALUE_LIMIT = 60
"""Characters of each value."""

_MARKS = {Effect.TIGHTENS: " ▼", Effect.LOOSENS: " ▲"}
_NONE = "none"


def stay_lines(migration: Migration) -> Iterator[str]:
    """A line for each holder that stays, those who come later last."""
    # Whoever would lose something first: a later wave needs no attention.
    ordered = sorted(migration.stays, key=lambda each: _ORDER.index(each.why))
    for each in ordered[:_LIMIT]:
        held = f"{HELD} {safe_text(each.version)}"
        yield f"{safe_text(str(each.address))}: {_WORDS[each.why]} ({held})"
    if len(ordered) > _LIMIT:
        yield f"and {len(ordered) - _LIMIT:,} more; the plan file names all"


def term_lines(plan: Plan, migration: Migration) -> Iterator[str]:
    """A line for each version that holders leave: `growth-v2 → growth-v3: seats 10 → 5 ▼`.

    Where not all can be named, those come first that take something away.
    """
    granted = grants_seen(plan)
    known, _ = known_in_plan(plan)
    # Of versions that somebody leaves in this wave: the others are no news yet.
    for version in sorted({str(change.fields[0].before) for change in plan.changes}):
        before = granted[Address(migration.to.kind, version)]
        after = granted[migration.to]
        differ = [each for each in terms(before, after) if each.before != each.after]
        if left := max(0, len(differ) - _TERMS_LIMIT):
            differ.sort(key=lambda each: not each.effect.is_harmful)
        shown = [
            f"{safe_text(each.entitlement)} {_granted(each.before, unit)}"
            f" → {_granted(each.after, unit)}{_MARKS.get(each.effect, '')}"
            for each in differ[:_TERMS_LIMIT]
            for unit in [unit_of(grant_address(version, each.entitlement), known)]
        ]
        more = f" and {left:,} more" if left else ""
        what = ", ".join(shown) + more or "nothing"
        yield f"{safe_text(version)} → {safe_text(migration.to.slug)}: {what}"


def moves_summary(plan: Plan, migration: Migration, harm: str) -> str:
    """`2 of 9 holders to move to growth-v3`, then `harm`, who stays, and the cost."""
    counts = Counter(each.why for each in migration.stays)
    stays = ", ".join(f"{counts[why]:,} {why}" for why in _ORDER if counts[why])
    all_holders = counted(migration.holders, "holder")
    parts = [
        f"{len(plan.changes):,} of {all_holders} to move to {safe_text(migration.to.slug)}",
        harm,
        f"{len(migration.stays):,} to stay: {stays}" if stays else "",
        counted(plan.requests, "request"),
    ]
    return " ".join(f"{part}." for part in parts if part)


def nobody_moves(migration: Migration) -> str:
    """What follows "No changes" in a migration."""
    if not migration.holders:
        return f"No instance holds another version of {safe_text(migration.family)}."
    return (
        f"None of {counted(migration.holders, 'holder')} moves to {safe_text(migration.to.slug)}."
    )


def _granted(fields: Fields | None, unit: Unit) -> str:
    """`1,000`, or `1,000 +20%` if usage may go beyond it."""
    if fields is None:
        return _NONE
    name, above = GRANT.limited_by
    value = fields.get(name, ABSENT)
    if is_number(value):
        text: str | None = number_text(value, unit)
    else:
        text, _ = pair_texts(value, ABSENT, _VALUE_LIMIT)
    percent = fields.get(above)
    soft = f" +{percent}%" if isinstance(percent, int) and percent > 0 else ""
    return f"{text or _NONE}{soft}"
