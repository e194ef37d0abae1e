"""Takes the names of instances out of what a plan says, for places that everybody can read."""

from __future__ import annotations

import re
from dataclasses import replace

from kaiten_sync.plan import Proposal

_INSTANCE = re.compile(r"\binstance/[a-z0-9-]+")
_NAMELESS = "instance/…"


def unnamed(proposal: Proposal) -> Proposal:
    """The same without the names of instances, such as who holds what cannot be deleted.

    A plan that is refused is written nowhere, so its warnings may change.
    """
    warnings = proposal.plan.warnings
    if proposal.refusals:
        warnings = tuple(_INSTANCE.sub(_NAMELESS, each) for each in warnings)
    diagnostics = (
        replace(
            each,
            message=_INSTANCE.sub(_NAMELESS, each.message),
            hint=None if each.hint is None else _INSTANCE.sub(_NAMELESS, each.hint),
        )
        for each in proposal.diagnostics
    )
    plan = replace(proposal.plan, warnings=warnings)
    return replace(proposal, plan=plan, diagnostics=tuple(diagnostics))
