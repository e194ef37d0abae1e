"""The official Python SDK, unmodified, against the embedded server."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import kaitencloud
import pytest
from kaitencloud import KaitenClient
from tests.support.embedded import EmbeddedServer


@pytest.fixture
def kaiten(server: EmbeddedServer) -> Iterator[KaitenClient]:
    with KaitenClient(base_url=server.url, token=server.new_organization()) as client:
        yield client


def code(error: pytest.ExceptionInfo[kaitencloud.APIStatusError]) -> str | None:
    problem = error.value.problem
    return problem.code if problem else None


def test_groups_and_their_members(kaiten: KaitenClient) -> None:
    group = kaiten.entitlement_groups.create(name="Quotas", description="What we meter")
    assert group.slug == "quotas"
    kaiten.entitlements.create(name="API Calls", type="NUMBER")
    kaiten.entitlement_groups.add_entitlement("quotas", "api-calls")
    groups = kaiten.entitlements.get("api-calls").entitlement_groups
    assert groups
    assert [g.slug for g in groups] == ["quotas"]
    with pytest.raises(kaitencloud.ConflictError) as already:
        kaiten.entitlement_groups.add_entitlement("quotas", "api-calls")
    assert code(already) == "AddEntitlementToGroup.AlreadyMember"
    kaiten.entitlement_groups.remove_entitlement("quotas", "api-calls")
    assert not kaiten.entitlements.get("api-calls").entitlement_groups
    kaiten.entitlement_groups.update("quotas", name="Limits", description=None)
    assert [(g.name, g.description) for g in kaiten.entitlement_groups.list()] == [("Limits", None)]
    kaiten.entitlement_groups.delete("quotas")
    with pytest.raises(kaitencloud.NotFoundError) as gone:
        kaiten.entitlement_groups.get("quotas")
    assert code(gone) == "GetEntitlementGroup.NotFound"


def test_an_entitlement_with_everything(kaiten: KaitenClient) -> None:
    kaiten.entitlement_groups.create(name="Quotas", slug="quotas")
    made = kaiten.entitlements.create(
        name="Seats",
        type="NUMBER",
        slug="seats",
        aggregation_method="MAX",
        reset_period="MONTH",
        warning_threshold_percent=80,
        group_slugs=["quotas", " quotas "],
        user_facing=True,
        display_order=3,
        icon="lucide:armchair",
        unit_singular="seat",
        unit_plural="seats",
        sale_unit_singular="pack",
        sale_unit_plural="packs",
        sale_unit_factor=2.5,
    )
    assert (made.reset_anchor, made.sale_unit_factor) == ("CALENDAR", 2.5)
    kaiten.entitlements.update("seats", name="Seat", reset_period="MONTH", reset_anchor="CALENDAR")
    after = kaiten.entitlements.get("seats")
    assert (after.name, after.warning_threshold_percent, after.user_facing) == ("Seat", 0, False)
    assert after.unit_singular is None
    assert after.entitlement_groups
    assert after.updated_at > made.updated_at


def test_versions_of_a_license(kaiten: KaitenClient) -> None:
    first = kaiten.licenses.create(name="Growth", type="PAID", is_default=True)
    assert (first.slug, first.version, first.version_name) == ("growth", "1", "Version - 1")
    second = kaiten.licenses.create(
        name="Growth", type="PAID", family_slug="growth", lifecycle_state="DRAFT"
    )
    assert (second.slug, second.version) == ("growth-v2", "2")
    assert second.family_id == first.family_id
    assert kaiten.licenses.publish("growth-v2").lifecycle_state == "PUBLISHED"
    with pytest.raises(kaitencloud.ConflictError) as again:
        kaiten.licenses.publish("growth-v2")
    assert code(again) == "PublishLicense.NotADraft"

    current = kaiten.license_families.get("growth").current_version
    assert current
    assert current.slug == "growth"  # the default goes before the newest
    kaiten.licenses.update("growth-v2", name="Growth", type="PAID", is_default=True)
    assert kaiten.licenses.get("growth").is_default is False
    with pytest.raises(kaitencloud.ConflictError) as default:
        kaiten.licenses.archive("growth-v2")
    assert code(default) == "ArchiveLicense.DefaultMustBePublished"
    kaiten.licenses.archive("growth")
    assert kaiten.licenses.unarchive("growth").lifecycle_state == "PUBLISHED"

    kaiten.licenses.delete("growth-v2")
    third = kaiten.licenses.create(name="Growth", type="PAID", family_id=first.family_id)
    assert third.version == "3"  # numbers are never used twice
    (family,) = kaiten.license_families.list()
    assert family.version_count == 2


def test_grants_of_all_types(kaiten: KaitenClient) -> None:
    kaiten.licenses.create(name="Growth", type="PAID")
    for name, kind in (
        ("api", "NUMBER"),
        ("credits", "NUMBER_AI_CREDIT"),
        ("sso", "BOOLEAN"),
        ("branding", "CONFIG"),
    ):
        kaiten.entitlements.create(name=name, type=kind, slug=name)  # type: ignore[arg-type]
    kaiten.licenses.associate_entitlement("growth", "api", 1000, overage_percent=20)
    kaiten.licenses.associate_entitlement("growth", "credits", kaitencloud.UNLIMITED)
    kaiten.licenses.associate_entitlement("growth", "sso", True)
    kaiten.licenses.associate_entitlement("growth", "branding", {"theme": {"dark": [1, 2.5]}})
    grants = {g.entitlement_slug: g for g in kaiten.licenses.list_entitlements("growth")}
    assert grants["api"].limit_cap_exceeded_overage_percent == 20
    assert grants["credits"].limit_cap_exceeded_overage_percent == -1
    assert grants["sso"].limit_cap_exceeded_overage_percent is None
    assert grants["api"].created_by.name == "bootstrap"
    assert grants["credits"].entitlement_type == "NUMBER_AI_CREDIT"
    config = grants["branding"].value
    assert config.value == {"theme": {"dark": [1, 2.5]}}

    kaiten.licenses.update_entitlement("growth", "api", 2000)
    after = kaiten.licenses.get_entitlement("growth", "api")
    assert after.limit_cap_exceeded_overage_percent == 0  # omission makes a hard limit
    with pytest.raises(kaitencloud.ConflictError) as twice:
        kaiten.licenses.associate_entitlement("growth", "api", 1)
    assert code(twice) == "AssociateEntitlementToLicense.AlreadyAssociated"
    with pytest.raises(kaitencloud.ConflictError) as in_use:
        kaiten.entitlements.delete("api")
    assert code(in_use) == "DeleteEntitlement.InUseConflict"
    with pytest.raises(kaitencloud.ConflictError) as granting:
        kaiten.licenses.delete("growth")
    assert code(granting) == "DeleteLicense.InUseConflict"
    for slug in grants:
        kaiten.licenses.delete_entitlement("growth", str(slug))
    kaiten.licenses.delete("growth")
    assert kaiten.license_families.list() == []


def test_lists_longer_than_a_page(kaiten: KaitenClient) -> None:
    names = [f"entitlement-{number:03}" for number in range(230)]
    for name in names:
        kaiten.entitlements.create(name=name, type="BOOLEAN", slug=name)
    listed = [entitlement.slug for entitlement in kaiten.entitlements.list()]
    assert sorted(map(str, listed)) == names


Attempt = Callable[[KaitenClient], object]
REFUSED: list[tuple[str, Attempt]] = [
    ("GetLicense.NotFound", lambda k: k.licenses.get("nope")),
    ("GetEntitlement.NotFound", lambda k: k.entitlements.get("nope")),
    ("GetLicenseFamily.NotFound", lambda k: k.license_families.get("nope")),
    ("GetLicenseEntitlements.LicenseNotFound", lambda k: k.licenses.list_entitlements("nope")),
    ("CreateEntitlement.TypeRequired", lambda k: k.entitlements.create(name="x")),
    (
        "CreateLicense.FamilyNotFound",
        lambda k: k.licenses.create(name="x", type="PAID", family_slug="nope"),
    ),
    (
        "CreateEntitlement.GroupNotFound",
        lambda k: k.entitlements.create(name="x", type="NUMBER", group_slugs=["nope"]),
    ),
    ("UNPROCESSABLE", lambda k: k.entitlements.create(name="x", type="NUMBER", slug="No")),
]


@pytest.mark.parametrize(("expected", "attempt"), REFUSED)
def test_errors_carry_their_codes(kaiten: KaitenClient, expected: str, attempt: Attempt) -> None:
    with pytest.raises(kaitencloud.APIStatusError) as refused:
        attempt(kaiten)
    assert code(refused) == expected


def test_a_wrong_token_is_an_authentication_error(server: EmbeddedServer) -> None:
    with (
        KaitenClient(base_url=server.url, token="ksh_not-a-token-of-ours") as stranger,
        pytest.raises(kaitencloud.AuthenticationError) as refused,
    ):
        stranger.licenses.list()
    assert code(refused) == "Auth.InvalidToken"


def test_numbers_come_back_as_they_were(kaiten: KaitenClient) -> None:
    kaiten.licenses.create(name="Growth", type="PAID")
    for index, number in enumerate((0, 1.5, 2**53, 1e300, -3)):
        slug = f"n{index}"
        kaiten.entitlements.create(name=slug, type="NUMBER", slug=slug)
        kaiten.licenses.associate_entitlement("growth", slug, number)
        assert math.isclose(
            float(kaiten.licenses.get_entitlement("growth", slug).value.value),  # type: ignore[arg-type]
            number,
        )
