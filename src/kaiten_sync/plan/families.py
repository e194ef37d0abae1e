"""Which family a license is a version of, also before it exists."""

from __future__ import annotations

from kaiten_sync.model.address import Address
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import Json


def family_of(address: Address, family_slug: Json, live: LiveState) -> str | None:
    """The server's id of a license's family; None where it opens a new one.

    `family_slug` is what is declared of a license that is not there yet.
    """
    found = live.resources.get(address)
    if found is not None:
        return found.family_id
    for resource in live.resources.values():
        if family_slug is not None and resource.fields.get("familySlug") == family_slug:
            return resource.family_id
    return None
