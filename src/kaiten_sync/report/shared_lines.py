"""Lines of a declaration that tighten several objects at once, also as they leave it. Stage 7."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from kaiten_sync.kinds.units import unit_holder
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, FieldChange
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.source import SourceRef
from kaiten_sync.pricing import Known, known_in_plan, units_of_plan
from kaiten_sync.report.field_rows import field_rows

_MOST = 10
"""Names in one sentence: more are counted."""


def shared_lines(plan: Plan) -> Iterator[str]:
    """One sentence for each: `2,000 → 400 in free also tightens bronze and early-adopter`.

    A line that is gone has no place any more: `sso is taken away from pro and team`.
    """
    by_place: dict[SourceRef, list[tuple[Change, FieldChange]]] = defaultdict(list)
    for change in plan.changes:
        for each in change.fields if change.action == Action.UPDATE else ():
            place = each.source or change.source
            if place is not None and each.effect.is_harmful:
                by_place[place].append((change, each))
    # By objects and not by changes: two fields of one license are no surprise.
    for place, tightened in by_place.items():
        if len({change.address.root for change, _ in tightened}) > 1:
            yield _sentence(place, tightened, known_in_plan(plan))
    for slug, losers in _taken_away(plan).items():
        if len(losers) > 1:
            yield f"{slug} is taken away from {_listed(losers)}"


def _taken_away(plan: Plan) -> Mapping[str, list[str]]:
    """Who loses which object, while both stay what they are."""
    going = {change.address for change in plan.changes if change.action == Action.DELETE}
    found: dict[str, list[str]] = defaultdict(list)
    for change in plan.changes:
        address = change.address
        is_lost = change.action == Action.DELETE and address.parent is not None
        if is_lost and not {address.parent, unit_holder(address)} & going:
            found[address.slug].append(address.root.slug)
    return found


def _sentence(
    place: SourceRef, tightened: list[tuple[Change, FieldChange]], known: tuple[Known, Known]
) -> str:
    """The object in which the line is comes first; a bundle is named by those who inherit it."""
    through: dict[Address, tuple[str, ...]] = {}
    for change, each in tightened:
        declared_at = each.source or change.source
        through[change.address] = declared_at.through if declared_at is not None else ()
    own = [each for each in tightened if not through[each[0].address]]
    first, field = own[0] if own else tightened[0]
    units = units_of_plan(first.address, *known)
    row = next(field_rows((field.changed(inner=()),), units=units))
    others = [change.address.root.slug for change, _ in tightened]
    if len(own) == 1:
        where, also = f" in {first.address.root.slug}", " also"
        others.remove(first.address.root.slug)
    else:  # a bundle declares it, or several objects share it through an anchor
        declarers = {way[-1] for way in through.values() if way}
        where, also = f" in {declarers.pop()}" if len(declarers) == 1 and not own else "", ""
    return (
        f"{row.before_text} → {row.after_text}{where}{also} tightens {_listed(others)}"
        f" ({first.address.slug}, {place.file}:{place.line})"
    )


def _listed(names: list[str]) -> str:
    if len(names) > _MOST:
        return f"{', '.join(names[:_MOST])} and {len(names) - _MOST:,} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
