"""What a family's declaration asks for, and which version a plan chooses for it."""

from __future__ import annotations

from enum import StrEnum

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Effect


class WhenTightened(StrEnum):
    """What becomes of a change that takes something from holders of the served version."""

    NEW_VERSION = "new-version"
    IN_PLACE = "in-place"
    REFUSE = "refuse"


class FamilyTerms(Immutable, frozen=True, kw_only=True):
    """How a family wants to be changed. `reason` is why holders may lose something."""

    when_tightened: WhenTightened = WhenTightened.NEW_VERSION
    reason: str | None = None
    archive_replaced: bool = False


class Way(StrEnum):
    """How a plan treats a declared family."""

    NOTHING = "nothing"
    """It does already."""
    CREATE = "create"
    """There is no such family."""
    IN_PLACE = "in-place"
    """The version that it serves is changed, for its holders too."""
    NEW_VERSION = "new-version"
    """It gets another version, and holders keep theirs."""
    WITHDRAW = "withdraw"
    """It is no longer sold, and holders keep their versions."""
    DELETE = "delete"
    """It is no longer declared, and nobody holds a version of it."""


class FamilyChoice(Immutable, frozen=True, kw_only=True):
    """What a plan does about one family, and why.

    `serves` is the slug of the version that the family served when the plan was made, and `version`
    of the one that it serves afterwards; None if there is none. `effect` is what the declaration
    means for holders of the served version, None if there is no such version or nothing differs.
    `holders` counts them; None if that did not matter or could not be seen. `reason` is for people.
    """

    address: Address
    way: Way
    reason: str
    serves: str | None = None
    version: str | None = None
    effect: Effect | None = None
    holders: int | None = None
