"""Asks right before the first write whether the changes that are left to do may be made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kaiten_sync.model.change import Change
from kaiten_sync.model.ports import Catalog


def requests_to_permit(
    permit: Callable[[Sequence[Change]], None], changes: Sequence[Change], catalog: Catalog
) -> int:
    """Ask, and return how many requests that took.

    No plan predicts them: whom a rule looks at changes by the minute. Raises as `permit` does.
    """
    before = catalog.requests_sent
    permit(changes)
    return catalog.requests_sent - before
