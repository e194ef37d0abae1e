"""Objects that cannot be deleted while they have holders. The server would refuse them as well."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import HeldBy
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.plan import Plan
from kaiten_sync.plan.leaving import deleted
from kaiten_sync.plan.protection import Consent
from kaiten_sync.plan.words import some


def held(
    holders: Holders, gone: Collection[Address], families: Mapping[Address, Address]
) -> Iterator[Diagnostic]:
    """Who holds what is to be deleted, each object once; `gone` is all that is deleted.

    `families` have the family of versions that leave with it.
    """
    for address in sorted(gone, key=lambda each: each.sort_key):
        holding = holding_of(holders, address, gone)
        if holding is not None:
            yield Diagnostic(
                rule="still-held",
                message=f"cannot be deleted while {holding}",
                address=str(address),
                hint=_way_out(address, families),
            )


def _way_out(address: Address, families: Mapping[Address, Address]) -> str:
    if address in families:
        return (
            f"declare {families[address]} with `sold: false`: then it can no longer be bought, and"
            " holders keep their versions"
        )
    if spec_of(address.kind).held_by is HeldBy.INSTANCES:
        return "keep it declared, or move its holders to another license first"
    return "keep it declared until no license grants it and no usage of it is recorded"


def unheld(holders: Holders, gone: Collection[Address]) -> frozenset[Address]:
    """The objects that were looked at and have no holders."""
    checked = (address for address in gone if address in holders.checked)
    return frozenset(a for a in checked if holding_of(holders, a, gone) is None)


def conflicts(holders: Holders, plan: Plan, done: Collection[str] = ()) -> tuple[Diagnostic, ...]:
    """Objects that the rest of the plan takes from, and that have holders only since it was made.

    All of them were looked at. `done` are the ids of the changes that are done.
    """
    gone = deleted(plan.changes)
    diagnostics = []
    for address in sorted(resting_on_nobody(plan, done), key=lambda each: each.sort_key):
        now = holding_of(holders, address, gone)
        if now is None and address not in holders.checked:
            now = f"and its holders could not be listed now ({holders.gap})"
        elif now is not None:
            now = f"now {now}"
        if now is not None:
            message = f"it had no holders when the plan was made, {now}"
            diagnostics.append(
                Diagnostic(rule="held-since-plan", message=message, address=str(address))
            )
    return tuple(diagnostics)


def resting_on_nobody(plan: Plan, done: Collection[str]) -> frozenset[Address]:
    """The objects that must have no holders for the changes that are left.

    A new holder of an object that was lowered already, or is no longer touched, loses nothing.
    """
    takes = {
        each.address.root
        for each in plan.changes
        if each.id not in done
        # Moves count as taking: one of them may withdraw a version that an instance is about to
        # get.
        and (each.action not in (Action.CREATE, Action.UPDATE) or each.effect.is_harmful)
    }
    return frozenset(
        each.address for each in plan.observed if each.unheld and each.address.root in takes
    )


def blind_needs(holders: Holders, gone: Collection[Address]) -> Iterator[Consent]:
    """Objects whose holders could not be listed, and who would lose something before a refusal.

    The server deletes nothing that is held. What is inside an object is deleted before it, though.
    """
    for address in _unseen(holders, gone):
        if _loses_first(address, gone):
            yield Consent(
                address=address,
                diagnostic=Diagnostic(
                    rule="holders-unseen",
                    message=f"its holders could not be listed ({holders.gap}), and they would lose"
                    " its grants before the server can refuse to delete it",
                    address=str(address),
                    hint=f"plan with a token that may list them, or pass --allow {address} if"
                    " nobody holds it",
                ),
            )


def _unseen(holders: Holders, gone: Collection[Address]) -> list[Address]:
    """The objects to be deleted whose holders could not be listed, in address order."""
    holdable = (a for a in gone if spec_of(a.kind).held_by is not HeldBy.NOBODY)
    blind = [address for address in holdable if address not in holders.checked]
    return sorted(blind, key=lambda each: each.sort_key) if holders.gap is not None else []


def _loses_first(address: Address, gone: Collection[Address]) -> bool:
    is_had = spec_of(address.kind).held_by is HeldBy.INSTANCES
    return is_had and any(each.parent == address for each in gone)


def unchecked(holders: Holders, gone: Collection[Address]) -> Iterator[Diagnostic]:
    """A warning about the objects to be deleted whose holders could not be listed."""
    blind = _unseen(holders, gone)
    for is_first, what in (
        (False, "the server will refuse to delete an object that has any"),
        (True, "the plan deletes their grants before the server can refuse to delete them"),
    ):
        if of := [str(each) for each in blind if _loses_first(each, gone) is is_first]:
            yield Diagnostic(
                rule="holders-unseen",
                message=f"the holders of {some(of)} could not be listed ({holders.gap}); {what}",
                severity=Severity.WARNING,
            )


def holding_of(holders: Holders, address: Address, gone: Collection[Address]) -> str | None:
    """Who holds an object beside what is deleted with it, in words; None if nobody is seen."""
    match spec_of(address.kind).held_by:
        case HeldBy.NOBODY:
            return None
        case HeldBy.INSTANCES:
            return _by("held by", _instances(holders.instances.get(address, ())))
        case HeldBy.REFERRERS:
            # What goes in the same plan holds nothing any more when this one goes.
            granting = [str(a.parent) for a in holders.referrers.get(address, ()) if a not in gone]
            users = _instances(holders.users.get(address, ()))
            return _by("granted by", granting) or _by("usage of it is recorded for", users)


def _instances(slugs: Sequence[str]) -> list[str]:
    return [f"instance/{slug}" for slug in slugs]


def _by(verb: str, names: Sequence[str]) -> str | None:
    return f"{verb} {some(names)}" if names else None
