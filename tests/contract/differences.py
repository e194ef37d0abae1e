"""Where this server differs from the 1.0 contract on purpose; the contract tests compare the two.

Two generations of the API contradict each other: the getting-started page sends what the 1.0
contract refuses. The server takes both, and so is wider than the contract in these places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


class Part(Enum):
    """What of an operation differs."""

    REQUEST_PROPERTY_ADDED = "accepts a property more"
    REQUEST_PROPERTY_OPTIONAL = "does not need a property"
    REQUEST_PROPERTY_REQUIRED = "needs a property"
    REQUEST_VALUE_WIDER = "takes a property in one more form"
    REQUEST_VALUE_READABLE = "refuses a property that is blank"
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
    "create-entitlement-group update-entitlement-group add-entitlement-to-group"
    " create-entitlement update-entitlement create-license update-license"
    " associate-entitlement-with-license update-license-entitlement"
    " reportEntitlementUsageMetric create-customer update-customer createInstance"
    " updateInstance patchInstance create-service-account update-service-account"
    " create-service-account-token"
)
_WEBHOOKS = (
    "list-webhook-history list-webhooks create-webhook get-webhook update-webhook delete-webhook"
)
_ENTITLEMENT_ANSWERS = "list-entitlements create-entitlement get-entitlement"
_LICENSE_ANSWERS = (
    "get-licenses create-license get-license publish-license archive-license"
    " unarchive-license list-license-families get-license-family"
)

_ROWS: Mapping[Part, Sequence[tuple[str, str, str]]] = {
    Part.REQUEST_PROPERTY_ADDED: (
        (
            "create-entitlement update-entitlement",
            "meterType",
            "getting-started, request 1, sends it; left out on update it is kept",
        ),
        (
            "create-license update-license",
            "isActive",
            "getting-started, request 2, sends it; left out on update it is kept",
        ),
        (
            "reportEntitlementUsageMetric",
            "transactionId",
            (
                "without a key nobody may send a report again whose answer was lost; as later"
                " versions have it: the answer to a repeated report has the header"
                " Idempotent-Replayed"
            ),
        ),
    ),
    Part.REQUEST_PROPERTY_OPTIONAL: (
        (
            "create-entitlement create-entitlement-group",
            "description",
            "getting-started, request 1, leaves it out",
        ),
        (
            "create-license",
            "description isDefault",
            'getting-started, request 2, leaves them out: "" and false',
        ),
    ),
    Part.REQUEST_PROPERTY_REQUIRED: (
        (
            "associate-entitlement-with-license",
            "entitlementSlug",
            "without it there is nothing to grant; a 422 that names it beats a 404",
        ),
    ),
    Part.REQUEST_VALUE_WIDER: (
        (
            "reportEntitlementUsageMetric",
            "value",
            "getting-started, request 4, sends a plain number",
        ),
    ),
    Part.REQUEST_VALUE_READABLE: (
        (
            (
                "create-entitlement-group update-entitlement-group create-license update-license"
                " create-customer update-customer createInstance updateInstance"
                " create-service-account update-service-account create-service-account-token"
            ),
            "name",
            "a name of blanks alone, and a token's that is empty: nobody could see it or click it",
        ),
        (
            "create-entitlement update-entitlement",
            "name unitSingular unitPlural saleUnitSingular saleUnitPlural",
            "the same, of names and of units",
        ),
        (
            "patchInstance",
            "lifecycleStage",
            "the same, of a stage",
        ),
    ),
    Part.REQUEST_PROPERTY_WRITABLE: (
        (
            "create-license update-license",
            "version",
            (
                "getting-started, request 2, sends it: accepted where it is what the server"
                " assigns, and refused otherwise, as upstream refuses it"
            ),
        ),
    ),
    Part.ANSWER_PROPERTY_ADDED: (
        (
            _ENTITLEMENT_ANSWERS,
            "meterType",
            "what was stored can be read back",
        ),
        (
            _LICENSE_ANSWERS,
            "isActive",
            "what was stored can be read back",
        ),
    ),
    Part.ANSWER_ENUM_WIDER: (
        (
            "get-license-entitlements get-license-entitlement",
            "entitlementType",
            "upstream returns NUMBER_AI_CREDIT too, and its contract forgets it",
        ),
    ),
    Part.STATUS_ADDED: (
        (
            _BODIES,
            "408 413 415",
            "bodies that are too slow, too large or not JSON are named as what they are",
        ),
        (
            EVERY_OPERATION,
            "503",
            "the database may be held by another writer for too long",
        ),
        (
            "delete-entitlement",
            "409",
            (
                "an entitlement that is granted or was used is refused with InUseConflict, as"
                " later versions have it; upstream fails with 500"
            ),
        ),
    ),
    Part.OPERATION_ADDED: (
        (
            _WEBHOOKS,
            "webhooks",
            "upstream's cloud serves them, and not its contract",
        ),
    ),
    Part.BEHAVIOR: (
        (
            (
                "create-entitlement create-license create-entitlement-group create-customer"
                " createInstance create-service-account create-service-account-token"
            ),
            "slug",
            (
                "a slug made from a name has no random ending unless it is taken: getting-started"
                " goes on with `api-calls`; a made slug also never exceeds 100 characters"
            ),
        ),
        (
            "add-entitlement-to-group remove-entitlement-from-group",
            "404",
            "an unknown group or entitlement is a 404; upstream fails with 500, or says 204",
        ),
        (
            "add-entitlement-to-group remove-entitlement-from-group",
            "ENTITLEMENT_UPDATED",
            "the member's entitlementGroups changed, so it is told of; upstream tells nothing",
        ),
        (
            "getAuditTrails",
            "items",
            (
                "an event is there as soon as its request is answered, and events of the same"
                " millisecond are in the order in which they were written; upstream fills the"
                " trail later, and sorts those by random ids"
            ),
        ),
        (
            "getAuditTrails",
            "event_name",
            ("an event's type and its name in the getting-started generation mean the event too"),
        ),
        (
            "getAuditTrails",
            "after before",
            (
                "a time that is none, or empty, is a 422 that names it; upstream fails with 500,"
                " and ignores an empty one"
            ),
        ),
        (
            "getAuditTrails",
            "404",
            (
                "an unknown instance is refused, as the contract has it; upstream shows an empty"
                " page"
            ),
        ),
        (
            "reportEntitlementUsageMetric",
            "behavior",
            (
                "getting-started, request 4, leaves it out: append; upstream calls it optional"
                " and refuses its absence"
            ),
        ),
        (
            "reportEntitlementUsageMetric",
            "422",
            ("a total that is no finite number is refused with NotFinite; upstream fails with 500"),
        ),
        (
            "reportEntitlementUsageMetric",
            "event_count",
            "it stays at the largest int32 and does not run over",
        ),
        (
            "reportEntitlementUsageMetric",
            "INSTANCE_ENTITLEMENT_USAGE_PERIOD_ROLLED_OVER",
            (
                "of the windows in which nothing was reported only the newest 1000 are told of:"
                " upstream tells of any number in one request"
            ),
        ),
        (
            "getEntitlementsUsageMetrics get-entitlement-group-usage",
            "200",
            "sorted by entitlement slug, and never null; upstream has no order",
        ),
        (
            "get-entitlement-group-usage",
            "404",
            (
                "an unknown group or instance is refused, as the contract has it; upstream shows"
                " an empty list"
            ),
        ),
        (
            "get-entitlement-group-usage",
            "usageValue",
            (
                "absent until something is reported, as the contract has it; upstream shows 0"
                " where usage has a reset period"
            ),
        ),
        (
            "create-customer createInstance updateInstance",
            "integrations",
            (
                "this server keeps none: other than {} they are refused with"
                " IntegrationsNotSettable and not dropped in silence"
            ),
        ),
        (
            "createInstance updateInstance",
            "deploymentZoneId",
            "this server has no zones: any is refused with DeploymentZoneNotFound",
        ),
        (
            "createInstance updateInstance create-service-account-token",
            "date-time",
            "a time has to be RFC 3339 with a zone, between the years 1 and 9999 in UTC",
        ),
        (
            "createInstance updateInstance",
            "endLicenseDate",
            "an end before the start is refused with LicenseEndsBeforeStart",
        ),
        (
            "patchInstance",
            "INSTANCE_STATUS_CHANGED INSTANCE_LIFECYCLE_STAGE_CHANGED",
            "told only of what became another",
        ),
        (
            "create-service-account-token",
            "scopes",
            (
                "a token gives no scope that it has not itself (Auth.MissingScope): upstream lets"
                " write:tokens make a token that may do everything"
            ),
        ),
        (
            "create-service-account-token",
            "expiresAt name",
            (
                "a time that is past is refused with ExpiresInThePast, and more than 255"
                " characters of a name with NameTooLong: an index holds it"
            ),
        ),
        (
            "get-service-accounts get-service-account",
            "tokens",
            "the newest 200; all of them are in the list of tokens",
        ),
        (
            "create-service-account-token",
            "expiresAt",
            (
                "a token expires with the token that created it at the latest"
                " (ExpiresAfterParent), which upstream leaves alone"
            ),
        ),
        (
            "delete-service-account-token",
            "tokenSlug",
            "the tokens that were created with the token are revoked too; upstream keeps them",
        ),
        (
            EVERY_OPERATION,
            "429",
            "too many wrong tokens are refused for a while (Auth.TooManyFailures)",
        ),
        (
            _BODIES,
            "name description",
            (
                "a name has at most 1,000 characters and another text 10,000; the contract has no"
                " limit, and one page of a list shows 200 of them"
            ),
        ),
    ),
}
"""What differs, by part: the operations, the names of what differs in them, and why."""

DIFFERENCES = tuple(
    Difference(
        operations=tuple(operations.split()), part=part, names=tuple(names.split()), reason=reason
    )
    for part, rows in _ROWS.items()
    for operations, names, reason in rows
)
