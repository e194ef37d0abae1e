"""`maxDeletes` and `maxUpdates`: how much of a kind one plan may touch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from kaiten_sync.kinds.registry import all_kinds, spec_of
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.change import Action, Change, gone_with_parent
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.migration import share_of
from kaiten_sync.model.plan import Guards
from kaiten_sync.model.settings import Limit, Policy
from kaiten_sync.plan.words import plural

MINIMUM_POPULATION = 10
"""Live objects of a kind from which a share is meaningful (product.md, `policy`)."""


def population_of(addresses: Collection[Address], changes: Sequence[Change]) -> dict[Kind, int]:
    """How many live objects there are of each kind that is deleted from or changed.

    Other kinds are left out, so that what has nothing to do with a plan does not change it.
    """
    counts = Counter(address.kind for address in addresses)
    touched = touched_by_kind(changes).keys()
    return {
        spec.kind: counts[spec.kind] for spec in all_kinds() if spec.kind in touched & counts.keys()
    }


def touched_by_kind(changes: Sequence[Change]) -> Mapping[Kind, int]:
    """How many live objects the changes delete from or change, by kind; kinds without are left out.

    At least so many live objects there were.
    """
    touched = _touched(changes, is_delete=True) | _touched(changes, is_delete=False)
    return Counter(address.kind for address in touched)


def too_many(
    changes: Sequence[Change], guards: Guards, *, is_made: bool = False
) -> Iterator[Diagnostic]:
    """Kinds of which more is deleted or changed than the limits allow.

    What is deleted with the object that it is in is one delete with it. Options say how a plan is
    made: one that `is_made` already is held to the project file.
    """
    together = gone_with_parent(changes)
    for is_delete, limit, name, verb, option in (
        (True, guards.max_deletes, "maxDeletes", "deletes", "--max-deletes"),
        (False, guards.max_updates, "maxUpdates", "updates", "--max-updates"),
    ):
        touched = Counter(
            address.kind for address in _touched(changes, is_delete=is_delete) - together
        )
        for kind, count in sorted(touched.items()):
            population = guards.population.get(kind, 0)
            if count > population:
                yield Diagnostic(
                    rule="miscounted",
                    message=f"{verb} {count} live {_noun(kind, count)}, and the plan counts"
                    f" {population}",
                )
            elif _exceeds(limit, count, population):
                unset = ", the default" if limit == Policy().max_deletes else ""
                yield Diagnostic(
                    rule=f"too-many-{verb}",
                    message=f"{verb} {count} of {population} live {_noun(kind, population)}"
                    f" ({100 * count / population:.0f}%); {name} allows {limit}"
                    f"{unset}",
                    hint=f"if that is meant, allow more with {option}{_with_catalog(is_made)}, or"
                    f" with `{name}` below `policy:` in the project file",
                )


def too_many_moves(
    guards: Guards,
    count: int,
    holders: int,
    wave: Limit | None = None,
    *,
    is_made: bool = False,
) -> Iterator[Diagnostic]:
    """Whether a migration moves more holders than `maxMoves` allows, or than its wave takes."""
    of_all = f"moves {count:,} of {holders:,} {plural(holders, 'holder')}"
    if count > share_of(holders, wave):
        yield Diagnostic(
            rule="too-many-moves",
            message=f"{of_all}, and its wave takes {wave}",
        )
    if _exceeds(guards.max_moves, count, holders):
        yield Diagnostic(
            rule="too-many-moves",
            message=f"{of_all} ({100 * count / holders:.0f}%); maxMoves allows {guards.max_moves}",
            hint="move fewer at a time with --wave, or allow more with"
            f"{'' if is_made else ' --max-moves, or with'} `maxMoves` below `policy:` in the"
            " project file",
        )


def _with_catalog(is_made: bool) -> str:
    return " beside --catalog" if is_made else ""


def _noun(kind: Kind, count: int) -> str:
    return plural(count, kind, spec_of(kind).plural)


def _touched(changes: Sequence[Change], *, is_delete: bool) -> set[Address]:
    """The live objects that are deleted, or changed: what is created and then published is none."""
    created = (c.address for c in changes if c.action == Action.CREATE)
    others = (c for c in changes if c.action != Action.CREATE)
    touched = {c.address for c in others if (c.action == Action.DELETE) is is_delete}
    return touched.difference(created)


def _exceeds(limit: Limit, count: int, population: int) -> bool:
    if limit.count is not None:
        return count > limit.count
    if limit.percent is None:
        return False
    # Of three licenses, one is a third: below so many, a share would refuse every small change.
    # A share of nothing is meant to.
    if limit.percent > 0 and population < MINIMUM_POPULATION:
        return False
    return count * 100 > limit.percent * population
