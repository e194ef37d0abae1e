"""Counters that start again from 0: a reset period set on an entitlement that is there already.

The server closes the usage so far, counts again from 0, and keeps the period for good. Source: API
facts, sections 1.6 and 2.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.holder import Holders
from kaiten_sync.plan.protection import Consent
from kaiten_sync.plan.words import show, some


def restarting(differences: Iterable[Difference]) -> dict[Address, str]:
    """The live objects whose usage starts again, each with what is set."""
    found: dict[Address, str] = {}
    for difference in differences:
        specs = spec_of(difference.address.kind).fields
        for field in difference.fields:
            is_set_now = not isinstance(field.before, str) and isinstance(field.after, str)
            is_live = difference.drift is DriftClass.CHANGED
            if is_live and is_set_now and specs[field.name].restarts_usage:
                found[difference.address] = f"{field.name}: {show(field.after)}"
    return found


def restart_needs(restarted: dict[Address, str], use: Holders) -> Iterator[Consent]:
    """Counters that somebody may be using, or of which nobody can see whether anybody does."""
    for address, what in restarted.items():
        if (users := _users(address, use)) is not None:
            yield Consent(
                address=address,
                diagnostic=Diagnostic(
                    rule="usage-restart",
                    message=f"`{what}` starts usage again from 0 {users}, and cannot be taken back",
                    address=str(address),
                    hint=f"take it out, or pass --allow {address}",
                ),
            )


def restart_warnings(restarted: dict[Address, str]) -> Iterator[Diagnostic]:
    """What a reviewer has to know of each."""
    for address, what in restarted.items():
        yield Diagnostic(
            rule="usage-restart",
            message=f"`{what}` starts everybody's usage again from 0; once set, it stays and cannot"
            " be taken back",
            address=str(address),
            severity=Severity.WARNING,
        )


def _users(address: Address, use: Holders) -> str | None:
    """Whose usage starts again; None if it is nobody's."""
    if address not in use.checked:
        why = f" ({use.gap})" if use.gap is not None else ""
        return f"for whoever uses it, which could not be seen{why}"
    referrers = use.referrers.get(address, ())
    holders = {each for a in referrers if a.parent for each in use.instances.get(a.parent, ())}
    if not holders:
        return None
    return f"for {some([f'instance/{slug}' for slug in sorted(holders)])}"
