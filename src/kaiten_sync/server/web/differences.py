"""Where this server differs from the 1.0 contract on purpose. A contract test holds it to this.

Two generations of the API contradict each other: the getting-started page sends what the 1.0
contract refuses. The server takes both, and so is wider than the contract in these places.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Part(Enum):
    """What of an operation differs."""

    REQUEST_PROPERTY_ADDED = "accepts a property more"
    REQUEST_PROPERTY_OPTIONAL = "does not need a property"
    REQUEST_PROPERTY_REQUIRED = "needs a property"
    REQUEST_PROPERTY_WRITABLE = "looks at a property that is read-only there"
    ANSWER_PROPERTY_ADDED = "returns a property more, where it is set"
    ANSWER_ENUM_WIDER = "may return a value more"
    STATUS_ADDED = "may answer with a status more"
    BEHAVIOUR = "does something else"


EVERY_OPERATION = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One deliberate difference: where, what, and why."""

    operations: tuple[str, ...]
    part: Part
    names: tuple[str, ...]
    reason: str


_BODIES = (
    "create-entitlement-group",
    "update-entitlement-group",
    "add-entitlement-to-group",
    "create-entitlement",
    "update-entitlement",
    "create-license",
    "update-license",
    "associate-entitlement-with-license",
    "update-license-entitlement",
)
_ENTITLEMENT_ANSWERS = ("list-entitlements", "create-entitlement", "get-entitlement")
_LICENSE_ANSWERS = (
    "get-licenses",
    "create-license",
    "get-license",
    "publish-license",
    "archive-license",
    "unarchive-license",
    "list-license-families",
    "get-license-family",
)

DIFFERENCES = (
    Difference(
        operations=("create-entitlement", "update-entitlement"),
        part=Part.REQUEST_PROPERTY_ADDED,
        names=("meterType",),
        reason="getting-started, request 1, sends it; left out on update it is kept",
    ),
    Difference(
        operations=_ENTITLEMENT_ANSWERS,
        part=Part.ANSWER_PROPERTY_ADDED,
        names=("meterType",),
        reason="what was stored can be read back",
    ),
    Difference(
        operations=("create-entitlement", "create-entitlement-group"),
        part=Part.REQUEST_PROPERTY_OPTIONAL,
        names=("description",),
        reason="getting-started, request 1, leaves it out",
    ),
    Difference(
        operations=("create-license", "update-license"),
        part=Part.REQUEST_PROPERTY_ADDED,
        names=("isActive",),
        reason="getting-started, request 2, sends it; left out on update it is kept",
    ),
    Difference(
        operations=_LICENSE_ANSWERS,
        part=Part.ANSWER_PROPERTY_ADDED,
        names=("isActive",),
        reason="what was stored can be read back",
    ),
    Difference(
        operations=("create-license",),
        part=Part.REQUEST_PROPERTY_OPTIONAL,
        names=("description", "isDefault"),
        reason='getting-started, request 2, leaves them out: "" and false',
    ),
    Difference(
        operations=("create-license", "update-license"),
        part=Part.REQUEST_PROPERTY_WRITABLE,
        names=("version",),
        reason="getting-started, request 2, sends it: accepted where it is what the server"
        " assigns, and refused otherwise, as upstream refuses it",
    ),
    Difference(
        operations=("associate-entitlement-with-license",),
        part=Part.REQUEST_PROPERTY_REQUIRED,
        names=("entitlementSlug",),
        reason="without it there is nothing to grant; a 422 that names it beats a 404",
    ),
    Difference(
        operations=("get-license-entitlements", "get-license-entitlement"),
        part=Part.ANSWER_ENUM_WIDER,
        names=("entitlementType",),
        reason="upstream returns NUMBER_AI_CREDIT too, and its contract forgets it",
    ),
    Difference(
        operations=_BODIES,
        part=Part.STATUS_ADDED,
        names=("413", "415"),
        reason="bodies that are too large or not JSON are named as what they are",
    ),
    Difference(
        operations=(EVERY_OPERATION,),
        part=Part.STATUS_ADDED,
        names=("503",),
        reason="the database may be held by another writer for too long",
    ),
    Difference(
        operations=("delete-entitlement",),
        part=Part.STATUS_ADDED,
        names=("409",),
        reason="a granted entitlement is refused with InUseConflict; upstream fails with 500",
    ),
    Difference(
        operations=("create-entitlement", "create-license", "create-entitlement-group"),
        part=Part.BEHAVIOUR,
        names=("slug",),
        reason="a slug made from a name has no random ending unless it is taken: getting-started"
        " goes on with `api-calls`; a made slug also never exceeds 100 characters",
    ),
    Difference(
        operations=("add-entitlement-to-group", "remove-entitlement-from-group"),
        part=Part.BEHAVIOUR,
        names=("404",),
        reason="an unknown group or entitlement is a 404; upstream fails with 500, or says 204",
    ),
)
