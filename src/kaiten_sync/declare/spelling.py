"""How a declaration writes its numbers, so that others can be written alike. Used by adopt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.declare.forms import path_of
from kaiten_sync.declare.opened import open_files
from kaiten_sync.declare.scalars import is_grouped, is_plain_text, resolve_plain
from kaiten_sync.declare.write import grouped_as
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.units import quantities, unit_holder, unit_of, units_shown
from kaiten_sync.licensing import exact_quantity, quantity_like
from kaiten_sync.model.address import Address
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.resource import DesiredState, Resource
from kaiten_sync.model.value import ABSENT, UNLIMITED, UNLIMITED_WIRE, Fields, Json, is_number

_AS_DECLARED: Mapping[Address, Fields] = {}


class Misread(Immutable, frozen=True, kw_only=True):
    """A number whose text means something else in another unit, as it is to be written.

    `path` leads to the object that it is a field of. `is_alone` says that this object is written as
    the number alone.
    """

    path: tuple[str, ...]
    address: Address
    name: str
    value: Json
    is_alone: bool


class Spelling:
    """Writes a number as the one that it replaces is written, or those beside it: `10GB`."""

    def __init__(
        self,
        declared: DesiredState | None,
        editors: Mapping[str, TextEditor],
        units: Mapping[Address, Fields] = _AS_DECLARED,
    ) -> None:
        """Look for texts in the files of a declaration, by their names.

        `units` are the fields that name units, of objects that will have others than declared.
        """
        self._declared = declared
        self._resources = {**declared.resources, **declared.spare} if declared is not None else {}
        self._editors = editors
        self._units = units

    @classmethod
    def of_files(cls, declared: DesiredState, paths: Sequence[str], root: Path) -> Spelling:
        """Read the files that these paths mean. They declare what is `declared`.

        Raises:
            ChangedFileError: one cannot be read as it is by now.
        """
        opened = open_files(paths, root)
        return cls(declared, {shown: each.editor for shown, each in opened.items()})

    def with_units(self, units: Mapping[Address, Fields]) -> Spelling:
        """The same declaration with other units."""
        return Spelling(self._declared, self._editors, units)

    def misread(self) -> Iterator[Misread]:
        """The declared numbers whose texts mean something else in the other units."""
        named = {unit_holder(a): a for a in self._resources} if self._units else {}
        if not named.keys() & self._units.keys():
            return
        for address, each in self._resources.items():
            # What is inherited is written somewhere else: in another object, or in what is spare.
            if unit_holder(address) not in self._units or each.source.through:
                continue
            for name in quantities() & each.fields.keys():
                value, text = each.fields[name], self._text(each, name)
                if text is None or not is_number(value) or self._reads(address, text, value):
                    continue
                path = path_of(address)
                spots = [editor.find(path) for editor in self._editors.values()]
                yield Misread(
                    path=tuple(path),
                    address=address,
                    name=name,
                    value=self._spelled(address, name, value),
                    is_alone=all(spot is None or spot.pairs is None for spot in spots),
                )

    def _reads(self, address: Address, text: str, value: float) -> bool:
        """Whether a text still means its number."""
        try:
            return exact_quantity(text, unit_of(address, self._fields)) == value
        except ValueError:
            return resolve_plain(text) == value

    def fields(self, address: Address, fields: Fields) -> Fields:
        """The fields of an object with numbers as the declaration writes them."""
        names = quantities() & fields.keys()
        return {**fields, **{name: self._spelled(address, name, fields[name]) for name in names}}

    def objects(self, objects: Mapping[Address, Fields]) -> Mapping[Address, Fields]:
        """The same objects with numbers as the declaration writes them."""
        return {address: self.fields(address, fields) for address, fields in objects.items()}

    def difference(self, difference: Difference) -> Difference:
        """A difference with live numbers as the declaration writes them."""
        fields = (
            each
            if each.before is ABSENT
            else each.changed(before=self._spelled(difference.address, each.name, each.before))
            for each in difference.fields
        )
        return difference.changed(fields=tuple(fields))

    def _spelled(self, address: Address, name: str, value: Json) -> Json:
        if name not in quantities() or not is_number(value) or not float(value).is_integer():
            return value
        unit = unit_of(address, self._fields)
        own = self._text(self._resources[address], name) if address in self._resources else None
        is_decided = own is not None and own not in (UNLIMITED, str(UNLIMITED_WIRE))
        beside = self._alike[address.kind, address.slug]
        for text in (own,) if is_decided else (self._text(each, name) for each in beside):
            if text is None:
                continue
            if is_grouped(text):
                return grouped_as(text, value)
            alike = quantity_like(int(value), text, unit)
            if alike is not None and is_plain_text(alike):
                return alike
        return value

    def _text(self, resource: Resource, name: str) -> str | None:
        for ref in (resource.source, *(resource.sources or {}).values()):
            editor = self._editors.get(ref.file)
            text = editor.scalar_at(ref, name) if editor is not None else None
            if text is not None:
                return text
        return None

    @cached_property
    def _fields(self) -> Mapping[Address, Fields]:
        declared = {address: each.fields for address, each in self._resources.items()}
        others = {a: {**declared.get(a, {}), **fields} for a, fields in self._units.items()}
        return {**declared, **others}

    @cached_property
    def _alike(self) -> Mapping[tuple[str, str], Sequence[Resource]]:
        found: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for address, each in self._resources.items():
            found[address.kind, address.slug].append(each)
        return found


def other_units(differences: Iterable[Difference]) -> Mapping[Address, Fields]:
    """The fields that name units, of declared objects that have others on the server."""
    found: dict[Address, Fields] = {}
    for each in differences:
        fields = {
            field.name: None if field.before is ABSENT else field.before
            for field in each.fields
            if field.name in units_shown()
        }
        if fields and each.drift is DriftClass.CHANGED:
            found[each.address] = fields
    return found
