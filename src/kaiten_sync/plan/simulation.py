"""What the server surely refuses: the ordered changes, played over live by the server's rules.

Each change is judged by the object as it is at that step, not by its declaration alone. Source of
the rules: API facts, section 2.4, as the tables state them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from kaiten_sync.kinds.registry import move_of, moving_kinds, spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import ABSENT, Absent, Json
from kaiten_sync.plan.families import Families, link_of, number_of, taken_field


def refused(changes: Sequence[Change], live: LiveState, families: Families) -> Iterator[Diagnostic]:
    """Why the server would refuse a change, with the way out; nothing if it takes them all."""
    server = Simulation(live, families)
    for change in changes:
        yield from server.objections(change)
        server.play(change)


class Simulation:
    """The objects of a server that can be moved, and what its rules make of them.

    It has no rule for others, which are almost all of a catalog.
    """

    def __init__(self, live: LiveState, families: Families) -> None:
        self._families = families
        versions = {a: live.resources[a] for a in families.of if a in live.resources}
        self._unnamed = {
            address: number_of(address, found.fields)
            for address, found in versions.items()
            if families.of[address] == found.family_id
        }
        """Versions of families whose slug nothing shows, with their numbers."""
        self._live_families = {families.of[address] for address in versions}
        self._highest: dict[str, int] = defaultdict(int)
        for address, found in versions.items():
            self._count(address, number_of(address, found.fields) or 0)
        moving = moving_kinds()
        self.objects: dict[Address, Mapping[str, Json | Absent]] = {
            address: found.fields
            for address, found in live.resources.items()
            if address.kind in moving
        }

    def objections(self, change: Change) -> Iterator[Diagnostic]:
        """Why the server would refuse this change now."""
        if change.action == Action.CREATE and change.address in self._families.of:
            yield from self._family_objections(change)
            # A server with first states numbers the versions itself.
            specs = spec_of(change.address.kind).fields
            if any(specs[each.name].born_as is not ABSENT for each in change.fields):
                yield from self._number_objections(change)
        moved = move_of(change.address.kind, change.action)
        if moved is None:
            return
        fields = self.objects.get(change.address, {})
        move = moved[1]
        forbidden = (fields.get(name) == value for name, value in move.not_while.items())
        missed = (
            name in fields and fields[name] != value for name, value in move.only_while.items()
        )
        if any(forbidden) or any(missed):
            yield Diagnostic(
                rule="refused-by-server", message=move.refusal, address=str(change.address)
            )

    def play(self, change: Change) -> None:
        """Do a change as the server does it."""
        if change.address.kind not in moving_kinds():
            return
        if change.action == Action.DELETE:
            self.objects.pop(change.address, None)
            return
        born = self._at_birth(change) if change.action == Action.CREATE else {}
        before = self.objects.get(change.address, {})
        set_now = {each.name: each.after for each in change.fields}
        self.objects[change.address] = {**before, **born, **set_now}
        if taken := taken_field(change):
            for sibling in self._families.siblings(change.address):
                if sibling in self.objects:
                    self.objects[sibling] = {**self.objects[sibling], taken: False}

    def _at_birth(self, change: Change) -> dict[str, Json | Absent]:
        """The fields that the server fills in."""
        address = change.address
        fields: dict[str, Json | Absent] = {}
        for spec in spec_of(address.kind).fields.values():
            if spec.moves:
                fields[spec.name] = spec.default({})
            elif spec.numbered_by_server and address in self._families.of:
                number = self._highest[self._families.of[address]] + 1
                fields[spec.name] = str(number)
                self._count(address, number)
        return {name: value for name, value in fields.items() if value is not ABSENT}

    def _count(self, address: Address, number: int) -> None:
        family = self._families.of.get(address)
        if family is not None:
            self._highest[family] = max(self._highest[family], number)

    def _family_objections(self, change: Change) -> Iterator[Diagnostic]:
        link = link_of(change.address)
        joined = next((each.after for each in change.fields if each.name == link), None)
        slug = joined if isinstance(joined, str) else change.address.slug
        is_there = any(each in self.objects for each in self._families.members.get(slug, ()))
        # The server names a version after its family unless somebody chose another slug.
        is_named_after = any(a.slug == f"{slug}-v{number}" for a, number in self._unnamed.items())
        if joined is None and (is_there or is_named_after):
            yield Diagnostic(
                rule="lost-first-version",
                message=f"the family {slug} is there already and has lost its first version, which"
                " no server makes again",
                address=str(change.address),
                hint=f"declare it under another slug with `{link}: {slug}`, or remove it",
            )
        if joined is not None and not is_there and not self._unnamed:
            yield Diagnostic(
                rule="unknown-family",
                message=f"there is no family {slug} to join",
                address=str(change.address),
                hint=f"remove `{link}`, or declare {change.address.kind}/{slug}, which opens it",
            )

    def _number_objections(self, change: Change) -> Iterator[Diagnostic]:
        """A number that the server surely does not give: it counts on, and reuses none."""
        address = change.address
        family = self._families.of[address]
        wanted = number_of(address, {each.name: each.after for each in change.fields})
        # The server reuses no number, so a lower one never comes. In a family that exists a
        # higher one may, since the last versions may be deleted.
        coming = self._highest[family] + 1
        is_new = family not in self._live_families
        if wanted is not None and (wanted < coming or (is_new and wanted > coming)):
            least = "" if is_new else "at least "
            yield Diagnostic(
                rule="version-number",
                message=f"the server will number it {least}{coming}, not {wanted}",
                address=str(address),
                hint="declare that number, or none: then versions are made in the order in which"
                " they are declared",
            )
