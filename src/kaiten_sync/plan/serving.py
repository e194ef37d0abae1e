"""What each family serves before a plan and after it, so that it serves nothing else between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kaiten_sync.families import DEFAULT, served_of
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Change
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import Absent, Json
from kaiten_sync.plan.families import Families
from kaiten_sync.plan.simulation import Simulation


class Serving(Immutable, frozen=True):
    """By the members of families: the served version before and after, and whether by default.

    Without a default, a family serves the highest published version, so that each version that is
    published or withdrawn can change it. Source: API facts, section 2.4.
    """

    _before: Mapping[str, tuple[Address, bool]] = {}
    _after: Mapping[str, tuple[Address, bool]] = {}
    _of: Mapping[Address, str] = {}

    def comes_before(self, address: Address) -> Address | None:
        """The version that is put in place before this one, or this one would be served."""
        family = self._of.get(address, "")
        served, _ = self._after.get(family, (None, False))
        _, had_default = self._before.get(family, (None, False))
        return None if had_default or served == address else served

    def goes_last(self, address: Address) -> bool:
        """Whether this version is withdrawn after the others, or one of them would be served."""
        family = self._of.get(address, "")
        served, _ = self._before.get(family, (None, False))
        _, has_default = self._after.get(family, (None, False))
        return served == address and not has_default


def serving_of(changes: Iterable[Change], families: Families, live: LiveState) -> Serving:
    """What the families serve before the changes and after all of them, which are in order."""
    server = Simulation(live, families)
    before = _served(families, server.objects.get)
    # The server is played to the end, since what it serves by default depends on all versions at
    # once.
    for change in changes:
        server.play(change)
    return Serving(before, _served(families, server.objects.get), families.of)


def _served(
    families: Families, fields_of: Callable[[Address], Mapping[str, Json | Absent] | None]
) -> dict[str, tuple[Address, bool]]:
    served: dict[str, tuple[Address, bool]] = {}
    for family, members in families.members.items():  # oldest first
        address = served_of(members, lambda member: fields_of(member) or {})
        if address is not None:
            served[family] = address, (fields_of(address) or {}).get(DEFAULT) is True
    return served
