"""Who moves in which wave, who stays and why, and what one plan may move."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.migrating import Shop, opened
from tests.support.tenants import make


@pytest.fixture
def shop(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    with opened(place, capsys) as made:
        yield made


POLICY = """\
version: 1
catalog: [catalog.yaml]
policy: {{maxMoves: {limit}}}
"""


def test_who_would_be_over_stays_and_is_named(shop: Shop) -> None:
    for slug, seats in {"within": 2, "near": 5, "over": 6}.items():
        shop.sell(slug, seats)
    planned = shop.migrate()
    assert planned.code == 0
    assert shop.moved() == ["within", "near"]
    assert shop.stays() == {"over": "over"}
    assert "instance/over: would be over a limit (license growth)" in planned.stdout
    assert "seats 10 → 5 ▼" in planned.stdout
    assert "calls 1000 → 2000 ▲" in planned.stdout.replace(",", "")
    assert "license/growth/grant/seats: 10 → 5" in planned.stdout
    assert "2 holders: 0 over, 1 near, 1 within" in planned.stdout
    assert shop.apply().code == 0
    assert shop.held() == {"within": "growth-v2", "near": "growth-v2", "over": "growth"}


def test_a_person_can_move_one_who_would_be_over(shop: Shop) -> None:
    for slug in ("over", "also"):
        shop.sell(slug, 6)
    planned = shop.migrate("--allow", "instance/over")
    assert "allowed by name (--allow): instance/over" in planned.stdout
    assert (shop.moved(), shop.stays()) == (["over"], {"also": "over"})
    assert shop.apply().code == 0
    assert shop.held()["over"] == "growth-v2"


def test_what_is_not_metered_is_not_taken_away(shop: Shop) -> None:
    shop.sell("one")
    assert shop.api.delete("/licenses/growth-v2/entitlements/sso").status_code == 204
    planned = shop.migrate()
    assert (shop.moved(), shop.stays()) == ([], {"one": "loses"})
    assert "None of 1 holder moves to growth-v2." in planned.stdout
    shop.migrate("--allow", "instance/one")
    assert shop.moved() == ["one"]


def test_one_who_loses_something_stays_although_it_is_near_a_limit(shop: Shop) -> None:
    shop.sell("one", 5)
    shop.migrate()
    assert shop.moved() == ["one"]
    assert shop.api.delete("/licenses/growth-v2/entitlements/sso").status_code == 204
    left = shop.apply()  # as it was planned before
    assert (left.code, "the versions are not as the plan saw them" in left.stderr) == (4, True)
    shop.migrate()
    assert (shop.moved(), shop.stays()) == ([], {"one": "loses"})


@pytest.mark.parametrize("deny", ["impact.loses > 0", "impact.near > 0", "impact.within == 0"])
def test_rules_see_all_that_becomes_of_a_holder(shop: Shop, deny: str) -> None:
    shop.sell("one", 5)
    assert shop.api.delete("/licenses/growth-v2/entitlements/sso").status_code == 204
    shop.place.write("kaiten-sync.yaml", RULES.format(name="ours", deny=json.dumps(deny)))
    planned = shop.migrate("--allow", "instance/one")
    assert (planned.code, "the rule 'ours' denies" in planned.stderr) == (4, True)


def test_one_who_is_over_by_then_is_left(shop: Shop) -> None:
    shop.sell("one", 2)
    shop.sell("two", 2)
    shop.migrate()
    shop.use("one", 9)
    done = shop.apply("--format", "json", "--receipt", "receipt.json")
    assert done.code == 5
    outcomes = {each["address"]: each for each in done.json["outcomes"]}
    assert outcomes["instance/one"]["status"] == "left"
    assert "it would be over" in outcomes["instance/one"]["message"]
    assert done.json["summary"]["left"] == 1
    receipt = json.loads((shop.place.folder / "receipt.json").read_text())
    assert (receipt["state"], len(receipt["outcomes"])) == ("incomplete", 2)
    assert shop.held() == {"one": "growth", "two": "growth-v2"}


def test_an_apply_that_only_leaves_is_refused(shop: Shop) -> None:
    shop.sell("one", 2)
    shop.migrate()
    shop.use("one", 9)
    done = shop.apply()
    assert done.code == 4
    assert "o left" in done.stdout
    assert "Nothing applied to" in done.stdout
    assert "--skip" not in done.stdout  # the next migration leaves it by itself


def test_those_with_the_most_room_go_first_wave_after_wave(shop: Shop) -> None:
    used = {"aa": 4, "bb": 1, "cc": 3, "dd": 2, "ee": 9}
    for slug, seats in used.items():
        shop.sell(slug, seats)
    waves = []
    for _ in range(3):
        assert shop.migrate("--wave", "40%").code == 0
        plan = shop.plan()
        assert len(plan["changes"]) == max(1, plan["holders"] * 40 // 100)
        waves.append(shop.moved())
        assert shop.apply().code == 0
    assert waves == [["bb", "dd"], ["cc"], ["aa"]]
    shop.migrate("--wave", "40%")
    assert (shop.moved(), shop.stays()) == ([], {"ee": "over"})


def test_what_changed_between_two_waves_is_said(shop: Shop) -> None:
    for slug in ("one", "two", "three"):
        shop.sell(slug)
    assert "wave before" not in shop.migrate("--wave", "1").stderr
    assert shop.apply().code == 0
    assert "wave before" not in shop.migrate("--wave", "1").stderr
    grants = "/licenses/growth-v2/entitlements"
    body = {"value": {"type": "number", "value": 3}}
    assert shop.api.put(f"{grants}/seats", json=body).status_code == 204
    make(shop.api, "/entitlements", name="Extra", slug="extra", type="NUMBER")
    more = {"entitlementSlug": "extra", **body}
    assert shop.api.post(grants, json=more).status_code == 204
    said = shop.migrate("--wave", "1")
    assert said.code == 0
    assert (
        "license/growth-v2/grant/seats: value was 5 when the wave before was planned, now it is 3"
    ) in said.stderr
    assert (
        "license/growth-v2/grant/extra: it was not granted when the wave before was planned, and it"
        " is now"
    ) in said.stderr
    assert "wave before" not in shop.migrate("--wave", "1").stderr


@pytest.mark.parametrize(("wave", "moves"), [("1", 1), ("2", 2), ("99", 3), ("1%", 1), ("100%", 3)])
def test_a_wave_is_a_share_or_a_count(shop: Shop, wave: str, moves: int) -> None:
    for slug in ("aa", "bb", "cc"):
        shop.sell(slug)
    planned = shop.migrate("--wave", wave)
    assert planned.code == 0
    assert len(shop.moved()) == moves
    assert set(shop.stays().values()) <= {"later"}


def test_a_holder_is_left_out_by_name(shop: Shop) -> None:
    for slug in ("aa", "bb"):
        shop.sell(slug)
    shop.migrate("--skip", "instance/aa")
    assert (shop.moved(), shop.stays()) == (["bb"], {"aa": "skipped"})


@pytest.mark.parametrize("option", ["--skip", "--allow"])
def test_a_name_that_nobody_has_is_refused(shop: Shop, option: str) -> None:
    shop.sell("acme-prod")
    refused = shop.migrate(option, "instance/acme-prd")
    assert refused.code == 3
    assert f"{option} instance/acme-prd: there is no such instance" in refused.stderr
    assert "did you mean instance/acme-prod?" in refused.stderr
    other = shop.migrate("--skip", "instance/acme-prod", option, "instance/zebra")
    assert f"leave out {option} instance/zebra" in other.stderr
    assert not (shop.place.folder / "growth.migration.json").exists()


def test_the_policy_limits_the_moves_of_one_plan(shop: Shop) -> None:
    for slug in ("aa", "bb", "cc"):
        shop.sell(slug)
    shop.place.write("kaiten-sync.yaml", POLICY.format(limit=2))
    refused = shop.migrate()
    assert refused.code == 4
    assert "moves 3 of 3 holders (100%); maxMoves allows 2" in refused.stderr
    assert not (shop.place.folder / "growth.migration.json").exists()
    assert shop.migrate("--wave", "2").code == 0
    shop.place.write("kaiten-sync.yaml", POLICY.format(limit=1))
    assert shop.apply().code == 4
    assert set(shop.held().values()) == {"growth"}


def test_a_share_of_moves_is_of_all_present_holders(shop: Shop) -> None:
    for number in range(10):
        shop.sell(f"s{number}")
    assert shop.migrate("--max-moves", "20%").code == 4
    assert shop.migrate("--max-moves", "20%", "--wave", "2").code == 0


def test_customers_are_named_unless_that_is_not_wanted(shop: Shop) -> None:
    shop.sell("one", 5)
    named = shop.migrate()
    assert "c-one" in named.stdout
    assert "c-one" in json.dumps(shop.plan())
    unnamed = shop.migrate("--no-names")
    assert "c-one" not in unnamed.stdout
    assert "c-one" not in json.dumps(shop.plan())


def test_usage_is_not_in_the_plan(shop: Shop) -> None:
    for slug in ("one", "two"):
        shop.sell(slug, 2)
    shop.migrate()
    before = (shop.place.folder / "growth.migration.json").read_bytes()
    for slug in ("one", "two"):
        shop.use(slug, 3)
    shop.migrate()
    assert (shop.place.folder / "growth.migration.json").read_bytes() == before


def test_the_impact_of_a_saved_migration_is_of_those_whom_it_moves(shop: Shop) -> None:
    for slug, seats in {"one": 2, "two": 5, "three": 9}.items():
        shop.sell(slug, seats)
    shop.migrate()
    found = shop.run("impact", "growth.migration.json", "--format", "json").json
    (change,) = found["changes"]
    assert (change["address"], change["action"]) == ("license/growth/grant/seats", "move")
    assert (change["holders"], change["near"], change["within"]) == (2, 1, 1)


RULES = """\
version: 1
catalog: [catalog.yaml]
policy:
  rules:
    - name: {name}
      deny: {deny}
"""


@pytest.mark.parametrize(
    ("deny", "is_refused"),
    [
        ("change.action == 'move' && change.effect == 'tightens'", True),
        ("change.kind == 'instance' && change.fields.license.after == 'growth-v1'", False),
        ("impact.near > 0", True),
        ("impact.over > 0", False),
        ("plan.actions.move > 1", True),
        ("plan.actions.move > 2", False),
    ],
)
def test_rules_judge_a_migration(shop: Shop, deny: str, is_refused: bool) -> None:
    for slug, seats in {"one": 2, "two": 5}.items():
        shop.sell(slug, seats)
    shop.place.write("kaiten-sync.yaml", RULES.format(name="ours", deny=json.dumps(deny)))
    planned = shop.migrate()
    assert planned.code == (4 if is_refused else 0)
    assert ("the rule 'ours' denies" in planned.stderr) == is_refused


def test_rules_judge_a_migration_again_when_it_is_applied(shop: Shop) -> None:
    shop.sell("one")
    shop.place.write("kaiten-sync.yaml", RULES.format(name="none", deny="impact.over > 0"))
    assert shop.migrate().code == 0
    assert shop.apply().code == 0
    shop.sell("two")
    assert shop.migrate().code == 0
    denied = "change.action == 'move'"
    shop.place.write("kaiten-sync.yaml", RULES.format(name="stop", deny=json.dumps(denied)))
    done = shop.apply()
    assert done.code == 4
    assert "the rule 'stop' denies this change" in done.stderr
    assert shop.held()["two"] == "growth"


@pytest.mark.parametrize("nearest", ["one", "two", "six"])
def test_rules_see_every_holder_again_however_many_there_are(
    shop: Shop, nearest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug in ("one", "two", "six"):
        shop.sell(slug, 2)
    shop.place.write("kaiten-sync.yaml", RULES.format(name="ours", deny="impact.near > 0"))
    assert shop.migrate().code == 0
    shop.use(nearest, 5)
    # Enough for the list of instances and for one of them.
    monkeypatch.setattr("kaiten_sync.jobs.ruling.DEFAULT_BUDGET", 2)
    done = shop.apply()
    assert done.code == 4
    assert done.stderr.count("the rule 'ours' denies") == 1
    assert f"instance/{nearest}: the rule 'ours' denies this change" in done.stderr
    shop.use(nearest, 2)
    assert shop.apply().code == 0


def test_one_who_is_over_already_is_seen_although_the_move_takes_nothing(shop: Shop) -> None:
    shop.sell("over", 9)
    shop.sell("within", 3)
    for version in ("growth", "growth-v2"):
        limit = {"value": {"type": "number", "value": 4}}
        answer = shop.api.put(f"/licenses/{version}/entitlements/seats", json=limit)
        assert answer.status_code == 204
    shop.migrate()
    assert (shop.moved(), shop.stays()) == (["within"], {"over": "over"})
    planned = shop.migrate("--allow", "instance/over")
    assert "license/growth/grant/seats: 4 → 4\n" in planned.stdout
    assert "2 holders: 1 over, 0 near, 0 within, 1 unaffected" in planned.stdout
    shop.place.write("kaiten-sync.yaml", RULES.format(name="ours", deny="impact.over > 0"))
    assert shop.migrate().code == 0
    denied = shop.migrate("--allow", "instance/over")
    assert denied.code == 4
    assert denied.stderr.count("the rule 'ours' denies") == 1
    assert "instance/over: the rule 'ours' denies this change" in denied.stderr
