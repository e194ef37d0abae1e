"""Objects that a command names: that nothing differs would be a wrong answer to a slip."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice

from kaiten_sync.errors import UsageError
from kaiten_sync.jobs.suggesting import drift_command
from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.resource import DesiredState, LiveState


def unknown_of(
    only: Collection[Address], known: Collection[Address]
) -> Mapping[Address, str | None]:
    """The named objects that are not among these, and contain none of them.

    Each with a hint at the object that was probably meant, if one is spelled like it.
    """
    unknown = (each for each in only if not any(a.is_within({each}) for a in known))
    return {each: _meant(each, known) for each in unknown}


def hint_at(unknown: Mapping[Address, str | None], next_step: str) -> str:
    """The next step, after the hint of the first unknown object that has one."""
    meant = (unknown[each] for each in sorted(unknown, key=str))
    return " ".join((*islice(filter(None, meant), 1), next_step))


def names_of(addresses: Collection[Address]) -> str:
    """Addresses in a sentence."""
    return ", ".join(sorted(str(address) for address in addresses))


def check_known(unknown: Mapping[Address, str | None], *words: str) -> None:
    """Make sure that no named object is unknown.

    Raises:
        UsageError: one is.
    """
    if unknown:
        raise UsageError(
            f"neither declared nor on the server, as far as the scope reaches: {names_of(unknown)}",
            hint=hint_at(
                unknown, f"`{drift_command(words)}` without an address shows what differs"
            ),
        )


def check_owned(desired: DesiredState, live: LiveState, only: Collection[Address]) -> None:
    """Make sure that nothing is named that a declared object leaves alone.

    Raises:
        UsageError: something is.
    """
    for each in sorted(only, key=lambda address: address.sort_key):
        is_inside = each.parent in desired.resources and each in live.resources
        if is_inside and each not in desired.resources and not desired.owns_place_of(each):
            plural = spec_of(each.kind).plural
            raise UsageError(
                f"{each.parent} declares no {plural}, so all that it has are left alone",
                hint=f"declare in the files which {plural} it has: then what differs is adopted",
            )


def _meant(address: Address, known: Collection[Address]) -> str | None:
    """A hint at the known object of the same kind and place, or of what is around it."""
    if address.parent is not None and address.parent not in known:
        return _meant(address.parent, known)
    place = (address.kind, address.parent)
    return did_you_mean(address.slug, [a.slug for a in known if (a.kind, a.parent) == place])
