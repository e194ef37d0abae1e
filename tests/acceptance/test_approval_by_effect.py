"""What a plan needs before it is applied, by what it does; and rules that are tested offline."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.command import kaiten_sync
from tests.support.selling import Seller

EXAMPLE = Path(__file__).parents[2] / "examples" / "policies"
CATALOG = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
licenses:
  growth: {name: Growth, type: PAID, entitlements: {seats: 10}}
"""
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  prod: {url: 'URL', token: {env: KAITEN_AUTH_TOKEN}}
policy:
  automatic: [create, loosens, neutral]
"""
PLAN = "prod.plan.json"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the example."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "policies"))


def test_a_plan_says_what_it_needs(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    first = place.run("plan", "-o", PLAN, "--format", "json").json
    assert first["approval"] == "automatic"
    assert "approval" not in (place.folder / PLAN).read_text()
    assert place.run("show", PLAN, "--approval").stdout == "automatic\n"
    assert "No review needed" in place.run("plan", "--format", "markdown").stdout
    assert place.run("apply", PLAN).code == 0
    place.write("catalog.yaml", CATALOG.replace("seats: 10", "seats: 5"))
    tightened = place.run("plan", "-o", PLAN, "--format", "json").json
    assert tightened["approval"] == "review"
    assert place.run("show", PLAN, "--approval").stdout == "review\n"
    project = PROJECT.replace("URL", place.url)
    place.write("kaiten-sync.yaml", project + "  maxUpdates: 0\n")
    assert place.run("show", PLAN, "--approval").stdout == "denied\n"
    assert place.run("apply", PLAN).code == 4
    place.write("kaiten-sync.yaml", project)
    refused = place.run("plan", "--fail-on", "tightens", "--format", "json")
    assert (refused.code, refused.json["error"]["approval"]) == (4, "denied")


REFUSING = {
    "limit": ("  maxUpdates: 0\n", CATALOG),
    "scope": ("scope: {licenses: []}\n", CATALOG),
    "onTighten": ("  onTighten: refuse\n", CATALOG),
    "rules": ("  rules: [{name: few, warn: plan.changes > 9, message: Plan less.}]\n", CATALOG),
    "protect": ("", CATALOG.replace("type: PAID", "type: PAID, protect: true")),
}


@pytest.mark.parametrize("case", REFUSING)
def test_what_apply_refuses_by_the_project_at_hand_is_denied(place: Workplace, case: str) -> None:
    more, catalog = REFUSING[case]
    project = PROJECT.replace("URL", place.url).replace("[create", "[tightens, create")
    place.write("catalog.yaml", CATALOG)
    place.write("kaiten-sync.yaml", project)
    assert place.run("apply", "-t", "prod", "--yes").code == 0
    place.write("catalog.yaml", CATALOG.replace("seats: 10", "seats: 5"))
    assert place.run("plan", "-o", PLAN).code == 0
    assert place.run("show", PLAN, "--approval").stdout == "automatic\n"
    place.write("kaiten-sync.yaml", project + more)
    place.write("catalog.yaml", catalog.replace("seats: 10", "seats: 5"))
    assert place.run("show", PLAN, "--approval").stdout == "denied\n"
    assert place.run("apply", PLAN).code == 4


def test_a_new_version_takes_nothing_and_what_withdraws_the_old_one_is_reviewed(
    shop: Seller,
) -> None:
    place = shop.place
    sold = CATALOG.replace("licenses:", "families:")
    place.write("catalog.yaml", sold)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    assert place.run("apply", "-t", "prod", "--yes").code == 0
    shop.hold("growth", "one")
    lowered = sold.replace("seats: 10", "seats: 5")
    place.write("catalog.yaml", lowered)
    made = place.run("plan", "-o", PLAN, "--format", "json").json
    assert made["families"][0]["way"] == "new-version"
    assert made["approval"] == "automatic"
    assert place.run("show", PLAN, "--approval").stdout == "automatic\n"
    place.write("catalog.yaml", lowered.replace("PAID,", "PAID, onTighten: in-place, reason: law,"))
    assert place.run("plan", "--format", "json").json["approval"] == "review"
    place.write("catalog.yaml", lowered.replace("PAID,", "PAID, sold: false,"))
    assert place.run("plan", "--format", "json").json["approval"] == "review"


def test_what_plan_prints_as_json_is_still_a_plan(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    place.write(PLAN, place.run("plan", "--format", "json").stdout)
    assert place.run("apply", PLAN).code == 0
    lying = (place.folder / PLAN).read_text().replace('"automatic"', '"as you like"', 1)
    place.write(PLAN, lying)
    assert place.run("apply", PLAN).code == 4


def test_the_example_of_rules_is_as_its_cases_expect(policies: Path) -> None:
    done = kaiten_sync("rules", "test", "rules.test.yaml", cwd=policies)
    assert done.code == 0, done.stdout
    assert done.stdout.count("ok   ") == 5
    levels = {
        name: kaiten_sync("show", f"{name}.plan.json", "--approval", cwd=policies).stdout.strip()
        for name in ("lower", "raise", "remove")
    }
    assert levels == {"lower": "review", "raise": "automatic", "remove": "denied"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("over: 2, ", "", "expected, and not said: 'nobody is cut off' denies"),
        ("approval: automatic", "approval: review", "said: approval: automatic"),
    ],
)
def test_a_case_that_fails_says_how(policies: Path, old: str, new: str, says: str) -> None:
    text = (policies / "rules.test.yaml").read_text(encoding="utf-8")
    assert old in text
    (policies / "rules.test.yaml").write_text(text.replace(old, new), encoding="utf-8")
    done = kaiten_sync("rules", "test", "rules.test.yaml", cwd=policies)
    assert done.code == 1
    assert says in done.stdout
    assert done.stdout.count("FAIL ") == 1


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        (
            "verdict: deny",
            "verdict: refuse",
            3,
            ".yaml:9:35: error[bad-case] cases[0].expect[0].verdict",
        ),
        (
            "rule: nobody is cut off",
            "rule: nobody is",
            3,
            ":9:10: error[bad-case] the project file",
        ),
        (
            "approval:",
            "aproval:",
            3,
            ":13:5: error[bad-case] cases[0]: Object contains unknown field",
        ),
        (
            "license/growth",
            "license/grow",
            3,
            ":7:7: error[bad-case] lower.plan.json does not change",
        ),
        (
            "plan: lower.plan.json",
            "plan: higher.plan.json",
            3,
            ":5:5: error[bad-case] cannot read higher.plan.json",
        ),
        (
            "plan: lower.plan.json",
            "plan: kaiten-sync.yaml",
            3,
            ":5:5: error[bad-case] kaiten-sync.yaml: not a plan file",
        ),
        (
            "plan: lower.plan.json",
            "plan: edited.plan.json",
            3,
            ":5:5: error[bad-case] edited.plan.json: ",
        ),
        ("version: 1\n", "version: 1\nversion: 1\n", 3, "duplicate key"),
        ("cases:\n", "cases: []\nothers:\n", 3, "cases: Expected `array` of length >= 1"),
    ],
)
def test_a_wrong_file_of_cases_is_an_error(
    policies: Path, old: str, new: str, code: int, says: str
) -> None:
    text = (policies / "rules.test.yaml").read_text(encoding="utf-8")
    (policies / "rules.test.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    plan = (policies / "lower.plan.json").read_text(encoding="utf-8")
    (policies / "edited.plan.json").write_text(plan.replace("tightens", "loosens"), "utf-8")
    done = kaiten_sync("rules", "test", "rules.test.yaml", cwd=policies)
    assert done.code == code
    assert says in done.stderr


@pytest.mark.parametrize("plan", ["../victim.json", "/etc/hostname", "linked.json"])
def test_a_case_names_no_plan_outside_its_repository(policies: Path, plan: str) -> None:
    (policies / ".git").mkdir()
    (policies / "linked.json").symlink_to("../victim.json")
    (policies.parent / "victim.json").write_text('{"formatVersion": "secret"}')
    text = (policies / "rules.test.yaml").read_text(encoding="utf-8")
    changed = text.replace("plan: lower.plan.json", f"plan: {plan}", 1)
    (policies / "rules.test.yaml").write_text(changed, encoding="utf-8")
    done = kaiten_sync("rules", "test", "rules.test.yaml", cwd=policies)
    assert done.code == 3
    assert ":5:5: error[bad-case] this leads out of the repository" in done.stderr
    assert "secret" not in done.stderr


def test_a_case_does_not_read_standard_input(policies: Path) -> None:
    text = (policies / "rules.test.yaml").read_text(encoding="utf-8")
    changed = text.replace("plan: lower.plan.json", 'plan: "-"', 1)
    (policies / "rules.test.yaml").write_text(changed, encoding="utf-8")
    done = kaiten_sync("rules", "test", "rules.test.yaml", cwd=policies)
    assert done.code == 3
    assert ":5:5: error[bad-case] cannot read ./-: the file does not exist" in done.stderr


def test_without_a_project_there_are_no_rules_to_test(policies: Path) -> None:
    (policies / "kaiten-sync.yaml").unlink()
    done = kaiten_sync("rules", "test", "rules.test.yaml", cwd=policies)
    assert done.code == 3
    assert "project file" in done.stderr
