"""The fields of a change, ready to be shown. Stage 7."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.units import quantities
from kaiten_sync.licensing import isolated, may_scale_both
from kaiten_sync.model.change import Effect, FieldChange, InnerChange, path_into
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import (
    ABSENT,
    NO_UNIT,
    NO_UNITS,
    Absent,
    Json,
    Unit,
    is_number,
    is_same,
)
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import LIMIT, NOT_SET, amount_text, cut, pair_texts

_INHERITED = "inherited from"

_LABEL_LIMIT = 100
"""Characters of a path inside a CONFIG value: its keys can be as long as they like."""


class FieldRow(Immutable, frozen=True, kw_only=True):
    """One field, or one place inside a CONFIG value. A side is None if it is absent.

    `agreed` is what was agreed last, None if that is not known.
    """

    label: str
    before: str | None
    after: str | None
    effect: Effect
    agreed: str | None = None

    @property
    def compact(self) -> str:
        """`label: before → after`."""
        return f"{self.label}: {self.before_text} → {self.after_text}"

    @property
    def before_text(self) -> str:
        """The side before, in words where it is absent."""
        return NOT_SET if self.before is None else self.before

    @property
    def after_text(self) -> str:
        """The side after, in words where it is absent."""
        return NOT_SET if self.after is None else self.after

    @property
    def sides(self) -> tuple[tuple[str, str], ...]:
        """The sides of drift by name: live, git, and what was agreed, if that is known."""
        agreed = () if self.agreed is None else (("agreed", self.agreed),)
        return (("live", self.before_text), ("git", self.after_text), *agreed)

    @property
    def side_by_side(self) -> str:
        """`label: live 7,777, git 110, agreed 100`."""
        return f"{self.label}: {', '.join(f'{side} {text}' for side, text in self.sides)}"

    @property
    def only_side(self) -> str:
        """`label: value`, of the side that is there."""
        return f"{self.label}: {self.after if self.after is not None else self.before or ''}"


def field_rows(
    fields: Iterable[FieldChange],
    limit: int = LIMIT,
    agreed: Mapping[str, Json] | None = None,
    units: tuple[Unit, Unit] = NO_UNITS,
) -> Iterator[FieldRow]:
    """One row per field; a CONFIG value whose inner changes are known gives one row for each.

    `agreed` are the agreed values of the fields of which they are known, `units` those of the
    object's number before and after. Numbers inside CONFIG values are shown as they are.
    """
    known = agreed or {}
    # In the order of the plan, which is that of the kind's table: readers compare by eye.
    for field in fields:
        own = units if field.name in quantities() else NO_UNITS
        inside = _inside(field)
        if not inside:
            row = _row(field.name, field.before, field.after, field.effect, limit)
            # If the unit itself changes, each is in its own: 10 GB → 10,000 MB, not 10 GB → 10 GB.
            amount = partial(amount_text, limit=limit, may_scale=may_scale_both(*own))
            before = amount(field.before, own[0]) if is_number(field.before) else row.before
            after = amount(field.after, own[1]) if is_number(field.after) else row.after
            then = known.get(field.name, ABSENT)
            shown = None if then is ABSENT else amount(then, _unit_then(then, field, own))
            yield row.changed(before=before, after=after, agreed=shown)
        for inner in inside:
            dot = "" if inner.path.startswith("[") else "."
            label = f"{field.name}{dot}{inner.path or repr('')}"
            row = _row(label, inner.before, inner.after, field.effect, limit)
            then = _agreed_inside(known.get(field.name, ABSENT), inner, field, limit)
            yield row.changed(agreed=then)


def _agreed_inside(
    agreed: Json | Absent, inner: InnerChange, field: FieldChange, limit: int
) -> str | None:
    """What was agreed at a place inside a value; None if that is not known."""
    if agreed is ABSENT:
        return None
    sides = ((field.after, inner.after), (field.before, inner.before))
    found = [then for whole, then in sides if is_same(agreed, whole)]
    # Keys may have dots in them: of several places with one name, none is known to be the one.
    found = found or [each for path, each in _places(agreed) if path == inner.path] or [ABSENT]
    if len(found) > 1:
        return None
    text, _ = pair_texts(found[0], ABSENT, limit)
    return NOT_SET if text is None else text


def _places(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """All places inside a CONFIG value, by path."""
    steps: Iterable[tuple[str | int, Json]] = ()
    if isinstance(value, Mapping):
        steps = value.items()
    elif isinstance(value, list | tuple):
        steps = enumerate(value)
    for step, each in steps:
        place = path_into(path, step)
        yield place, each
        yield from _places(each, place)


def _unit_then(agreed: Json, field: FieldChange, units: tuple[Unit, Unit]) -> Unit:
    """The unit in which a number was agreed: that of the side that still has it."""
    if units[0] == units[1] or is_same(agreed, field.after):
        return units[1]
    return units[0] if is_same(agreed, field.before) else NO_UNIT


def _inside(field: FieldChange) -> tuple[InnerChange, ...]:
    """The places inside a value that changed; none if it changed as a whole."""
    # The place "" can also be a key without a character.
    whole = InnerChange(path="", before=field.before, after=field.after)
    return () if field.inner == (whole,) else field.inner


def with_word(place: str, word: str) -> str:
    """The word that leads to a place, and a space; empty if the place is what is inherited from."""
    return "" if not place or place.startswith(_INHERITED) else f"{word} "


def place_of(source: SourceRef | None, fields: Iterable[FieldChange]) -> str:
    """Where it is declared: the field's own line if only one field is concerned.

    `file:line`, and of an inherited value what it came through: `inherited from free, file:line`.
    """
    own = [field.source for field in fields]
    # With several fields there is no one line to jump to but that of the object.
    chosen = own[0] if len(own) == 1 and own[0] is not None else source
    if chosen is None:
        return ""
    place = f"{chosen.file}:{chosen.line}"
    if chosen.through:
        *between, declarer = chosen.through
        way = f" through {', '.join(between)}" if between else ""
        place = f"{_INHERITED} {declarer}{way}, {place}"
    return safe_text(place)


def _row(
    label: str, before: Json | Absent, after: Json | Absent, effect: Effect, limit: int
) -> FieldRow:
    one, other = pair_texts(before, after, limit)
    shown = isolated(cut(safe_text(label), _LABEL_LIMIT))
    return FieldRow(label=shown, before=one, after=other, effect=effect)
