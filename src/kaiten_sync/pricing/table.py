"""The catalog as the table that people know from a pricing page.

Rows are what is granted, by group; columns are who grants it. Of a plan, only the cells that change
are known: its table has the rows and columns in which something does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import all_kinds, spec_of
from kaiten_sync.kinds.spec import KindSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.impact import Impact, Standing
from kaiten_sync.model.plan import NewVersion, Plan
from kaiten_sync.model.value import ABSENT, NO_UNITS, Absent, Fields, Json, Unit
from kaiten_sync.pricing.units import known_in_plan, units_of_plan

_NAME = "name"
"""The field with the name for people, of every kind that has one."""


class Grant(Immutable, frozen=True, kw_only=True):
    """One side of a cell: what is granted. `limits` are the fields that limit usage together."""

    value: Json
    overage: Json | Absent = ABSENT


class PriceCell(Immutable, frozen=True, kw_only=True):
    """What one column grants of one row, before and after; one side alone if only one is known.

    `units` are those of both sides. `over` counts the holders who use more than is accepted
    afterwards.
    """

    before: Grant | None = None
    after: Grant | None = None
    effect: Effect = Effect.NEUTRAL
    is_change: bool = False
    over: int = 0
    units: tuple[Unit, Unit] = NO_UNITS


class PriceRow(Immutable, frozen=True, kw_only=True):
    """One thing that is granted. `unit` is its unit for one and for several, empty without."""

    slug: str
    name: str
    group: str
    unit: tuple[str, str]
    cells: tuple[PriceCell | None, ...]


class PriceColumn(Immutable, frozen=True, kw_only=True):
    """Who grants: a license by slug, with its name for people.

    `replaces` is the slug of the version that a new one is compared with, and `family` that of the
    family as whose version the license is declared; both are empty without.
    """

    slug: str
    name: str
    replaces: str = ""
    family: str = ""


class PriceTable(Immutable, frozen=True, kw_only=True):
    """A whole table. `is_plan`: its cells are changes, and what does not change is left out."""

    columns: tuple[PriceColumn, ...]
    rows: tuple[PriceRow, ...]
    is_plan: bool = False


def table_of_catalog(resources: Mapping[Address, Fields]) -> PriceTable:
    """The table of a declared or a live catalog, by address."""
    spec = _granting()
    cells = {
        address: PriceCell(after=_grant(spec, fields))
        for address, fields in resources.items()
        if address.kind == spec.kind
    }
    parents = [each for each in resources if spec_of(each.kind).kind in spec.parents]
    return _table(spec, parents, cells, resources)


def table_of_plan(plan: Plan, impact: Impact | None = None) -> PriceTable:
    """The cells that a plan changes, with how many holders would be over each."""
    spec = _granting()
    seen, known = known_in_plan(plan)
    over = {
        each.affected.address: each.standings[Standing.OVER]
        for each in (impact.changes if impact else ())
    }
    versions = {each.address: each for each in plan.new_versions}
    # What goes with its license is that license's deletion, as everywhere in the plan.
    going = {each.address for each in plan.changes if each.action is Action.DELETE}
    cells = {
        change.address: _changed(spec, change, seen.get(change.address, {}), over)
        for change in plan.changes
        if change.address.kind == spec.kind
        and change.address.parent not in versions
        and change.address.parent not in going
    }
    for version in plan.new_versions:
        cells |= _compared(spec, version, plan)
    cells = {a: cell.changed(units=units_of_plan(a, seen, known)) for a, cell in cells.items()}
    parents = sorted({each.parent for each in cells if each.parent}, key=_declared_order(plan))
    table = _table(spec, parents, cells, known)
    replaced = {each.slug: version.replaces.slug for each, version in versions.items()}
    families = {each.version: each.address.slug for each in plan.families}
    columns = (
        each.changed(replaces=replaced.get(each.slug, ""), family=families.get(each.slug, ""))
        for each in table.columns
    )
    rows = (row for row in table.rows if any(cell and cell.is_change for cell in row.cells))
    return table.changed(columns=tuple(columns), rows=tuple(rows), is_plan=True)


def _declared_order(plan: Plan) -> Callable[[Address], tuple[Any, ...]]:
    """Orders columns as they are declared, by file and line; then what nobody declares any more.

    A value that is inherited is declared elsewhere, so it counts only if there is no other.
    """
    places: dict[Address, tuple[Any, ...]] = {}
    for change in plan.changes:
        if change.source is not None:
            place = (bool(change.source.through), *change.source.place[:-1])
            root = change.address.root
            places[root] = min(places.get(root, place), place)
    return lambda each: (each not in places, places.get(each, ()), each.sort_key)


def _granting() -> KindSpec:
    """The kind whose objects are cells: inside one object, and named as another."""
    return next(spec for spec in all_kinds() if spec.parents and spec.slug_refers_to)


def _table(
    spec: KindSpec,
    parents: Iterable[Address],
    cells: Mapping[Address, PriceCell],
    known: Mapping[Address, Fields],
) -> PriceTable:
    columns = list(parents)
    granted = {address.slug for address in cells}
    rows = []
    kind = spec_of(spec.slug_refers_to.kind).kind if spec.slug_refers_to else spec.kind
    for address in [Address(kind, slug) for slug in sorted(granted)]:
        fields = known.get(address, {})
        found = (cells.get(Address(spec.kind, address.slug, each)) for each in columns)
        names = next((each.units_from for each in spec.fields.values() if each.units_from), ())
        words = [str(fields.get(name) or "") for name in names]
        rows.append(
            PriceRow(
                slug=address.slug,
                name=str(fields.get(_NAME) or address.slug),
                group=_group(address, fields, known),
                unit=((words[0], words[-1]) if words else ("", "")),
                cells=tuple(found),
            )
        )
    # Those in no group come last: what people sort into groups is what they want to show.
    rows.sort(key=lambda row: (not row.group, row.group, row.slug))
    named = tuple(
        PriceColumn(slug=each.slug, name=str(known.get(each, {}).get(_NAME) or each.slug))
        for each in columns
    )
    return PriceTable(columns=named, rows=tuple(rows))


def _group(address: Address, fields: Fields, known: Mapping[Address, Fields]) -> str:
    """The name of the group that a row is in, by slug the first; empty if it is in none."""
    for field, reference in spec_of(address.kind).referring_fields:
        slugs = fields.get(field.name)
        if field.is_set and isinstance(slugs, list | tuple) and slugs:
            slug = min(map(str, slugs))  # a server has them in no order
            group = known.get(Address(spec_of(reference.kind).kind, slug), {})
            return str(group.get(_NAME) or slug)
    return ""


def _grant(spec: KindSpec, fields: Mapping[str, Json | Absent]) -> Grant | None:
    value, overage = (fields.get(name, ABSENT) for name in spec.limited_by)
    return None if value is ABSENT else Grant(value=value, overage=overage)


def _changed(
    spec: KindSpec, change: Change, seen: Fields, over: Mapping[Address, int]
) -> PriceCell:
    # A change has only the fields that differ. The plan has looked at the rest.
    before = {**seen, **{each.name: each.before for each in change.fields}}
    after = {**seen, **{each.name: each.after for each in change.fields}}
    return PriceCell(
        before=None if change.action == Action.CREATE else _grant(spec, before),
        after=None if change.action == Action.DELETE else _grant(spec, after),
        effect=change.effect,
        is_change=True,
        over=over.get(change.declared, 0),
    )


def _compared(spec: KindSpec, version: NewVersion, plan: Plan) -> dict[Address, PriceCell]:
    """The cells of a new version, beside those of the version that it replaces."""
    created = {
        change.address: {each.name: each.after for each in change.fields}
        for change in plan.changes
        if change.address.parent == version.address and change.action == Action.CREATE
    }
    # All grants of the new version, also those that are as before: a column with gaps would look
    # like fewer grants.
    cells = {a: PriceCell(after=_grant(spec, fields)) for a, fields in created.items()}
    for found in version.changes:
        after = {**created.get(found.address, {}), **{f.name: f.after for f in found.fields}}
        before = {**after, **{f.name: f.before for f in found.fields}}
        cells[found.address] = PriceCell(
            before=None if found.is_new else _grant(spec, before),
            after=None if found.is_left_out else _grant(spec, after),
            effect=found.effect,
            is_change=True,
        )
    return cells


def folded(table: PriceTable, columns: int) -> Sequence[PriceTable]:
    """The table in parts of at most so many columns."""
    step = max(1, columns)
    starts = range(0, len(table.columns), step)
    return [columns_of(table, start, start + step) for start in starts]


def columns_of(table: PriceTable, start: int, end: int | None = None) -> PriceTable:
    """The part of a table with these columns; of a plan, with the rows in which those change."""
    rows = (
        row.changed(cells=row.cells[start:end])
        for row in table.rows
        if not table.is_plan or any(row.cells[start:end])
    )
    return table.changed(columns=table.columns[start:end], rows=tuple(rows))
