"""A server that moved: its target has another URL than when the plan before was made (ADR 5).

A server is known by what it has: the ids that it gave its objects. No two servers have the same.
No response names the organization itself to a token that reads a catalog.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from kaiten_sync.apply import read_observed
from kaiten_sync.errors import PlanFileError
from kaiten_sync.jobs.agreed import Agreed, plans_before
from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import CatalogReader, Ports
from kaiten_sync.plan import is_same_url


def check_moved(
    agreed: Agreed,
    target: TargetRef,
    catalog: CatalogReader,
    ports: Ports,
    *,
    words: Sequence[str],
    is_said: bool = False,
) -> None:
    """Make sure that a plan is of the server at hand, whatever its URL was.

    `words` name the target on a command line. `is_said`: a person says that the server moved.

    Raises:
        PlanFileError: nothing shows that it is. ServerError, AccessError: it could not be read.
    """
    plan = agreed.plan
    if plan is None or is_same_url(plan.target.url, target.url):
        return
    moved = f"{target.name} moved from {plan.target.url} to {target.url}"
    if is_said:
        ports.notices.notify(f"{moved}, as --moved says")
        return
    why_not = _why_not_the_same(chain((plan,), plans_before(agreed, ports)), catalog)
    if why_not is not None:
        place = str(agreed.place)
        out = place if ports.files.is_file(Path(place)) else "FILE"
        again = ["kaiten-sync", "plan", *words, "-o", out, "--previous", place, "--moved"]
        raise PlanFileError(
            f"{agreed.place}: this plan is for {target.name} at {plan.target.url}, and {why_not}"
            f" at {target.url}",
            hint=f"check the URL; if the server moved, make the plan again:"
            f" `{shlex.join(again)}`; if it is another server, start over with"
            " --previous none: then nothing is deleted this time",
        )
    ports.notices.notify(f"{moved}: its objects have the ids that {agreed.place} saw")


def _why_not_the_same(plans: Iterable[Plan], catalog: CatalogReader) -> str | None:
    """Why what plans observed does not show that a server is the same; None if it does.

    `plans` are the newest first. One that only creates saw no id; the one before it may have.
    """
    known: set[Address] = set()
    for plan in plans:
        seen = [each for each in plan.observed if each.address not in known]
        known.update(each.address for each in plan.observed)
        had = {each.address: each.id for each in seen if each.id is not None}
        found = read_observed(
            catalog, [each for each in seen if each.id is not None], catalog.connections
        )
        ids = {a: now.id for a, now in found.items() if now.id is not None and a in had}
        for address, now in ids.items():
            if now != had[address]:
                return f"{address} has another id"
        if ids:
            return None
    return "nothing that it observed with an id is"
