"""Where this server differs from the 1.0 contract on purpose; the contract tests compare the two.

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
    REQUEST_VALUE_WIDER = "takes a property in one more form"
    REQUEST_PROPERTY_WRITABLE = "looks at a property that is read-only there"
    ANSWER_PROPERTY_ADDED = "returns a property more, where it is set"
    ANSWER_ENUM_WIDER = "may return a value more"
    STATUS_ADDED = "may answer with a status more"
    OPERATION_ADDED = "is no part of the contract"
    BEHAVIOR = "does something else"


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
    "reportEntitlementUsageMetric",
    "create-customer",
    "update-customer",
    "createInstance",
    "updateInstance",
    "patchInstance",
    "create-service-account",
    "update-service-account",
    "create-service-account-token",
)
_WEBHOOKS = (
    "list-webhook-history",
    "list-webhooks",
    "create-webhook",
    "get-webhook",
    "update-webhook",
    "delete-webhook",
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
        names=("408", "413", "415"),
        reason="bodies that are too slow, too large or not JSON are named as what they are",
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
        reason="an entitlement that is granted or was used is refused with InUseConflict, as later"
        " versions have it; upstream fails with 500",
    ),
    Difference(
        operations=(
            "create-entitlement",
            "create-license",
            "create-entitlement-group",
            "create-customer",
            "createInstance",
            "create-service-account",
            "create-service-account-token",
        ),
        part=Part.BEHAVIOR,
        names=("slug",),
        reason="a slug made from a name has no random ending unless it is taken: getting-started"
        " goes on with `api-calls`; a made slug also never exceeds 100 characters",
    ),
    Difference(
        operations=("add-entitlement-to-group", "remove-entitlement-from-group"),
        part=Part.BEHAVIOR,
        names=("404",),
        reason="an unknown group or entitlement is a 404; upstream fails with 500, or says 204",
    ),
    Difference(
        operations=("add-entitlement-to-group", "remove-entitlement-from-group"),
        part=Part.BEHAVIOR,
        names=("ENTITLEMENT_UPDATED",),
        reason="the member's entitlementGroups changed, so it is told of; upstream tells nothing",
    ),
    Difference(
        operations=("getAuditTrails",),
        part=Part.BEHAVIOR,
        names=("items",),
        reason="an event is there as soon as its request is answered, and events of the same"
        " millisecond are in the order in which they were written; upstream fills the trail later,"
        " and sorts those by random ids",
    ),
    Difference(
        operations=("getAuditTrails",),
        part=Part.BEHAVIOR,
        names=("event_name",),
        reason="an event's type and its name in the getting-started generation mean the event too",
    ),
    Difference(
        operations=("getAuditTrails",),
        part=Part.BEHAVIOR,
        names=("after", "before"),
        reason="a time that is none, or empty, is a 422 that names it; upstream fails with 500,"
        " and ignores an empty one",
    ),
    Difference(
        operations=("getAuditTrails",),
        part=Part.BEHAVIOR,
        names=("404",),
        reason="an unknown instance is refused, as the contract has it; upstream shows an empty"
        " page",
    ),
    Difference(
        operations=("reportEntitlementUsageMetric",),
        part=Part.REQUEST_VALUE_WIDER,
        names=("value",),
        reason="getting-started, request 4, sends a plain number",
    ),
    Difference(
        operations=("reportEntitlementUsageMetric",),
        part=Part.REQUEST_PROPERTY_ADDED,
        names=("transactionId",),
        reason="without a key nobody may send a report again whose answer was lost; as later"
        " versions have it: the answer to a repeated report has the header Idempotent-Replayed",
    ),
    Difference(
        operations=("reportEntitlementUsageMetric",),
        part=Part.BEHAVIOR,
        names=("behavior",),
        reason="getting-started, request 4, leaves it out: append; upstream calls it optional and"
        " refuses its absence",
    ),
    Difference(
        operations=("reportEntitlementUsageMetric",),
        part=Part.BEHAVIOR,
        names=("422",),
        reason="a total that is no finite number is refused with NotFinite; upstream fails with"
        " 500",
    ),
    Difference(
        operations=("reportEntitlementUsageMetric",),
        part=Part.BEHAVIOR,
        names=("event_count",),
        reason="it stays at the largest int32 and does not run over",
    ),
    Difference(
        operations=("reportEntitlementUsageMetric",),
        part=Part.BEHAVIOR,
        names=("INSTANCE_ENTITLEMENT_USAGE_PERIOD_ROLLED_OVER",),
        reason="of the windows in which nothing was reported only the newest 1000 are told of:"
        " upstream tells of any number in one request",
    ),
    Difference(
        operations=("getEntitlementsUsageMetrics", "get-entitlement-group-usage"),
        part=Part.BEHAVIOR,
        names=("200",),
        reason="sorted by entitlement slug, and never null; upstream has no order",
    ),
    Difference(
        operations=("get-entitlement-group-usage",),
        part=Part.BEHAVIOR,
        names=("404",),
        reason="an unknown group or instance is refused, as the contract has it; upstream shows an"
        " empty list",
    ),
    Difference(
        operations=("get-entitlement-group-usage",),
        part=Part.BEHAVIOR,
        names=("usageValue",),
        reason="absent until something is reported, as the contract has it; upstream shows 0 where"
        " usage has a reset period",
    ),
    Difference(
        operations=("create-customer", "createInstance", "updateInstance"),
        part=Part.BEHAVIOR,
        names=("integrations",),
        reason="this server keeps none: other than {} they are refused with IntegrationsNotSettable"
        " and not dropped in silence",
    ),
    Difference(
        operations=("createInstance", "updateInstance"),
        part=Part.BEHAVIOR,
        names=("deploymentZoneId",),
        reason="this server has no zones: any is refused with DeploymentZoneNotFound",
    ),
    Difference(
        operations=("createInstance", "updateInstance", "create-service-account-token"),
        part=Part.BEHAVIOR,
        names=("date-time",),
        reason="a time has to be RFC 3339 with a zone, between the years 1 and 9999 in UTC",
    ),
    Difference(
        operations=("createInstance", "updateInstance"),
        part=Part.BEHAVIOR,
        names=("endLicenseDate",),
        reason="an end before the start is refused with LicenseEndsBeforeStart",
    ),
    Difference(
        operations=("patchInstance",),
        part=Part.BEHAVIOR,
        names=("INSTANCE_STATUS_CHANGED", "INSTANCE_LIFECYCLE_STAGE_CHANGED"),
        reason="told only of what became another",
    ),
    Difference(
        operations=("create-service-account-token",),
        part=Part.BEHAVIOR,
        names=("scopes",),
        reason="a token gives no scope that it has not itself (Auth.MissingScope): upstream lets"
        " write:tokens make a token that may do everything",
    ),
    Difference(
        operations=("create-service-account-token",),
        part=Part.BEHAVIOR,
        names=("expiresAt", "name"),
        reason="a time that is past is refused with ExpiresInThePast, and more than 255 characters"
        " of a name with NameTooLong: an index holds it",
    ),
    Difference(
        operations=("get-service-accounts", "get-service-account"),
        part=Part.BEHAVIOR,
        names=("tokens",),
        reason="the newest 200; all of them are in the list of tokens",
    ),
    Difference(
        operations=("create-service-account-token",),
        part=Part.BEHAVIOR,
        names=("expiresAt",),
        reason="a token expires with the token that created it at the latest"
        " (ExpiresAfterParent), which upstream leaves alone",
    ),
    Difference(
        operations=("delete-service-account-token",),
        part=Part.BEHAVIOR,
        names=("tokenSlug",),
        reason="the tokens that were created with the token are revoked too; upstream keeps them",
    ),
    Difference(
        operations=(EVERY_OPERATION,),
        part=Part.BEHAVIOR,
        names=("429",),
        reason="too many wrong tokens are refused for a while (Auth.TooManyFailures)",
    ),
    Difference(
        operations=_BODIES,
        part=Part.BEHAVIOR,
        names=("name", "description"),
        reason="a name has at most 1,000 characters and another text 10,000; the contract has no"
        " limit, and one list shows 200 of them",
    ),
    Difference(
        operations=_WEBHOOKS,
        part=Part.OPERATION_ADDED,
        names=("webhooks",),
        reason="upstream's cloud serves them, and not its contract",
    ),
)
