"""What holds without `--catalog`, and a plan that a revert brought back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.reviewed import CATALOG, PLAN, Project, git
from tests.support.selling import CATALOG as FAMILY
from tests.support.selling import LOWERED, Seller
from tests.support.tenants import holder

from kaiten_sync.cli.run import run
from kaiten_sync.kinds.addresses import parse_address

CATALOG_UNSOLD = FAMILY.replace("type: PAID", "type: PAID\n    sold: false")
LESS = CATALOG.replace("    entitlements: {calls: 10}\n", "    entitlements: {}\n")


@pytest.fixture
def project(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("KAITEN_AUTH_TOKEN", place.token)
    monkeypatch.delenv("KAITEN_BASE_URL", raising=False)
    made = Project(place)
    yield made
    made.catalog.__exit__(None, None, None)


def test_what_the_catalog_at_hand_protects_is_protected(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit(CATALOG.replace("    protect: true\n", "").replace("1000", "500"))
    project.place.write("catalog.yaml", CATALOG)
    before = project.live()
    assert project.apply() == 4
    assert (
        "license/growth/grant/calls is protected and would be tightened" in capsys.readouterr().err
    )
    assert project.live() == before
    project.place.write("catalog.yaml", "version: 1\nlicenses: nonsense\n")
    assert project.apply() == 0
    assert "The catalog is not valid" in capsys.readouterr().err


def test_the_limits_of_the_project_at_hand_hold(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit(LESS)
    path = project.folder / "kaiten-sync.yaml"
    text = json.loads(path.read_text())
    path.write_text(json.dumps({**text, "policy": {"maxDeletes": 0}}))
    before = project.live()
    assert project.apply() == 4
    assert "maxDeletes allows 0" in capsys.readouterr().err
    assert project.live() == before
    path.write_text(json.dumps(text))
    assert project.apply() == 0


@pytest.mark.parametrize(
    ("scope", "refused"),
    [
        ({"licenses": ["growth"]}, ["license/starter"]),
        ({"licenses": []}, ["license/starter"]),
        ({"entitlements": ["!seats"]}, ["entitlement/seats"]),
        ({"licenses": ["!*"], "entitlements": []}, ["license/starter", "entitlement/seats"]),
        ({"licenses": ["starter"], "entitlements": ["seats"], "groups": []}, []),
    ],
    ids=str,
)
def test_a_plan_changes_nothing_out_of_the_scope_at_hand(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    scope: dict[str, list[str]],
    refused: list[str],
) -> None:
    project.commit(LESS.replace("name: Seats", "name: Chairs"))
    path = project.folder / "kaiten-sync.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), "scope": scope}))
    before = project.live()
    assert project.apply() == (4 if refused else 0)
    said = capsys.readouterr().err
    for address in refused:
        assert f"the project's scope leaves out {address}, which the plan changes" in said
    assert (project.live() == before) is bool(refused)


@pytest.mark.parametrize("catalog", [LOWERED, CATALOG_UNSOLD], ids=["lowered", "not sold"])
def test_a_family_is_in_the_scope_of_families(sold: Seller, catalog: str) -> None:
    """What happens to its versions goes by the family, however the scope of licenses is."""
    holder(sold.api, "acme", seats=1)

    def own(**scope: list[str]) -> None:
        text = json.dumps({"version": 1, "catalog": ["catalog.yaml"], "scope": scope})
        sold.place.write("kaiten-sync.yaml", text)

    own(licenses=[], families=["growth"])
    sold.plan(catalog)
    own(licenses=[], families=[])
    assert "the project's scope leaves out" in sold.apply(code=4).stderr
    own(licenses=[], families=["growth"])
    sold.apply()


def test_what_a_family_leaves_out_of_scope_is_named(sold: Seller) -> None:
    text = {"version": 1, "catalog": ["catalog.yaml"], "scope": {"licenses": []}}
    sold.place.write("kaiten-sync.yaml", json.dumps(text))
    for _ in range(2):  # planning again says so as well
        said = sold.plan(FAMILY.partition("families:")[0]).stdout
        assert "license/growth: name Growth" in said
        assert "it is no longer in scope" in said


def test_more_than_a_limit_is_allowed_as_the_refusal_says(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when --max-deletes made the plan: `apply PLAN` alone takes no such option."""
    project.commit(LESS)
    path = project.folder / "kaiten-sync.yaml"
    strict = {**json.loads(path.read_text()), "policy": {"maxDeletes": 0}}
    path.write_text(json.dumps(strict))
    assert project.apply() == 4
    assert "allow more with --max-deletes beside --catalog, or with" in capsys.readouterr().err
    assert project.apply("--catalog", "catalog.yaml", "--max-deletes", "30%") == 0


def test_the_plan_before_this_one_can_be_named(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit(LESS)
    options = ("--catalog", "catalog.yaml")
    assert project.apply(*options, "--previous", "none") == 4
    assert "no plan before this one managed it" in capsys.readouterr().err
    assert project.apply(*options, "--max-deletes", "0") == 4
    assert "maxDeletes allows 0" in capsys.readouterr().err
    assert project.apply(*options, "--previous", f"HEAD~1:{PLAN}") == 0


def test_without_history_nothing_may_be_deleted(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit(LESS)
    (project.folder / ".git").rename(project.folder / "history")
    assert project.apply("--catalog", "catalog.yaml") == 4
    said = capsys.readouterr().err
    assert "name that plan with --previous" in said
    assert "license/starter/grant/calls: nothing asks to delete it: no plan before this one" in said


def test_a_commit_of_a_merged_branch_owns_nothing(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.catalog.create(
        parse_address("entitlement/theirs"), {"name": "Theirs", "type": "NUMBER"}
    )
    git(project.folder, "switch", "--create", "theirs")
    more = CATALOG.replace("licenses:", "  theirs: {name: Theirs, type: NUMBER}\nlicenses:", 1)
    project.commit(more)
    project.commit(CATALOG)
    assert "delete:entitlement/theirs" in (project.folder / PLAN).read_text()
    git(project.folder, "switch", "main")
    git(project.folder, "merge", "--no-ff", "--no-edit", "theirs")
    before = project.live()
    assert project.apply("--catalog", "catalog.yaml") == 4
    assert (
        "entitlement/theirs: nothing asks to delete it: no plan before" in capsys.readouterr().err
    )
    assert project.live() == before


MORE = CATALOG.replace("calls: 10}", "calls: 20, seats: 1}")
OTHER = MORE.replace("name: Growth", "name: Grow")


def test_a_revert_is_applied_by_a_new_plan(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for catalog in (OTHER.replace("calls: 20, seats: 1}", "calls: 10}"), OTHER):
        project.commit(catalog)
        assert project.apply("--catalog", "catalog.yaml") == 0
    git(project.folder, "revert", "--no-edit", "HEAD")
    before = project.live()
    capsys.readouterr()
    assert project.apply("--catalog", "catalog.yaml") == 2
    said = capsys.readouterr().out
    assert "The server is not as the catalog says" in said
    assert "~ update license/starter/grant/calls" in said
    assert "This plan was done before this run: the server has changed since, or" in said
    assert project.live() == before
    command = said.partition("have it reviewed, and apply it: ")[2].splitlines()[0]
    assert command == f"kaiten-sync plan -f catalog.yaml -t prod -o {PLAN}"
    assert run(command.split()[1:]) == 0
    git(project.folder, "commit", "--all", "--message", "The current plan")
    changed = {change["id"] for change in project.document["changes"]}
    assert changed == {
        "update:license/starter/grant/calls",
        "delete:license/starter/grant/seats",
    }
    assert project.apply("--catalog", "catalog.yaml") == 0
    assert run(["drift", "-t", "prod", "--detailed-exitcode"]) == 0


def test_a_revert_of_the_second_change_of_one_value_is_named(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan that comes back saw the value before the first change."""
    for calls in (20, 30):
        project.commit(CATALOG.replace("calls: 10}", f"calls: {calls}}}"))
        assert project.apply("--catalog", "catalog.yaml") == 0
    git(project.folder, "revert", "--no-edit", "HEAD")
    capsys.readouterr()
    assert project.apply("--catalog", "catalog.yaml") == 4
    said = capsys.readouterr().err
    assert "value was 10 when the plan was made, now it is 30" in said
    assert "so a `git revert` may have brought it back: make the current plan and have" in said


def test_an_edit_is_not_taken_for_a_revert_with_certainty(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same change, made a second time, gives the plan of the first time."""
    calls, growth = parse_address("license/starter/grant/calls"), parse_address("license/growth")
    digests = []
    for value in (20, 10, 20):
        assert project.apply("--catalog", "catalog.yaml") == 0
        project.commit(CATALOG.replace("calls: 10}", f"calls: {value}}}"))
        digests.append(project.document["digest"])
    assert digests[0] == digests[2] != digests[1]
    project.catalog.update(calls, {"value": 15}, lambda _: True)
    capsys.readouterr()
    assert project.apply("--catalog", "catalog.yaml") == 4
    said = capsys.readouterr().err
    assert "value was 10 when the plan was made, now it is 15" in said
    assert "so a `git revert` may have brought it back" in said
    project.catalog.update(calls, {"value": 10}, lambda _: True)
    assert project.apply("--catalog", "catalog.yaml") == 0
    project.catalog.update(growth, {"name": "Grown"}, lambda _: True)
    capsys.readouterr()
    assert project.apply("--catalog", "catalog.yaml") == 2
    said = capsys.readouterr().out
    assert "~ update license/growth" in said
    assert "This plan was done before this run: the server has changed since, or a" in said


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("  more: {name: More, type: NUMBER}\nlicenses:", "entitlement/more"),
        ("licenses:\n  more: {name: More, type: PAID}", "license/more"),
        ("groups: {more: {name: More}}\nlicenses:", "group/more"),
    ],
)
def test_a_revert_of_what_was_added_is_seen(
    project: Project, capsys: pytest.CaptureFixture[str], line: str, address: str
) -> None:
    renamed = CATALOG.replace("name: Growth", "name: Grow")
    for catalog in (renamed, renamed.replace("licenses:", line, 1)):
        project.commit(catalog)
        assert project.apply("--catalog", "catalog.yaml") == 0
    git(project.folder, "revert", "--no-edit", "HEAD")
    capsys.readouterr()
    assert project.apply("--catalog", "catalog.yaml") == 2
    said = capsys.readouterr().out
    assert f"- delete {address}" in said
    assert "This plan was done before this run: the server has changed since, or" in said


def test_drift_after_a_revert_is_git_ahead(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit(CATALOG.replace("calls: 10}", "calls: 20}"))
    assert project.apply("--catalog", "catalog.yaml") == 0
    git(project.folder, "revert", "--no-edit", "HEAD")
    capsys.readouterr()
    assert run(["drift", "-t", "prod", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["class"] for each in found["differences"]] == ["git-ahead"]
