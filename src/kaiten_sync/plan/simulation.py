"""What the server surely refuses: the ordered changes, played over live by the server's rules.

Each change is judged by the object as it is at that step, not by its declaration alone. Source of
the rules: API facts, section 2.4, as the tables state them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaiten_sync.kinds.registry import move_of, spec_of
from kaiten_sync.kinds.spec import FieldSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import ABSENT, Absent, Json
from kaiten_sync.plan.families import Families, link_of


def refused(changes: Sequence[Change], live: LiveState, families: Families) -> Iterator[str]:
    """Why the server would refuse a change, with the way out; nothing if it takes them all."""
    server = Simulation(live, families)
    for change in changes:
        yield from server.objections(change)
        server.play(change)


class Simulation:
    """The objects of a server, and what its rules make of them."""

    def __init__(self, live: LiveState, families: Families) -> None:
        self._families = families
        self._has_unnamed_family = any(
            families.of.get(address) == found.family_id is not None
            for address, found in live.resources.items()
        )
        self.objects: dict[Address, dict[str, Json | Absent]] = {
            address: dict(found.fields) for address, found in live.resources.items()
        }

    def objections(self, change: Change) -> Iterator[str]:
        """Why the server would refuse this change now."""
        if change.action == Action.CREATE:
            yield from self._family_objections(change)
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
            yield f"{change.address}: {move.refusal}"

    def play(self, change: Change) -> None:
        """Do a change as the server does it."""
        if change.action == Action.DELETE:
            self.objects.pop(change.address, None)
            return
        fields = self.objects.setdefault(change.address, self._at_birth(change))
        fields |= {each.name: each.after for each in change.fields}
        moved = move_of(change.address.kind, change.action)
        if moved is not None and moved[0].one_per and moved[1].after is True:
            self._displace(change.address, moved[0])

    def _at_birth(self, change: Change) -> dict[str, Json | Absent]:
        specs = spec_of(change.address.kind).fields.values()
        values = ((spec.name, spec.default({})) for spec in specs if spec.moves)
        return {name: value for name, value in values if value is not ABSENT}

    def _displace(self, address: Address, spec: FieldSpec) -> None:
        for sibling in self._families.siblings(address):
            if sibling in self.objects:
                self.objects[sibling][spec.name] = False

    def _family_objections(self, change: Change) -> Iterator[str]:
        link = link_of(change.address)
        if not link:
            return
        joined = next((each.after for each in change.fields if each.name == link), None)
        slug = joined if isinstance(joined, str) else change.address.slug
        is_there = any(each in self.objects for each in self._families.members.get(slug, ()))
        if joined is None and is_there:
            yield (
                f"{change.address}: the family {slug} is there already and has lost its first"
                f" version, which no server makes again; declare it under another slug with"
                f" `{link}: {slug}`, or remove it"
            )
        if joined is not None and not is_there and not self._has_unnamed_family:
            yield (
                f"{change.address}: there is no family {slug} to join; remove `{link}`, or declare"
                f" {change.address.kind}/{slug}, which opens it"
            )
