"""What was agreed of one object, recovered from its fingerprint in the committed plan. Stage 4.

A fingerprint confirms a value and reveals none (ADR 15). The agreed fields are made of values at
hand: those that git declares, those on the server, and those that the plan itself wrote. So they
are tried until one combination has the fingerprint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, islice, product

from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import Mutability
from kaiten_sync.kinds.values import declared_form
from kaiten_sync.model.address import Address
from kaiten_sync.model.canonical import fingerprint
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import LiveResource, Resource
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json, is_same

_GUESSES = 1_000
"""Fingerprints that are tried for one object: about 10 ms."""

_KEYS_MOVED = 2
"""Any fields by which what was declared may differ from what is declared now."""

_KEYS_TELLING = 6
"""Fields that the server has set and git does not declare, of which any may have been declared."""

_FIELDS_MIXED = 6
"""Fields of which each may be git's, the server's or the plan's."""


class Record(Immutable, frozen=True, kw_only=True):
    """What a committed plan says of each object that it manages: its mark, and what was written."""

    managed: Mapping[Address, str] = {}
    written: Mapping[Address, Fields] = {}

    def fields_of(
        self, address: Address, resource: Resource | None, found: LiveResource | None
    ) -> dict[str, Json] | None:
        """The fields that were agreed; None if none were, or if they cannot be recovered.

        `resource` is what git declares now, and `found` what the server has.
        """
        mark = self.managed.get(address)
        if mark is None:
            return None
        git = declared_form(address.kind, {} if resource is None else resource.fields)
        live = {} if found is None else _live_form(found, resource, git)
        # A fingerprint cannot be read back, and the plan has no values: likely ones are tried
        # until one has the same fingerprint.
        guesses = _guesses(address.kind, git, live, self.written.get(address, {}))
        # Bounded: what is not found soon is reported as unknown, which is never wrong.
        tried = islice(guesses, _GUESSES)
        return next((guess for guess in tried if fingerprint(guess) == mark), None)


def record_of(plan: Plan) -> Record:
    """The record that a plan is."""
    written: dict[Address, dict[str, Json]] = {}
    for change in plan.changes:
        written.setdefault(change.address, {}).update(
            {each.name: None if each.after is ABSENT else each.after for each in change.fields}
        )
    return Record(managed=plan.managed, written=written)


def meaning(kind: str, name: str, form: Fields, others: Fields) -> Json | Absent:
    """What declared fields want of one field; ABSENT if they leave it alone.

    Null, or leaving out what is declared whole, means the default beside `others`.
    """
    spec = spec_of(kind).fields[name]
    if form.get(name) is not None:
        return form[name]
    return spec.default({**others, **form}) if name in form or spec.is_implied else ABSENT


def _live_form(found: LiveResource, resource: Resource | None, git: Fields) -> dict[str, Json]:
    """The live fields as somebody would have declared them who wants what is there."""
    specs = spec_of(found.address.kind).fields
    written = {} if resource is None else resource.fields
    form: dict[str, Json] = {}
    for name, spec in specs.items():
        value = found.fields.get(name, ABSENT)
        if value is ABSENT:
            is_unseen = spec.mutability is Mutability.CREATE_ONLY and name in git
            form[name] = git[name] if is_unseen else None
        elif name in written and written[name] is None and value == spec.default(found.fields):
            # Null and the default that it means are one value and two fingerprints.
            form[name] = None
        else:
            form[name] = value
    return form


def _guesses(kind: str, git: Fields, live: Fields, written: Fields) -> Iterator[dict[str, Json]]:
    """Likely ones first: as git has it, as the server has it, as the plan wrote it, a mixture."""
    yield dict(git)
    key_sets = [*_written_sets(kind, written), *_key_sets(kind, git, live)]
    for names in key_sets:
        yield {name: live.get(name) for name in names}
        if written:
            yield {name: written.get(name, live.get(name)) for name in names}
    for names in key_sets:
        ways = {name: _distinct(name, git, live, written) for name in sorted(names)}
        open_names = [name for name, values in ways.items() if len(values) > 1]
        if len(open_names) <= _FIELDS_MIXED:
            for chosen in product(*ways.values()):
                yield dict(zip(ways, chosen, strict=True))


def _distinct(name: str, *sides: Fields) -> list[Json]:
    values: list[Json] = []
    for side in sides:
        if name in side and not any(is_same(side[name], each) for each in values):
            values.append(side[name])
    return values or [None]


def _written_sets(kind: str, written: Fields) -> Iterator[frozenset[str]]:
    """The fields that were declared if the plan made the object: those that it wrote.

    Moves are made whether somebody declared where to or not.
    """
    fields = spec_of(kind).fields
    if not all(name in written for name in spec_of(kind).required):
        return
    moves = [name for name in written if fields[name].mutability is Mutability.MOVE]
    for count in range(len(moves) + 1):
        for implied in combinations(moves, count):
            yield frozenset(written).difference(implied)


def _key_sets(kind: str, git: Fields, live: Fields) -> Iterator[frozenset[str]]:
    """The fields that git declares now, then those with others: it may have named others then.

    The likeliest are those that are set on the server.
    """
    fields = spec_of(kind).fields
    names = frozenset(git or spec_of(kind).required)
    set_there = [n for n in live if n not in names and live[n] is not None]
    telling = [n for n in set_there if live[n] != fields[n].default(live)]
    seen: set[frozenset[str]] = set()
    for candidates, most in ((telling[:_KEYS_TELLING], _KEYS_TELLING), (fields, _KEYS_MOVED)):
        for count in range(most + 1):
            for moved in combinations(candidates, count):
                found = names.symmetric_difference(moved)
                # Both rounds come to some of the same sets, and each guess costs a digest.
                if found not in seen:
                    seen.add(found)
                    yield found
