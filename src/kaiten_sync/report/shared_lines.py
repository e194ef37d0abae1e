"""Lines of a declaration that tighten several objects at once. Stage 7."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from kaiten_sync.model.change import Action, Change, FieldChange
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.source import SourceRef
from kaiten_sync.pricing import Known, known_in_plan, units_of_plan
from kaiten_sync.report.field_rows import field_rows

_MOST = 10
"""Names in one sentence: more are counted."""


def shared_lines(plan: Plan) -> Iterator[str]:
    """One sentence for each: `2,000 → 400 in free also tightens bronze and early-adopter`."""
    by_place: dict[SourceRef, list[tuple[Change, FieldChange]]] = defaultdict(list)
    for change in plan.changes:
        for each in change.fields if change.action == Action.UPDATE else ():
            place = each.source or change.source
            if place is not None and each.effect.is_harmful:
                by_place[place].append((change, each))
    for place, tightened in by_place.items():
        if len({change.address.root for change, _ in tightened}) > 1:
            yield _sentence(place, tightened, known_in_plan(plan))


def _sentence(
    place: SourceRef, tightened: list[tuple[Change, FieldChange]], known: tuple[Known, Known]
) -> str:
    """The object in which the line is comes first; a bundle is named by those who inherit it."""
    through = {change.address: _through(change, each) for change, each in tightened}
    own = [each for each in tightened if not through[each[0].address]]
    first, field = own[0] if own else tightened[0]
    units = units_of_plan(first.address, *known)
    row = next(field_rows((replace(field, inner=()),), units=units))
    others = [change.address.root.slug for change, _ in tightened]
    if len(own) == 1:
        where, also = f" in {first.address.root.slug}", " also"
        others.remove(first.address.root.slug)
    else:  # a bundle declares it, or several objects share it through an anchor
        declarers = {way[-1] for way in through.values() if way}
        where, also = f" in {declarers.pop()}" if len(declarers) == 1 and not own else "", ""
    if len(others) > _MOST:
        listed = f"{', '.join(others[:_MOST])} and {len(others) - _MOST:,} more"
    else:
        listed = " and ".join(filter(None, (", ".join(others[:-1]), others[-1])))
    return (
        f"{row.before_text} → {row.after_text}{where}{also} tightens {listed}"
        f" ({first.address.slug}, {place.file}:{place.line})"
    )


def _through(change: Change, field: FieldChange) -> tuple[str, ...]:
    place = field.source or change.source
    return place.through if place is not None else ()
