"""Changes the files of a declaration in memory, so that it declares what is live. Used by adopt."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Protocol

from kaiten_sync.declare import REMOVES_NOTHING, Adopter, FileChange, other_units
from kaiten_sync.diff import diff_catalog
from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.worth import with_families
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import SOLD
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.ports import Ports
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.value import ABSENT, Fields
from kaiten_sync.pipeline import CatalogSource, validate

_MOST_ROUNDS = 8
"""How often objects that share a text are given theirs back, which others may share again."""


class Trial(Immutable, frozen=True, kw_only=True):
    """An adoption that is not written yet. `wrong` is why it must not be, None if it may."""

    adopted: tuple[Difference, ...] = ()
    changes: tuple[FileChange, ...] = ()
    obstacles: tuple[Diagnostic, ...] = ()
    wrong: str | None = None

    @property
    def addresses(self) -> Set[Address]:
        """The objects that are adopted."""
        return {each.address for each in self.adopted}

    @property
    def unsaved(self) -> Mapping[Path, bytes]:
        """The changed files by their real paths."""
        return {Path(os.path.realpath(each.path)): each.after for each in self.changes}


class _Others(Immutable, frozen=True, kw_only=True):
    """Other objects that change with what is adopted.

    `kept` have the fields that they had, none if they were not declared, or are to be declared no
    more and would be inherited. `owning` are those that get something by an anchor, which only a
    list of their own keeps away. `own` is what changes wrongly inside an adopted object, because
    two of its own texts are one.
    """

    kept: Mapping[Address, Fields] = {}
    owning: Set[Address] = frozenset()
    own: Sequence[Difference] = ()


class Edits(Protocol):
    """Changes files for differences, in memory. Obstacles are part of the result."""

    def of(self, chosen: Sequence[Difference]) -> Trial:
        """The files with these differences taken over, as far as that is possible."""
        ...


class InPlace:
    """Changes each value where it is declared."""

    def __init__(
        self, source: CatalogSource, declared: DesiredState, live: LiveState, into: str
    ) -> None:
        """Edit the files of a declaration. What is not declared yet goes into the file `into`."""
        self._source = source
        self._declared = declared
        self._live = live
        self._into = into
        self._objects = with_families(live)

    def of(self, chosen: Sequence[Difference]) -> Trial:
        """The files with these differences taken over; other objects keep what they have.

        Whatever shares a text with one of them, or inherits it, gets its own value.
        """
        # First without touching what is shared: if that works, no other object can have changed.
        trial, _ = self._edited(chosen, _Others())
        inherits = (
            any(each.source.through for each in self._declared.resources.values())
            or any(each.drift is not DriftClass.CHANGED for each in chosen)
            or bool(other_units(chosen))
        )
        if not trial.obstacles and not inherits:
            return trial
        so_far = _Others()
        for _ in range(_MOST_ROUNDS):
            try:
                shared, touches_shared = self._edited(chosen, so_far, may_share=True)
            except KaitenSyncError:
                break
            others = self._changed_by(shared) if touches_shared or inherits else _Others()
            is_known = so_far.kept.keys() >= others.kept.keys() and so_far.owning >= others.owning
            if is_known and not others.own:
                if others.owning:
                    break
                return shared if len(shared.obstacles) <= len(trial.obstacles) else trial
            # What was found once stays: taking it back could go round in a circle.
            so_far = _Others(
                kept={**others.kept, **so_far.kept},
                owning={*so_far.owning, *others.owning},
                own=(*so_far.own, *others.own),
            )
        return self._unshared(trial, chosen)

    def _unshared(self, trial: Trial, chosen: Sequence[Difference]) -> Trial:
        """What can be adopted although texts that are shared cannot be changed.

        It is wrong if it changes other objects, and if less than all might do better.
        """
        others = self._changed_by(trial)
        own = (each.address for each in others.own)
        changed = sorted({*others.kept, *others.owning, *own}, key=lambda each: each.sort_key)
        if changed:
            return trial.changed(wrong=f"{changed[0]} shares its text and would change as well")
        if trial.obstacles and (len(chosen) > 1 or not trial.adopted):
            return trial.changed(wrong=trial.obstacles[0].message)
        return trial

    def _edited(
        self,
        chosen: Sequence[Difference],
        others: _Others,
        *,
        may_share: bool = False,
    ) -> tuple[Trial, bool]:
        """The files with what is chosen, and whether texts change that are shared.

        What others had, and the chosen objects themselves, is written by itself.

        Raises:
            RefusedError: an object to be kept as it is cannot be written by itself.
        """
        source = self._source
        adopter = Adopter(source.catalog, source.root, source.overlays, self._declared, chosen)
        if may_share:
            adopter.share()
        adopter.expect_gone(address for address, fields in others.kept.items() if not fields)
        # Lists of their own first, since what is adopted may be in one of them.
        for parent in sorted(others.owning):
            adopter.own(parent)
        adopted: list[Difference] = []
        obstacles: list[Diagnostic] = []
        try:
            adopter.keep_numbers()
        except KaitenSyncError as error:
            obstacles += [obstacle(d, error.message) for d in chosen if other_units([d])]
        # Bases come first: what inherits from them depends on what becomes of them.
        declared = self._declared.resources
        depth = {a: len(found.source.through) for a, found in declared.items()}
        for difference in sorted(chosen, key=lambda each: depth.get(each.address, 0)):
            if difference.address in others.kept:
                adopted.append(difference)
                continue
            taken, refused = adopter.adopt(difference, self._objects, self._into)
            adopted += [taken] if taken is not None else []
            obstacles += [obstacle(difference, error.message) for error in refused]
        for address, fields in others.kept.items():
            adopter.keep(address, fields)
        for difference in others.own:
            adopter.adopt(difference, self._objects, self._into)
        trial = Trial(
            adopted=tuple(adopted), changes=tuple(adopter.changes()), obstacles=tuple(obstacles)
        )
        return trial, adopter.touches_shared

    def _changed_by(self, trial: Trial) -> _Others:
        """What the files would no longer declare of other objects as they did.

        What inherits the change from one of these is left out: it is as before once that one is.
        """
        # The proof: the edited files are read as any others are, and not believed to be what was
        # meant.
        desired, found = validate(self._source.changed(unsaved=trial.unsaved))
        adopted = trial.addresses
        before = self._declared.resources
        if desired is None:
            return self._emptied(found)
        after = desired.resources
        missing = {d.address for d in trial.adopted if d.drift is DriftClass.MISSING}
        again = _sold_again(trial)
        shown = {each for each in after.keys() - before.keys() if each.root not in again}
        new = (shown - adopted) | (missing & after.keys())
        gained = {each for each in new if each.parent in before}
        inherited = {each for each in gained if after[each].source.through}
        changed: dict[Address, Fields] = {address: {} for address in inherited}
        for address, resource in before.items():
            now = after[address].fields if address in after else {}
            if address not in adopted and now != resource.fields:
                # A grant is written whole, since a bare value has no room for single fields.
                is_whole = bool(spec_of(address.kind).shorthand)
                changed[address] = {
                    name: value
                    for name, value in resource.fields.items()
                    if is_whole or now.get(name) != value
                }
        names = {(each.parent.slug, each.slug) for each in changed.keys() | gained if each.parent}
        return _Others(
            kept={
                address: fields
                for address, fields in changed.items()
                if not any(
                    (name, address.slug) in names
                    for name in (after.get(address) or before[address]).source.through
                )
            },
            owning={each.parent for each in gained - inherited if each.parent},
            own=[*self._changed_inside(trial, desired)],
        )

    def _emptied(self, found: Sequence[Diagnostic]) -> _Others:
        """What others lose, where null takes away what is not inherited any more.

        Either what was inherited is lost itself, or the list with the null shares its text with the
        one that it is meant for.
        """
        before = self._declared.resources
        names = {str(address): address for address in before}
        lists = {each.parent for each in before if each.parent}
        kept: dict[Address, Fields] = {}
        owning: set[Address] = set()
        for each in found:
            address = names.get(str(each.address))
            through = before[address].source.through if address is not None else ()
            if address is not None and address.parent is not None and through:
                base = address._replace(parent=address.parent._replace(slug=through[0]))
                kept |= {base: before[base].fields} if base in before else {}
            elif address is None or each.rule == REMOVES_NOTHING:
                owning |= {a for a in lists if str(each.address).startswith(f"{a}/")}
        return _Others(kept=kept, owning=owning)

    def _changed_inside(self, trial: Trial, desired: DesiredState) -> Iterator[Difference]:
        """What is wrong now in objects that were adopted: a text is shared inside them."""
        left = diff_catalog(desired, self._live, self._source.scope).differences
        differing = {each.address: each.fields for each in left}
        for each in trial.adopted:
            now = desired.resources.get(each.address)
            if now is None or each.drift is not DriftClass.CHANGED:
                continue
            taken = {change.name for change in each.fields}
            fields = [f for f in differing.get(each.address, ()) if f.name in taken]
            fields += [
                FieldChange(name=name, before=value, after=now.fields.get(name, ABSENT))
                for name, value in self._declared.resources[each.address].fields.items()
                if name not in taken and value != now.fields.get(name, ABSENT)
            ]
            if fields:
                yield each.changed(fields=tuple(fields))


def still_differing(source: CatalogSource, live: LiveState, trial: Trial) -> tuple[Address, ...]:
    """The families that are sold again, and differ in what nothing was compared with before."""
    again = _sold_again(trial)
    desired = validate(source.changed(unsaved=trial.unsaved))[0] if again else None
    if desired is None:
        return ()
    left = diff_catalog(desired, live, source.scope).differences
    return tuple(sorted(again & {each.address.root for each in left}, key=lambda a: a.sort_key))


def elsewhere_of(
    others: Mapping[str, CatalogSource], trial: Trial
) -> Mapping[str, tuple[Address, ...]]:
    """What other targets would declare differently, of the objects that were adopted."""
    found = {}
    for name, source in others.items():
        before, after = validate(source)[0], validate(source.changed(unsaved=trial.unsaved))[0]
        if before is not None and after is not None:
            found[name] = tuple(
                address
                for address in sorted(trial.addresses, key=lambda each: each.sort_key)
                if _fields(before, address) != _fields(after, address)
            )
    return {name: changed for name, changed in found.items() if changed}


def _fields(desired: DesiredState, address: Address) -> Fields | None:
    declared = desired.resources.get(address)
    return None if declared is None else declared.fields


def _sold_again(trial: Trial) -> Set[Address]:
    """The families of which all is declared once the trial is written, and nothing was before."""
    taken = ((each.address, field) for each in trial.adopted for field in each.fields)
    return {address for address, field in taken if field.name == SOLD and field.before is True}


def obstacle(difference: Difference, why: str) -> Diagnostic:
    """A difference that stays behind, with the reason."""
    address = str(difference.address)
    return Diagnostic(rule="not-adopted", message=why, ref=difference.source, address=address)


def declarable(differences: Sequence[Difference], ports: Ports) -> tuple[Difference, ...]:
    """The differences in what files can declare. Which version a family serves is not."""
    found = []
    for each in differences:
        specs = spec_of(each.address.kind).fields
        fields = tuple(field for field in each.fields if specs[field.name].is_declared)
        if fields == each.fields:
            found.append(each)
            continue
        is_chosen = all(f.before is not None for f in each.fields if f not in fields)
        ports.notices.notify(
            f"{each.address} serves {each.version}; plan again to agree on that version"
            if is_chosen
            else f"{each.address} has no default, which no file declares; a plan or a revert makes"
            f" {each.version} the default"
        )
        if fields:
            found.append(each.changed(fields=fields))
    return tuple(found)
