"""From staging to prod: `after`, in apply, in the check, and in the workflows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.acceptance.catalogs import ONE_LIMIT
from tests.acceptance.conftest import Workplace
from tests.support.command import Ended, kaiten_sync
from tests.support.commonmark import Shown
from tests.support.embedded import EmbeddedServer
from tests.support.forge.jobs import Job
from tests.support.forge.team import SCOPES, Team, tokens_of

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.jobs.workflows import Forge
from kaiten_sync.kinds.addresses import parse_address

OVERLAY = "version: 1\nlicenses:\n  growth: {entitlements: {calls: 9000}}\n"
CALLS = parse_address("license/growth/grant/calls")
PLANS = {name: f"plans/{name}.plan.json" for name in ("staging", "prod")}


class Pair:
    """A project with two targets, of which prod waits for staging."""

    def __init__(self, folder: Path, server: EmbeddedServer) -> None:
        self.folder = folder
        self.url = server.url
        tokens = {name: server.new_organization() for name in PLANS}
        self.environment = {f"{name.upper()}_TOKEN": token for name, token in tokens.items()}
        targets = {
            name: {"url": server.url, "token": {"env": f"{name.upper()}_TOKEN"}} for name in PLANS
        }
        project = {
            "version": 1,
            "catalog": ["catalog.yaml"],
            "targets": {
                "staging": {**targets["staging"], "overlays": ["staging.yaml"]},
                "prod": {**targets["prod"], "after": ["staging"]},
            },
        }
        (folder / "kaiten-sync.yaml").write_text(json.dumps(project), encoding="utf-8")
        (folder / "staging.yaml").write_text(OVERLAY, encoding="utf-8")
        self.declare(ONE_LIMIT)

    def declare(self, text: str) -> None:
        (self.folder / "catalog.yaml").write_text(text, encoding="utf-8")

    def run(self, *args: str, code: int = 0, staging_token: str | None = None) -> Ended:
        environment = dict(self.environment)
        if staging_token is not None:
            environment["STAGING_TOKEN"] = staging_token
        ended = kaiten_sync(*args, cwd=self.folder, environment=environment)
        assert ended.code == code, ended.stdout + ended.stderr
        return ended

    def staging(self) -> HttpCatalog:
        token = self.environment["STAGING_TOKEN"]
        return HttpCatalog(ConnectionSettings(url=self.url, token=token))

    def plan_both(self) -> None:
        for name, path in PLANS.items():
            self.run("plan", "-t", name, "-o", path)


@pytest.fixture
def pair(server: EmbeddedServer, tmp_path: Path) -> Pair:
    return Pair(tmp_path, server)


@pytest.mark.parametrize("how", [("apply", PLANS["prod"]), ("apply", "-t", "prod", "--yes")])
def test_prod_takes_nothing_before_staging_is_as_declared(pair: Pair, how: tuple[str, ...]) -> None:
    pair.plan_both()
    refused = pair.run(*how, code=4)
    assert "prod waits for staging" in refused.stderr
    assert "license/growth/grant/calls" in refused.stderr
    pair.run("apply", PLANS["staging"])
    pair.run(*how)
    pair.declare(ONE_LIMIT.replace("1000", "2000").replace("Growth,", "Grown,"))
    pair.plan_both()
    assert "license/growth: not applied to staging yet (update)" in pair.run(*how, code=4).stderr


def test_the_plan_to_apply_first_is_named_if_it_is_there(pair: Pair) -> None:
    to_prod = ("apply", PLANS["prod"], "--catalog", "catalog.yaml")
    apply_it = f"first: kaiten-sync apply {PLANS['staging']} --catalog catalog.yaml\n"
    plan_it = f"first: kaiten-sync plan -f catalog.yaml -t staging -o {PLANS['staging']}\n"
    pair.plan_both()
    said = pair.run(*to_prod, code=4).stderr
    assert f"apply the committed plan of staging {apply_it}" in said
    pair.run(*said.splitlines()[-1].partition("kaiten-sync ")[2].split())
    pair.run(*to_prod)
    # The plan of staging is applied, and somebody edits staging or the catalog.
    with pair.staging() as staging:
        staging.update(CALLS, {"value": 8000}, lambda _: True)
        assert plan_it in pair.run(*to_prod, code=4).stderr
        pair.run("plan", "-t", "staging", "-o", PLANS["staging"])
        assert apply_it in pair.run(*to_prod, code=4).stderr
        staging.update(CALLS, {"value": 7000}, lambda _: True)
        assert plan_it in pair.run(*to_prod, code=4).stderr
    (pair.folder / PLANS["staging"]).unlink()
    assert plan_it in pair.run(*to_prod, code=4).stderr


def test_a_server_under_another_name_waits_too(pair: Pair) -> None:
    at_prod = ("--base-url", pair.url, "--auth-token", pair.environment["PROD_TOKEN"])
    refused = pair.run("apply", *at_prod, "-f", "catalog.yaml", "--yes", code=4)
    assert "waits for staging" in refused.stderr


def test_a_removal_that_staging_has_not_seen_holds_prod_up(pair: Pair) -> None:
    pair.plan_both()
    pair.run("apply", PLANS["staging"])
    pair.run("apply", PLANS["prod"])
    pair.declare(ONE_LIMIT[: ONE_LIMIT.index("licenses")])
    (pair.folder / "staging.yaml").write_text("version: 1\n", encoding="utf-8")
    pair.plan_both()
    assert "license/growth" in pair.run("apply", PLANS["prod"], code=4).stderr


def test_a_receipt_of_this_commit_is_enough(pair: Pair) -> None:
    pair.plan_both()
    pair.run("apply", PLANS["staging"], "--receipt", "staging.json")
    blind = pair.run("apply", PLANS["prod"], code=6, staging_token="")
    assert "--after-receipt" in blind.stderr
    pair.run("apply", PLANS["prod"], "--after-receipt", "staging.json", staging_token="")


def _edited(pair: Pair) -> None:
    receipt = pair.folder / "staging.json"
    text = receipt.read_text(encoding="utf-8").replace('"complete"', '"incomplete"')
    receipt.write_text(text, encoding="utf-8")


def _calls_itself_complete(pair: Pair) -> None:
    receipt = pair.folder / "staging.json"
    text = receipt.read_text(encoding="utf-8").replace('"done"', '"failed"', 1)
    receipt.write_text(text, encoding="utf-8")


def _lacks_an_outcome(pair: Pair) -> None:
    receipt = pair.folder / "staging.json"
    document = json.loads(receipt.read_text(encoding="utf-8"))
    del document["outcomes"][0]
    receipt.write_text(json.dumps(document), encoding="utf-8")


def _of_another_commit(pair: Pair) -> None:
    pair.declare(ONE_LIMIT.replace("Growth", "Grown"))
    pair.plan_both()


def _of_a_plan_that_is_behind(pair: Pair) -> None:
    pair.declare(ONE_LIMIT.replace("Growth", "Grown"))
    pair.run("plan", "-t", "prod", "-o", PLANS["prod"])


def _says_it_twice(pair: Pair) -> None:
    _edited(pair)
    receipt = pair.folder / "staging.json"
    text = receipt.read_text(encoding="utf-8")
    receipt.write_text(text.replace("{", '{"state": "complete",', 1), encoding="utf-8")


def test_a_receipt_that_two_readers_could_take_differently_is_none(pair: Pair) -> None:
    pair.plan_both()
    pair.run("apply", PLANS["staging"], "--receipt", "staging.json")
    _says_it_twice(pair)
    refused = pair.run("apply", PLANS["prod"], "--after-receipt", "staging.json", code=3)
    assert "duplicate key 'state'" in refused.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_edited, "did not finish"),
        (_calls_itself_complete, "is failed"),
        (_lacks_an_outcome, "has no outcome of create:"),
        (_of_another_commit, "another plan than the committed one"),
        (_of_a_plan_that_is_behind, "was not made from this catalog"),
    ],
)
def test_a_receipt_that_shows_something_else_is_refused(
    pair: Pair, change: Callable[[Pair], None], says: str
) -> None:
    pair.plan_both()
    pair.run("apply", PLANS["staging"], "--receipt", "staging.json")
    change(pair)
    refused = pair.run("apply", PLANS["prod"], "--after-receipt", "staging.json", code=4)
    assert says in refused.stderr


def test_what_is_not_a_receipt_is_named(pair: Pair) -> None:
    pair.plan_both()
    pair.run("apply", PLANS["prod"], "--after-receipt", "catalog.yaml", code=3)
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n"
    (pair.folder / "r.json").write_text(pointer, encoding="utf-8")
    said = pair.run("apply", PLANS["prod"], "--after-receipt", "r.json", code=3).stderr
    assert "run `git lfs pull`" in said


def test_the_check_says_which_target_waits(pair: Pair) -> None:
    pair.plan_both()
    said = pair.run("plan", "-t", "prod", "-o", PLANS["prod"], "--check").stderr
    assert "prod waits for staging: nothing is applied to prod until staging is" in said
    comment = pair.run("plan", "-t", "prod", "-o", PLANS["prod"], "--check", "--format", "markdown")
    assert "prod waits for staging" in Shown(comment.stdout).unfolded
    assert "waits" not in pair.run("plan", "-t", "staging").stderr


def started(forge: Forge, place: Workplace, server: EmbeddedServer) -> Team:
    """A team with two targets, and workflows for both."""
    team = Team(forge, place)
    other = Workplace(place.folder, server.url, server.new_organization())
    for name in (".github", ".gitlab-ci.yml"):
        path = team.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    team.change(
        "kaiten-sync.yaml",
        "  prod:\n",
        f"  staging: {{url: {place.url}, token: {{env: STAGING_TOKEN}}}}\n  prod:\n"
        "    after: [staging]\n",
    )
    # A loopback server is nobody's target in CI, so the workflows are made for another name.
    text = (team.folder / "kaiten-sync.yaml").read_text(encoding="utf-8")
    named = text.replace(place.url, "https://kaiten.example.com")
    (team.folder / "kaiten-sync.yaml").write_text(named, encoding="utf-8")
    assert kaiten_sync("init", ".", "--ci", forge.value, cwd=team.folder).code == 0
    (team.folder / "kaiten-sync.yaml").write_text(text, encoding="utf-8")
    tokens = tokens_of(other)
    for name in SCOPES:
        team.forge.secrets[name.replace("prod", "staging")] = {"STAGING_TOKEN": tokens[name]}
    team.tokens = {"KAITEN_PROD_TOKEN": place.token, "STAGING_TOKEN": other.token}
    team.repository.commit("Two targets")
    return team


def applied(jobs: dict[str, Job]) -> list[tuple[str, bool]]:
    return [(name.split()[-1], job.is_ok) for name, job in jobs.items() if "apply" in name]


@pytest.mark.parametrize("forge", list(Forge))
def test_the_workflows_apply_in_order(
    forge: Forge, place: Workplace, server: EmbeddedServer
) -> None:
    team = started(forge, place, server)
    team.branch("first")
    for name, path in PLANS.items():
        done = kaiten_sync("plan", "-t", name, "-o", path, cwd=team.folder, environment=team.tokens)
        assert done.code == 0, done.stderr
    team.repository.commit("Plans")
    assert all(job.is_ok for job in team.forge.pull_request("first").values())
    assert len(team.forge.workshop.comments) == 2  # the base alone changes, and both plans show
    team.merge("first")
    jobs = team.forge.push("main")
    assert applied(jobs) == [("staging", True), ("prod", True)], [j.log for j in jobs.values()]
    assert team.threshold() == 1000


def test_prod_is_not_applied_after_staging_failed(place: Workplace, server: EmbeddedServer) -> None:
    team = started(Forge.GITHUB, place, server)
    team.branch("first")
    done = kaiten_sync(
        "plan", "-t", "prod", "-o", PLANS["prod"], cwd=team.folder, environment=team.tokens
    )
    assert done.code == 0, done.stderr
    team.repository.commit("Only one plan")
    team.merge("first")
    assert applied(team.forge.push("main")) == [("staging", True), ("prod", False)]
    team.forge.secrets["staging"] = {"STAGING_TOKEN": "ksh_wrong"}
    (team.folder / PLANS["staging"]).write_text("{}", encoding="utf-8")
    team.repository.commit("A bad plan")
    assert applied(team.forge.push("main")) == [("staging", False)]
    assert team.threshold() is None


def test_a_target_that_is_not_reached_is_named_with_who_waits_for_it(pair: Pair) -> None:
    project = json.loads((pair.folder / "kaiten-sync.yaml").read_text(encoding="utf-8"))
    project["targets"]["staging"]["url"] = "http://127.0.0.1:1"
    (pair.folder / "kaiten-sync.yaml").write_text(json.dumps(project), encoding="utf-8")
    said = pair.run("apply", "-t", "prod", "--yes", code=6).stderr
    assert "prod waits for staging: " in said
    assert "--after-receipt" in said


def test_a_receipt_that_shows_nothing_is_not_ignored(pair: Pair) -> None:
    pair.plan_both()
    pair.run("apply", PLANS["staging"], "--receipt", "staging.json")
    for how in (("apply", PLANS["staging"]), ("apply", "-t", "staging", "--yes")):
        refused = pair.run(*how, "--after-receipt", "staging.json", code=3)
        assert "staging waits for no other target" in refused.stderr
        assert "\n  help: " in refused.stderr
    pair.run("apply", PLANS["prod"], "--receipt", "prod.json")
    both = ("--after-receipt", "staging.json", "--after-receipt", "prod.json")
    said = pair.run("apply", PLANS["prod"], *both, staging_token="").stderr
    assert "prod.json is the receipt of prod, for which prod does not wait" in said
    assert "staging.json is the receipt" not in said
