"""Live values into YAML: where they are declared, with every comment, proved by reading back."""

from __future__ import annotations

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.tenants import make

CATALOG = """\
# What we sell.
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}   # metered
  theme: {name: Theme, type: CONFIG}
licenses:
  growth:
    name: 'Growth'        # as on the web site
    type: PAID
    entitlements:
      calls: 1000         # agreed with sales
      theme: {value: {color: blue}}
"""
OVERLAY = """\
# Prod is special.
version: 1
licenses:
  growth:
    description: For prod
"""
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  prod: {url: URL, overlays: [prod.yaml]}
"""
GRANT = "license/growth/grant/calls"


@pytest.fixture
def applied(place: Workplace) -> Workplace:
    place.write("catalog.yaml", CATALOG)
    place.write("prod.yaml", OVERLAY)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    assert place.run("plan", "-t", "prod", "-o", "plans/prod.plan.json").code == 0
    assert place.run("apply", "plans/prod.plan.json").code == 0
    return place


def grant(api: httpx.Client, slug: str, tag: str, value: object) -> None:
    body = {"value": {"type": tag, "value": value}}
    assert api.put(f"/licenses/growth/entitlements/{slug}", json=body).status_code == 204


def describe(api: httpx.Client, **fields: object) -> None:
    found = api.get("/licenses/growth").json()
    body = {key: found[key] for key in ("name", "type", "description", "isDefault", "versionName")}
    assert api.put("/licenses/growth", json={**body, **fields}).status_code == 204


def read(place: Workplace, name: str = "catalog.yaml") -> str:
    return (place.folder / name).read_text(encoding="utf-8")


def adopt(place: Workplace, *args: str) -> str:
    done = place.run("adopt", "-t", "prod", *args)
    assert done.code == 0, done.stderr
    return done.stdout


def is_clean(place: Workplace) -> bool:
    return place.run("plan", "-t", "prod", "--detailed-exitcode").code == 0


def test_each_value_is_changed_where_it_stands(applied: Workplace, api: httpx.Client) -> None:
    grant(api, "calls", "number", -1)
    grant(api, "theme", "object", {"color": "red", "logo": True})
    describe(api, name="Growing", description="For all")
    said = adopt(applied)
    assert f"adopted {GRANT}: value 1,000 → unlimited" in said
    assert "wrote catalog.yaml, prod.yaml" in said
    assert read(applied) == (
        CATALOG.replace("'Growth' ", "'Growing' ")
        .replace("calls: 1000 ", "calls: unlimited ")
        .replace("{color: blue}", "{color: red, logo: true}")
    )
    assert read(applied, "prod.yaml") == OVERLAY.replace("For prod", "For all")
    assert is_clean(applied)


def test_a_dry_run_shows_and_writes_nothing(applied: Workplace, api: httpx.Client) -> None:
    grant(api, "calls", "number", 2000)
    said = adopt(applied, "--dry-run")
    assert "-      calls: 1000         # agreed with sales\n" in said
    assert "+      calls: 2000         # agreed with sales\n" in said
    assert read(applied) == CATALOG


def test_only_what_is_named(applied: Workplace, api: httpx.Client) -> None:
    grant(api, "calls", "number", 2000)
    describe(api, name="Growing")
    adopt(applied, GRANT)
    assert read(applied) == CATALOG.replace("1000 ", "2000 ")
    again = applied.run("adopt", "-t", "prod", GRANT)
    assert again.code == 3
    assert "does not differ" in again.stderr
    mistyped = applied.run("adopt", "-t", "prod", "license/growht")
    assert mistyped.code == 3
    assert "neither declared nor on the server" in mistyped.stderr
    assert "help: did you mean 'growth'?" in mistyped.stderr


def test_new_objects_come_when_they_are_named(applied: Workplace, api: httpx.Client) -> None:
    make(api, "/entitlements", name="Seats", slug="seats", type="NUMBER")
    make(api, "/licenses", name="Partner", slug="partner", type="PAID", description="Ours")
    body = {"entitlementSlug": "seats", "value": {"type": "number", "value": 5}}
    for license_slug in ("partner", "growth"):
        done = api.post(f"/licenses/{license_slug}/entitlements", json=body)
        assert done.status_code == 204
    left = applied.run("adopt", "-t", "prod")
    assert "nothing to adopt" in left.stdout
    assert "left alone: 3 more that differ; name them to adopt them" in left.stderr
    adopt(applied, "entitlement/seats", "license/partner")
    left = applied.run("adopt", "-t", "prod")
    assert "left alone: 1 more that differs; name it to adopt it" in left.stderr
    adopt(applied, "license/growth/grant/seats")
    same = applied.run("adopt", "-t", "prod", "entitlement/seats", "license/partner")
    assert "entitlement/seats, license/partner do not differ from the server" in same.stderr
    text = read(applied)
    assert text.startswith(CATALOG[: CATALOG.index("licenses:")].rstrip("\n"))
    assert "      theme: {value: {color: blue}}\n      seats: 5\n" in text
    assert "  partner:\n    name: Partner\n" in text
    assert is_clean(applied)


@pytest.mark.parametrize(
    ("named", "along"),
    [
        ("license/partner", ["entitlement/seats", "group/theirs"]),
        ("license/growth/grant/seats", ["entitlement/seats", "group/theirs"]),
        ("entitlement/seats", ["group/theirs"]),
        ("group/theirs", []),
    ],
)
def test_what_a_new_object_rests_on_is_taken_along(
    applied: Workplace, api: httpx.Client, named: str, along: list[str]
) -> None:
    make(api, "/entitlement-groups", name="Theirs", slug="theirs")
    make(api, "/entitlements", name="Seats", slug="seats", type="NUMBER", groupSlugs=["theirs"])
    make(api, "/licenses", name="Partner", slug="partner", type="PAID", description="Ours")
    body = {"entitlementSlug": "seats", "value": {"type": "number", "value": 5}}
    for license_slug in ("partner", "growth"):
        given = api.post(f"/licenses/{license_slug}/entitlements", json=body)
        assert given.status_code == 204
    part = applied.run("adopt", "-t", "prod", "license/partner/grant/seats")
    assert part.code == 3
    assert "license/partner is not declared" in part.stderr
    done = applied.run("adopt", "-t", "prod", named)
    assert done.code == 0, done.stderr
    adopted = [line.split()[1].rstrip(":") for line in done.stdout.splitlines()[:-1]]
    assert sorted(adopted) == sorted([named, *along])
    for each in along:
        assert f"{each} is taken along" in done.stderr
    again = applied.run("drift", "-t", "prod", named, "--unmanaged", "--detailed-exitcode")
    assert again.code == 0, again.stdout


@pytest.mark.parametrize(
    ("named", "along"),
    [
        ("entitlement/seats", {"license/growth/grant/seats"}),
        ("group/quotas", {"entitlement/seats", "license/growth/grant/seats"}),
        ("license/growth/grant/seats", set()),
    ],
)
def test_what_rests_on_something_gone_goes_with_it(
    place: Workplace, api: httpx.Client, named: str, along: set[str]
) -> None:
    place.write(
        "catalog.yaml",
        "version: 1\ngroups: {quotas: {name: Quotas}}\nentitlements:\n"
        "  seats: {name: Seats, type: NUMBER, groups: [quotas]}\n"
        "  calls: {name: Calls, type: NUMBER}\n"
        "licenses:\n  growth: {name: Growth, type: PAID, entitlements: {seats: 5, calls: 6}}\n",
    )
    where = ("-f", "catalog.yaml")
    assert place.run("plan", *where, "-o", "the.plan.json").code == 0
    assert place.run("apply", "the.plan.json").code == 0
    for path in ("licenses/growth/entitlements", "entitlements"):
        assert api.delete(f"/{path}/seats").is_success
    assert api.delete("/entitlement-groups/quotas").is_success
    done = place.run("adopt", *where, "--plan", "the.plan.json", named)
    assert done.code == 0, done.stderr
    assert {line.split()[0] for line in done.stderr.splitlines() if "along" in line} == along
    assert place.run("validate", "catalog.yaml").code == 0
    whole = place.run("adopt", *where, "--plan", "the.plan.json", "group/quotas")
    assert (whole.code == 0) is (named != "group/quotas")
    assert place.run("drift", *where, "--detailed-exitcode").code == 0


def test_what_cannot_be_adopted_takes_nothing_along(place: Workplace, api: httpx.Client) -> None:
    """A license that git has new rests on the entitlement, so that stays, with its grants."""
    catalog = (
        "version: 1\nentitlements:\n  seats: {name: Seats, type: NUMBER}\n"
        "licenses:\n  growth: {name: Growth, type: PAID, entitlements: {seats: 5}}\n"
    )
    place.write("catalog.yaml", catalog)
    where = ("-f", "catalog.yaml")
    assert place.run("plan", *where, "-o", "the.plan.json").code == 0
    assert place.run("apply", "the.plan.json").code == 0
    for path in ("licenses/growth/entitlements", "entitlements"):
        assert api.delete(f"/{path}/seats").is_success
    catalog += "  partner: {name: Partner, type: PAID, entitlements: {seats: 7}}\n"
    file = place.write("catalog.yaml", catalog)
    done = place.run("adopt", *where, "--plan", "the.plan.json", "entitlement/seats")
    assert done.code == 4
    assert "the entitlement 'seats' is not declared" in done.stderr
    assert file.read_text(encoding="utf-8") == catalog


def test_a_group_that_is_gone_is_taken_out_of_what_was_in_it(
    place: Workplace, api: httpx.Client
) -> None:
    place.write(
        "catalog.yaml",
        "version: 1\ngroups: {quotas: {name: Quotas}, other: {name: Other}}\nentitlements:\n"
        "  seats: {name: Seats, type: NUMBER, groups: [quotas, other]}\n",
    )
    where = ("-f", "catalog.yaml")
    assert place.run("apply", *where, "--yes").code == 0
    body = {"name": "Seats", "description": None, "groupSlugs": ["other"]}
    assert api.put("/entitlements/seats", json=body).is_success
    assert api.delete("/entitlement-groups/quotas").is_success
    done = place.run("adopt", *where, "group/quotas")
    assert done.code == 0, done.stderr
    assert "entitlement/seats is taken along: it rests on group/quotas" in done.stderr
    assert place.run("drift", *where, "--detailed-exitcode").code == 0


def test_new_objects_can_go_into_a_file_of_their_own(applied: Workplace, api: httpx.Client) -> None:
    make(api, "/entitlement-groups", name="Theirs", slug="theirs")
    refused = applied.run("adopt", "-t", "prod", "group/theirs", "--into", "new.yaml")
    assert refused.code == 4
    assert "part of the catalog" in refused.stderr
    assert not (applied.folder / "new.yaml").exists()
    project = read(applied, "kaiten-sync.yaml")
    applied.write("kaiten-sync.yaml", project.replace("[catalog.yaml]", '["[cn]*.yaml"]'))
    adopt(applied, "group/theirs", "--into", "new.yaml")
    assert "theirs:" in read(applied, "new.yaml")
    assert read(applied) == CATALOG


def test_what_is_gone_from_the_server_is_taken_out_when_named(
    applied: Workplace, api: httpx.Client
) -> None:
    assert api.delete("/licenses/growth/entitlements/theme").status_code == 204
    assert api.delete("/entitlements/theme").status_code == 204
    adopt(applied, "license/growth/grant/theme", "entitlement/theme")
    assert read(applied) == "".join(
        line for line in CATALOG.splitlines(keepends=True) if "theme" not in line
    )
    assert is_clean(applied)


def test_what_others_share_changes_for_one_alone(applied: Workplace, api: httpx.Client) -> None:
    other = "  other:\n    name: Other\n    type: PAID\n    entitlements: {calls: *many}\n"
    shared = CATALOG.replace("calls: 1000 ", "calls: &many 1000 ") + other
    applied.write("catalog.yaml", shared)
    grant(api, "calls", "number", 2000)
    adopt(applied, GRANT)
    assert read(applied) == shared.replace("&many 1000", "&many 2000").replace("*many", "1000")


def test_the_command_of_the_drift_report_works(applied: Workplace, api: httpx.Client) -> None:
    grant(api, "calls", "number", 2000)
    found = applied.run("drift", "-t", "prod", "--format", "json").json["differences"]
    command = next(each["commands"]["adopt"] for each in found if each["address"] == GRANT)
    assert applied.run(*command.split()[1:]).code == 0
    assert is_clean(applied)
