"""Refusals of servers that bill: which of them a plan cannot change, and what to do about them."""

from __future__ import annotations

import json

import httpx
import pytest

from kaiten_sync.api.problems import refusal
from kaiten_sync.errors import BilledError, ContradictedError, ProblemError
from kaiten_sync.redaction import Redaction

GRANT = "/licenses/pro/entitlements/seats"
NEW_VERSION, LATER = "make the change a new version", "until no subscription bills it"


@pytest.mark.parametrize(
    ("method", "path", "code", "way_out"),
    [
        ("PUT", GRANT, "UpdateLicenseEntitlement.BillingActive", NEW_VERSION),
        ("DELETE", GRANT, "DeleteLicenseEntitlement.BillingActive", NEW_VERSION),
        (
            "POST",
            "/licenses/pro/entitlements",
            "AssociateEntitlementToLicense.BillingActive",
            NEW_VERSION,
        ),
        ("DELETE", GRANT, "RemoveEntitlement.BillingActive", NEW_VERSION),
        ("PUT", "/licenses/pro", "UpdateLicense.BillingActive", NEW_VERSION),
        ("POST", "/licenses/pro/archive", "ArchiveLicense.BillingActive", LATER),
        ("DELETE", "/licenses/pro", "DeleteLicense.BillingActive", LATER),
        ("PUT", "/entitlements/seats", "UpdateEntitlement.BillingActive", LATER),
        ("PUT", "/instances/acme", "UpdateInstance.BillingActive", None),
        ("PUT", "/licenses/pro", "UpdateLicense.NotBillingActive", None),
    ],
)
def test_what_is_billed_is_refused_with_the_way_out(
    method: str, path: str, code: str, way_out: str | None
) -> None:
    body = {"status": 409, "code": code}
    headers = httpx.Headers({"content-type": "application/problem+json"})
    found = refusal(method, path, 409, headers, json.dumps(body).encode(), hide=Redaction())
    assert isinstance(found, ProblemError)
    assert isinstance(found, BilledError) is (way_out is not None)
    assert (way_out or "") in found.message


@pytest.mark.parametrize(
    ("method", "code", "is_contradicted"),
    [
        ("POST", "CreateLicense.SlugConflict", True),
        ("POST", "AssociateEntitlementToLicense.AlreadyAssociated", True),
        ("POST", "AddEntitlementToGroup.AlreadyMember", True),
        ("POST", "PublishLicense.NotADraft", True),
        ("POST", "CreateLicense.EntitlementLimitReached", False),
        ("PUT", "UpdateInstance.SlugConflict", False),
    ],
)
def test_what_a_server_has_and_does_not_show_contradicts_it(
    method: str, code: str, is_contradicted: bool
) -> None:
    body = {"status": 409, "code": code}
    headers = httpx.Headers({"content-type": "application/problem+json"})
    found = refusal(method, "/licenses", 409, headers, json.dumps(body).encode(), hide=Redaction())
    assert isinstance(found, ContradictedError) is is_contradicted
