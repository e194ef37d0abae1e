"""One story from the first entitlement to a revoked token, told by the official SDK, unmodified."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import kaitencloud
import pytest
from kaitencloud import KaitenClient
from kaitencloud.webhooks import InstanceEntitlementUsageReachedEvent, verify_webhook
from tests.support.embedded import EmbeddedServer
from tests.support.receiver import Receiver


@pytest.fixture
def token(server: EmbeddedServer) -> str:
    return server.new_organization()


@pytest.fixture
def kaiten(server: EmbeddedServer, token: str) -> Iterator[KaitenClient]:
    with KaitenClient(base_url=server.url, token=token) as client:
        yield client


def code(error: pytest.ExceptionInfo[kaitencloud.APIStatusError]) -> str | None:
    problem = error.value.problem
    return problem.code if problem else None


def test_from_the_first_entitlement_to_a_revoked_token(
    server: EmbeddedServer, kaiten: KaitenClient, token: str
) -> None:
    # A catalog
    kaiten.entitlement_groups.create(name="Quotas", slug="quotas")
    kaiten.entitlements.create(
        name="API Calls",
        slug="api-calls",
        type="NUMBER",
        aggregation_method="SUM",
        warning_threshold_percent=80,
        group_slugs=["quotas"],
    )
    kaiten.entitlements.create(name="SSO", slug="sso", type="BOOLEAN")
    first = kaiten.licenses.create(
        name="Growth", type="PAID", slug="growth", lifecycle_state="DRAFT"
    )
    kaiten.licenses.associate_entitlement("growth", "api-calls", 1000)
    kaiten.licenses.associate_entitlement("growth", "sso", True)
    kaiten.licenses.publish("growth")

    # A second version, put away and back
    second = kaiten.licenses.create(
        name="Growth", type="PAID", family_slug="growth", lifecycle_state="DRAFT"
    )
    assert second.slug
    kaiten.licenses.associate_entitlement(second.slug, "api-calls", 2000, overage_percent=10)
    assert kaiten.licenses.publish(second.slug).lifecycle_state == "PUBLISHED"
    assert kaiten.licenses.archive(second.slug).lifecycle_state == "ARCHIVED"
    now = datetime.now(UTC)
    customer = kaiten.customers.create(name="My Restaurant")
    assert customer.id
    assert second.id
    with pytest.raises(kaitencloud.APIStatusError) as archived:
        kaiten.instances.create(
            name="Too late",
            description="",
            customer_id=customer.id,
            license_id=second.id,
            start_license_date=now,
            end_license_date=now + timedelta(days=365),
        )
    assert code(archived) == "CreateInstance.LicenseArchived"
    assert kaiten.licenses.unarchive(second.slug).lifecycle_state == "PUBLISHED"

    # A customer's instance
    assert first.id
    instance = kaiten.instances.create(
        name="My Restaurant Production",
        description="The kitchen",
        customer_id=customer.id,
        license_id=first.id,
        start_license_date=now,
        end_license_date=now + timedelta(days=365),
        metadata={"region": "eu"},
    )
    assert (instance.slug, instance.license_slug) == ("my-restaurant-production", "growth")
    slug = str(instance.slug)
    kaiten.instances.update_status(slug, "MAINTENANCE")
    kaiten.instances.update_lifecycle_stage(slug, "ACTIVE")
    found = kaiten.instances.get(slug)
    assert (found.status, found.lifecycle_stage) == ("MAINTENANCE", "ACTIVE")

    # Usage, until it is refused, and corrected
    with Receiver() as receiver:
        endpoint = subscribe(server, token, receiver.url)
        assert kaiten.instances.report_usage(slug, "api-calls", 999).value.value == 999
        with pytest.raises(kaitencloud.ConflictError) as refused:
            kaiten.instances.report_usage(slug, "api-calls", 2)
        assert code(refused) == "ReportEntitlementUsageMetric.ThresholdExceeded"
        kaiten.instances.report_usage(slug, "api-calls", 1)
        corrected = kaiten.instances.report_usage(slug, "api-calls", 10, behavior="set")
        assert corrected.value.value == 10

        # Told by webhook, as the SDK verifies it
        delivery = receiver.wait_for(1)[0]
        event = verify_webhook(delivery.body, delivery.headers, secret=endpoint["signingSecret"])
        assert isinstance(event, InstanceEntitlementUsageReachedEvent)
        assert event.data.entitlement_slug == "api-calls"
        assert event.data.value.value == 1000
        with pytest.raises(kaitencloud.WebhookVerificationError):
            verify_webhook(delivery.body + b" ", delivery.headers, secret=endpoint["signingSecret"])

    # Read back
    assert kaiten.instances.get_usage(slug, "api-calls").value.value == 10
    usage = {each.entitlement_slug: each for each in kaiten.instances.list_usage(slug)}
    assert usage["sso"].value.value is True
    assert usage["api-calls"].limit
    assert usage["api-calls"].limit.value == 1000
    (member,) = kaiten.entitlement_groups.get_usage("quotas", instance_slug=slug)
    assert member.usage_value
    assert member.usage_value.value == 10
    told = [entry.event_name for entry in kaiten.instances.list_audit_trails(slug)]
    assert told.count("ENTITLEMENT_USAGE_REPORT_ACCEPTED") == 3
    assert told.count("ENTITLEMENT_USAGE_REPORT_REJECTED") == 1
    assert told[-1] == "INSTANCE_CREATED"

    # A service account with a token of its own, until it is revoked
    account = kaiten.service_accounts.create(name="Reporter")
    made = kaiten.service_accounts.create_token(
        str(account.slug), name="ci", scopes=["read:instances"]
    )
    assert made.token
    with KaitenClient(base_url=server.url, token=made.token) as reporter:
        assert [each.slug for each in reporter.instances.list()] == [slug]
        with pytest.raises(kaitencloud.PermissionDeniedError) as forbidden:
            reporter.instances.report_usage(slug, "api-calls", 1)
        assert code(forbidden) == "Auth.MissingScope"
        kaiten.service_accounts.delete_token(str(account.slug), str(made.slug))
        with pytest.raises(kaitencloud.AuthenticationError):
            reporter.instances.list()


def subscribe(server: EmbeddedServer, token: str, url: str) -> dict[str, str]:
    """A webhook endpoint for reached thresholds; the SDK has no call for that."""
    answer = httpx.post(
        f"{server.url}/api/webhooks",
        json={"url": url, "eventTypes": ["com.kaiten.instance.entitlement.v1.usage_reached"]},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made
