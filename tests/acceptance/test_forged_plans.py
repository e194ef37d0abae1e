"""`apply --catalog` believes nothing that a plan says: ten kinds of forgery, on a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.reviewed import CATALOG, PLAN, OnServer, Project, git
from tests.support.forgeries import Document, change, delete, observed, see, see_nothing

from kaiten_sync.cli.run import run
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.resource import LiveState

AFTER = CATALOG.replace("calls: 10}", "calls: 20}").replace("name: Starter", "name: Start")
RAISED = "update:license/starter/grant/calls"
RENAMED = "update:license/starter"


@pytest.fixture
def project(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("KAITEN_AUTH_TOKEN", place.token)
    monkeypatch.delenv("KAITEN_BASE_URL", raising=False)
    made = Project(place)
    made.catalog.create(parse_address("entitlement/theirs"), {"name": "Theirs", "type": "NUMBER"})
    made.commit(AFTER)
    yield made
    made.catalog._client.close()


def delete_whole(document: Document, live: LiveState, *addresses: str) -> None:
    for address in addresses:
        needed = [f"delete:{each}" for each in addresses if each.startswith(f"{address}/")]
        delete(document, address, live.resources[parse_address(address)], needed)


def delete_blindly(document: Document, live: LiveState) -> None:
    delete_whole(document, live, "license/growth/grant/calls", "license/growth/grant/seats")
    delete_whole(document, live, "license/growth")
    for address in ("license/growth", "license/growth/grant/calls", "license/growth/grant/seats"):
        see_nothing(document, address)
    document["guards"] |= {"protected": [], "population": {"license": 1000, "grant": 1000}}


def delete_protected(document: Document, live: LiveState) -> None:
    delete_whole(document, live, "license/growth/grant/calls", "license/growth/grant/seats")
    document["guards"]["protected"] = []


def delete_everything_left(document: Document, live: LiveState) -> None:
    """Nothing but deletes, of what the declaration leaves alone."""
    document |= {"changes": [], "observed": [], "requests": 0}
    delete_protected(document, live)


def delete_undeclared(document: Document, live: LiveState) -> None:
    delete_whole(document, live, "entitlement/theirs")


def give_more(document: Document, live: LiveState) -> None:
    change(document, RAISED)["fields"][0]["after"] = 999999


def tighten(document: Document, live: LiveState) -> None:
    """Change something that the catalog leaves as it is."""
    address = "license/growth/grant/calls"
    found = live.resources[parse_address(address)]
    field = {"name": "value", "before": 1000, "after": 1, "effect": "tightens"}
    document["changes"].append(
        {
            "id": f"update:{address}",
            "address": address,
            "action": "update",
            "effect": "tightens",
            "fields": [field],
            "dependsOn": [],
        }
    )
    see(document, address, found.id, {"value": 1000})
    for other, names in (("license/growth", ()), ("entitlement/calls", ("type",))):
        there = live.resources[parse_address(other)]
        see(document, other, there.id, {name: there.fields[name] for name in names})
    document["guards"] |= {"protected": []}
    document["requests"] += 9


def leave_out(document: Document, live: LiveState) -> None:
    document["changes"] = [each for each in document["changes"] if each["id"] != RENAMED]


def leave_out_all(document: Document, live: LiveState) -> None:
    document["changes"], document["requests"] = [], 0


def leave_out_all_that_was_seen(document: Document, live: LiveState) -> None:
    leave_out_all(document, live)
    document["observed"] = []


def reassure(document: Document, live: LiveState) -> None:
    document["warnings"] = ["nothing here needs a review"]


def pretend_another_moment(document: Document, live: LiveState) -> None:
    """What was not there then may explain other words; who reads them is misled all the same."""
    document["summary"]["unmanaged"] += 1
    reassure(document, live)


def give_a_reason(document: Document, live: LiveState) -> None:
    change(document, RENAMED)["reason"] = "somebody important wants it"


def raise_limits(document: Document, live: LiveState) -> None:
    document["guards"] |= {"maxDeletes": "100%", "maxUpdates": "100%"}


def count_too_many(document: Document, live: LiveState) -> None:
    document["guards"]["population"] = {"license": 10**6, "grant": 10**6}


def see_less(document: Document, live: LiveState) -> None:
    found = observed(document, "license/starter")
    see(document, "license/starter", "00000000-0000-0000-0000-000000000000", found["fields"])


def own_more(document: Document, live: LiveState) -> None:
    """Nothing now; the next plan would delete it."""
    document["managed"]["entitlement/theirs"] = "0123456789abcdef"


def lie_in_numbers(document: Document, live: LiveState) -> None:
    document["requests"] += 400


FORGERIES: dict[str, tuple[OnServer, str]] = {
    "everything is deleted, and nothing looked at": (delete_blindly, "has no id"),
    "what is protected is deleted": (delete_protected, "license/growth/grant/calls"),
    "what nobody managed is deleted": (delete_undeclared, "no plan before this one managed it"),
    "another value than is declared": (
        give_more,
        "value would become 999,999; the catalog says 20",
    ),
    "what the catalog leaves as it is is changed": (tighten, "nothing asks to update it"),
    "a change is left out": (leave_out, "license/starter: the plan does not update it"),
    "all changes are left out": (leave_out_all, "license/starter: the plan does not update it"),
    "all is left out": (leave_out_all_that_was_seen, "license/starter: the plan does not update"),
    "a warning is invented": (
        reassure,
        "the plan has an unexpected warning: nothing here needs a review",
    ),
    "a warning is invented, of another moment": (
        pretend_another_moment,
        "the plan has an unexpected warning: nothing here needs a review",
    ),
    "a reason is invented": (give_a_reason, "the reason is 'somebody important wants it', and"),
    "the limits are raised": (raise_limits, "maxDeletes is 100% in the plan, but 30%"),
    "the population is invented": (count_too_many, "live licenses, but there are 2"),
    "another organization's object was seen": (see_less, "another object has this name now"),
    "more is managed than declared": (own_more, "entitlement/theirs"),
    "the requests are invented": (lie_in_numbers, "requests, not"),
}


@pytest.mark.parametrize(("forge", "says"), FORGERIES.values(), ids=FORGERIES)
def test_a_forged_plan_is_refused_and_nothing_is_written(
    project: Project, capsys: pytest.CaptureFixture[str], forge: OnServer, says: str
) -> None:
    project.forge(forge)
    before = project.live()
    capsys.readouterr()
    assert project.apply("--catalog", "catalog.yaml", "--receipt", "receipt.json") == 4
    assert says in capsys.readouterr().err
    assert project.live() == before
    if (project.folder / "receipt.json").exists():
        receipt = json.loads((project.folder / "receipt.json").read_text())
        assert (receipt["state"], receipt["outcomes"]) == ("refused", [])


def test_the_plan_that_was_not_forged_is_applied(project: Project) -> None:
    assert project.apply("--catalog", "catalog.yaml") == 0
    assert run(["plan", "-t", "prod", "--detailed-exitcode"]) == 0


def test_a_warning_that_was_left_out_is_missed(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit(AFTER.replace("type: NUMBER}", "type: NUMBER, resetPeriod: MONTH}", 1))
    project.forge(lambda document, live: document.update(warnings=[]))
    before = project.live()
    assert project.apply("--catalog", "catalog.yaml") == 4
    assert "leaves out the warning: entitlement/calls: `resetPeriod" in capsys.readouterr().err
    assert project.live() == before


WITHOUT_GROWTH = AFTER.partition("  growth:")[0] + "  starter:" + AFTER.partition("starter:")[2]


@pytest.mark.parametrize(
    ("scope", "catalog"),
    [
        ({}, AFTER.partition("licenses:")[0]),
        ({"licenses": ["*", "!growth"]}, WITHOUT_GROWTH),
    ],
    ids=["no license is declared", "the license is not in scope"],
)
def test_what_planning_does_not_read_is_not_taken_for_deleted(
    project: Project, capsys: pytest.CaptureFixture[str], scope: dict[str, list[str]], catalog: str
) -> None:
    settings = json.loads((project.folder / "kaiten-sync.yaml").read_text())
    project.place.write("kaiten-sync.yaml", json.dumps({**settings, "scope": scope}))
    project.commit(catalog, "--previous", "none")
    assert project.apply("--catalog", "catalog.yaml", "--previous", "none") == 0
    project.forge(delete_everything_left)
    before = project.live()
    capsys.readouterr()
    assert project.apply("--catalog", "catalog.yaml", "--previous", "none") == 4
    said = capsys.readouterr().err
    assert "license/growth/grant/calls: nothing asks to delete it" in said
    assert project.live() == before


FORGED_DELETES: dict[str, OnServer] = {
    "a delete is added": delete_undeclared,
    "more is managed than declared, which the next plan would delete": own_more,
}


@pytest.mark.parametrize("forge", FORGED_DELETES.values(), ids=FORGED_DELETES)
def test_check_refuses_what_apply_refuses(
    project: Project, capsys: pytest.CaptureFixture[str], forge: OnServer
) -> None:
    project.forge(forge)
    capsys.readouterr()
    assert project.check("--fresh", "fresh.json") == 2
    said = capsys.readouterr().err
    assert "it deletes what no plan before it managed" in said
    assert "- entitlement/theirs" in said
    fresh = (project.folder / "fresh.json").read_bytes()
    (project.folder / PLAN).write_bytes(fresh)
    git(project.folder, "commit", "--all", "--amend", "--allow-empty", "--message", "Plan again")
    assert project.check() == 0
    assert project.apply("--catalog", "catalog.yaml") == 0
    assert parse_address("entitlement/theirs") in project.live().resources


@pytest.mark.parametrize("is_merged", [True, False], ids=["a merge", "its branch and --base"])
def test_check_deletes_what_the_plan_of_the_base_owns(project: Project, *, is_merged: bool) -> None:
    """As in the pull request of somebody who cannot plan."""
    project.commit(AFTER + "  latest: {name: Latest, type: TRIAL}\n")
    git(project.folder, "switch", "--create", "less")
    project.place.write("catalog.yaml", AFTER)
    git(project.folder, "commit", "--all", "--message", "No latest, and no plan")
    if is_merged:
        git(project.folder, "switch", "main")
        git(project.folder, "merge", "--no-ff", "--no-edit", "less")
    assert project.apply() == 0
    base = () if is_merged else ("--base", "main")
    assert project.check("--fresh", PLAN + ".new", *base) == 2
    fresh = json.loads((project.folder / f"{PLAN}.new").read_bytes())
    assert [each["id"] for each in fresh["changes"]] == ["delete:license/latest"]


def test_a_forged_plan_of_a_branch_is_not_that_of_the_base(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    git(project.folder, "switch", "--create", "forged")
    project.forge(own_more)
    git(project.folder, "switch", "main")
    git(project.folder, "merge", "--no-ff", "--no-edit", "forged")
    for base in ((), ("--base", "HEAD^1")):
        assert project.check(*base) == 2
        said = capsys.readouterr().err
        assert "it deletes what no plan before it managed" in said
        assert "no commit" not in said


@pytest.mark.parametrize("base", ["no-such-commit", "0" * 40, "HEAD:catalog.yaml", "-x", " "])
def test_a_base_that_is_no_commit_is_refused(
    project: Project, base: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also if nothing is deleted, and before the server is asked."""
    assert project.check(f"--base={base}", "--base-url", "http://127.0.0.1:1") == 3
    assert f"there is no commit {base} in git here" in capsys.readouterr().err


def test_a_base_of_the_environment_that_is_not_here_counts_for_nothing(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI names one that a clone without its history does not have."""
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "no-such-commit")
    assert project.check() == 0
    assert "no commit" not in capsys.readouterr().err  # it does not matter without deletions
    project.forge(own_more)
    assert project.check() == 2
    said = capsys.readouterr().err
    assert "it deletes what no plan before it managed" in said
    assert "There is no commit no-such-commit in git here" in said


def test_check_without_the_history_says_how_to_get_it(
    project: Project, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    project.commit(AFTER.partition("  starter:")[0])
    capsys.readouterr()
    assert project.check() == 0
    shallow = tmp_path_factory.mktemp("clones") / "shallow"
    git(project.folder, "clone", "--depth", "1", project.folder.as_uri(), str(shallow))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(shallow)
        assert project.check() == 2
        said = capsys.readouterr().err
        assert "no plan before it is in git's history" in said
        assert "git fetch --unshallow" in said
