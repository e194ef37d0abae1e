"""Holders of a license family are moved to another version by a plan of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator
from tests.acceptance.conftest import Workplace
from tests.acceptance.migrating import PLAN, Shop, opened, without_license
from tests.support.scripted import Reply, scripted
from tests.support.tenants import make

from kaiten_sync.validate import schema_text

SCHEMAS = {
    name: Draft202012Validator(json.loads(schema_text(name)))
    for name in ("migration", "receipt", "apply")
}


@pytest.fixture
def shop(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    with opened(place, capsys) as made:
        yield made


def test_holders_get_the_served_version_and_keep_everything_else(shop: Shop) -> None:
    for slug in ("one", "two"):
        shop.sell(slug)
    shop.sell("new", version="growth-v2")
    shop.sell("stranger", version="other")
    before = {slug: shop.instance(slug) for slug in shop.held()}
    planned = shop.migrate()
    assert planned.code == 0, planned.stderr
    assert "2 of 2 holders to move to growth-v2" in planned.stdout
    assert shop.held()["one"] == "growth"  # planning writes nothing
    applied = shop.apply("--receipt", "receipt.json")
    assert applied.code == 0, applied.stdout
    assert shop.held() == {
        "one": "growth-v2",
        "two": "growth-v2",
        "new": "growth-v2",
        "stranger": "other",
    }
    for slug, seen in before.items():
        assert without_license(shop.instance(slug)) == without_license(seen)
    assert shop.instance("new") == before["new"]
    SCHEMAS["migration"].validate(shop.plan())
    SCHEMAS["receipt"].validate(json.loads((shop.place.folder / "receipt.json").read_text()))


def test_the_plan_says_what_it_moves_and_what_it_rests_on(shop: Shop) -> None:
    shop.sell("one")
    shop.migrate()
    plan = shop.plan()
    assert plan["kind"] == "migration"
    (change,) = plan["changes"]
    assert (change["id"], change["action"]) == ("move:instance/one", "move")
    (field,) = change["fields"]
    assert (field["name"], field["before"], field["after"]) == ("license", "growth", "growth-v2")
    observed = {each["address"]: each for each in plan["observed"]}
    assert observed.keys() == {
        "instance/one",
        *(f"license/{version}" for version in ("growth", "growth-v2")),
        *(
            f"license/{version}/grant/{each}"
            for version in ("growth", "growth-v2")
            for each in ("seats", "calls", "sso")
        ),
    }
    assert observed["instance/one"]["fields"].keys() == {
        "license",
        "startLicenseDate",
        "endLicenseDate",
        "metadata",
    }
    assert "region" not in json.dumps(plan)  # metadata is bound by a fingerprint only


def test_what_is_printed_and_written_fits_the_schema_whoever_stays(shop: Shop) -> None:
    for slug, seats in (("one", 0), ("two", 1), ("over", 9), ("skipped", 0)):
        shop.sell(slug, seats=seats)
    printed = shop.migrate("--wave", "1", "--skip", "instance/skipped", "--format", "json")
    assert sorted(shop.stays().values()) == ["later", "over", "skipped"]
    document = json.loads(printed.stdout)
    assert document["approval"] == "review"
    for made in (document, shop.plan()):
        SCHEMAS["migration"].validate(made)


def test_the_same_inputs_give_the_same_bytes(shop: Shop) -> None:
    for slug in ("one", "two", "three"):
        shop.sell(slug, seats=2)
    shop.migrate()
    first = (shop.place.folder / PLAN).read_bytes()
    shop.migrate()
    assert (shop.place.folder / PLAN).read_bytes() == first


def test_the_plan_predicts_its_requests(shop: Shop) -> None:
    for slug in ("one", "two"):
        shop.sell(slug)
    shop.migrate()
    done = shop.apply("--format", "json")
    SCHEMAS["apply"].validate(done.json)
    assert done.json["requests"] == shop.plan()["requests"]


def _token(shop: Shop, *scopes: str) -> str:
    made = make(shop.api, "/service-accounts/bootstrap/tokens", name="less", scopes=list(scopes))
    return str(made["token"])


@pytest.mark.parametrize("scopes", [(), ("read:licenses", "read:instances")])
def test_numbers_have_their_units_if_the_token_may_read_them(
    shop: Shop, scopes: tuple[str, ...]
) -> None:
    units = {"unitSingular": "seat", "unitPlural": "seats"}
    body = {"name": "seats", "description": None, "type": "NUMBER", **units}
    assert shop.api.put("/entitlements/seats", json=body).status_code == 204
    shop.sell("one", seats=2)
    own = {"KAITEN_AUTH_TOKEN": _token(shop, *scopes)} if scopes else {}
    word = "" if scopes else " seats"
    made = shop.migrate(**own)
    assert f"seats 10{word} → 5{word} ▼" in made.stdout
    assert f"license/growth/grant/seats: 10{word} → 5{word}" in made.stdout
    said = shop.run("impact", PLAN, **own).stdout
    assert f"license/growth/grant/seats: 10{word} → 5{word}" in said
    for form in ("text", "markdown", "html"):
        shown = shop.run("show", PLAN, "--format", form, **own).stdout
        assert f"seats 10{word} → 5{word} ▼" in shown, form
    SCHEMAS["migration"].validate(shop.plan())
    if not scopes:
        value = {"value": {"type": "number", "value": 4}}
        assert shop.api.put("/licenses/growth-v2/entitlements/seats", json=value).status_code == 204
        refused = shop.apply()
        assert refused.code == 4
        assert "value was 5 seats when the plan was made, now it is 4 seats" in refused.stderr


@pytest.mark.parametrize("unit", [None, "team"])
def test_a_migration_is_stale_once_the_unit_of_what_it_shows_is_another(
    shop: Shop, unit: str | None
) -> None:
    body = {"name": "seats", "description": None, "type": "NUMBER"}
    units = {"unitSingular": "seat", "unitPlural": "seats"}
    assert shop.api.put("/entitlements/seats", json={**body, **units}).status_code == 204
    shop.sell("one", seats=2)
    assert shop.migrate().code == 0
    others = {"unitSingular": unit, "unitPlural": unit} if unit else {}
    assert shop.api.put("/entitlements/seats", json={**body, **others}).status_code == 204
    refused = shop.apply()
    assert refused.code == 4
    now = unit or "nothing"
    assert f"unitSingular was seat when the plan was made, now it is {now}" in refused.stderr
    assert shop.held()["one"] == "growth"
    # A token that may not read units does not compare them.
    less = _token(shop, "read:licenses", "write:instances")
    assert shop.apply(KAITEN_AUTH_TOKEN=less).code == 0
    assert shop.held()["one"] == "growth-v2"


def test_a_migration_with_units_takes_as_many_requests_as_it_says(shop: Shop) -> None:
    units = {"unitSingular": "seat", "unitPlural": "seats"}
    body = {"name": "seats", "description": None, "type": "NUMBER", **units}
    assert shop.api.put("/entitlements/seats", json=body).status_code == 204
    shop.sell("one", seats=2)
    assert shop.migrate().code == 0
    assert shop.apply("--format", "json").json["requests"] == shop.plan()["requests"]


def test_an_applied_plan_does_nothing_when_it_is_applied_again(shop: Shop) -> None:
    shop.sell("one")
    shop.migrate()
    assert shop.apply().code == 0
    seen = shop.instance("one")
    again = shop.apply("--format", "json")
    assert again.code == 0
    assert again.json["summary"]["already-done"] == 1
    assert shop.instance("one") == seen


@pytest.mark.parametrize("version", ["growth", "1"])
def test_a_version_can_be_named_by_slug_or_number(shop: Shop, version: str) -> None:
    shop.sell("one", version="growth-v2")
    assert shop.migrate("--to", version).code == 0
    assert shop.apply().code == 0
    assert shop.held()["one"] == "growth"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["gorwth"], "no license family 'gorwth' on default\n  help: did you mean 'growth'?"),
        (["growth", "--to", "other"], "has no version 'other'\n  help: name one with --to: growth"),
        (["growth", "--to", "growth_v2"], "\n  help: did you mean 'growth-v2'?"),
        (["growth", "--wave", "some"], "--wave takes a share"),
        (["growth", "--wave", "0%"], "a wave takes at least one holder"),
        (["growth", "--wave", "0"], "a wave takes at least one holder"),
        (["growth", "--allow", "license/growth"], "not the address of an instance"),
    ],
)
def test_what_does_not_exist_is_refused(shop: Shop, args: list[str], said: str) -> None:
    done = shop.run("migrate", *args)
    assert done.code == 3
    assert said in done.stderr


def test_an_archived_version_is_given_to_nobody(shop: Shop) -> None:
    shop.sell("one", version="growth-v2")
    assert shop.api.post("/licenses/growth/archive").status_code == 200
    done = shop.migrate("--to", "growth")
    assert (done.code, "license/growth is archived" in done.stderr) == (3, True)
    named = shop.migrate("--to", "nothing")
    assert "help: name one with --to: growth-v2\n" in named.stderr


def test_a_family_of_archived_versions_names_none_of_them(shop: Shop) -> None:
    version = shop.api.get("/licenses/growth-v2").json()
    fields = ("name", "slug", "type", "description", "versionName")
    body = {**{name: version[name] for name in fields}, "isDefault": False}
    assert shop.api.put("/licenses/growth-v2", json=body).status_code == 204
    for slug in ("growth", "growth-v2"):
        assert shop.api.post(f"/licenses/{slug}/archive").status_code == 200
    done = shop.migrate()
    assert done.code == 3
    assert "serves no version\n  help: all of its versions are archived" in done.stderr


def test_nobody_to_move_is_no_change(shop: Shop) -> None:
    shop.sell("new", version="growth-v2")
    done = shop.migrate()
    assert done.code == 0
    assert "No changes. No instance holds another version of growth." in done.stdout
    assert "it changes nothing, and moves no holder" in done.stderr
    assert shop.apply("--format", "json").json["requests"] == shop.plan()["requests"] == 0


@pytest.mark.parametrize("shown", ["text", "json", "markdown", "html"])
def test_a_migration_is_shown_in_every_format(shop: Shop, shown: str) -> None:
    shop.sell("one")
    shop.migrate()
    done = shop.run("show", PLAN, "--format", shown)
    assert done.code == 0, done.stderr
    assert "instance/one" in done.stdout
    assert "growth-v2" in done.stdout


def test_a_catalog_says_nothing_about_holders(shop: Shop) -> None:
    shop.sell("one")
    shop.migrate()
    done = shop.apply("--catalog", "catalog.yaml")
    assert done.code == 3
    assert "it is made from the server alone" in done.stderr
    assert shop.held()["one"] == "growth"


def test_a_migration_and_the_plan_of_a_catalog_are_kept_apart(shop: Shop) -> None:
    shop.sell("one")
    shop.migrate()
    refused = shop.run("drift", "-f", "catalog.yaml", "--plan", PLAN)
    assert refused.code == 4
    assert "it is not the plan of a catalog" in refused.stderr


def test_a_server_without_families_says_so(shop: Shop) -> None:
    """A license of the getting-started generation has no family."""
    license_ = {"id": "l-1", "slug": "growth", "name": "Growth", "type": "PAID", "version": "1"}
    with scripted(lambda _: Reply(200, [license_])) as older:
        done = shop.run("migrate", "growth", KAITEN_BASE_URL=older.url)
    assert done.code == 3
    assert "has no license families" in done.stderr


def test_a_migration_has_no_table(shop: Shop) -> None:
    shop.sell("one")
    shop.migrate()
    done = shop.run("table", PLAN)
    assert done.code == 3
    assert "moves holders" in done.stderr
