"""Every command that a message suggests runs where it was printed, whatever paths are called."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.acceptance.catalogs import ONE_LIMIT
from tests.acceptance.conftest import Workplace
from tests.support.command import Ended
from tests.support.forgeries import change, resealed
from tests.support.processes import HANG_S
from tests.support.ready import ready_programs

FOLDER = "it's a catalog"
NEW = """\
version: 1
groups: {extra: {name: Extra}}
entitlements: {seats: {name: Seats, type: NUMBER, groups: [extra]}}
licenses:
  growth: {name: Growth, type: PAID, entitlements: {seats: 5}}
  partner: {name: Partner, type: PAID, entitlements: {seats: 1}}
"""
VERSIONS = """\
version: 1
entitlements: {seats: {name: Seats, type: NUMBER}}
licenses:
  free: {name: Free, type: COMMUNITY, entitlements: {seats: 5}}
  growth: {name: Growth, type: PAID, extends: free}
  growth-2: {name: Growth, type: PAID, familySlug: growth, entitlements: {seats: 5}}
"""
PROJECT = f"{FOLDER}/kaiten-sync.yaml"
PLAN = "-our plans/$HOME.plan.json"
COMMAND = re.compile(r"kaiten-sync (?:adopt|apply|drift|freeze|init|plan|show|validate)\b")
RUNS = frozenset({0, 2})
"""Done, or there is a difference; anything else means that the command line was wrong."""


def suggested(ended: Ended) -> list[str]:
    """The commands in what a command printed, each once."""
    lines = re.findall(
        r"(?:cd \S.* && )?kaiten-sync .*", re.sub("`", "\n", ended.stdout + ended.stderr)
    )
    return list(dict.fromkeys(line for line in lines if COMMAND.search(line)))


def run_in_shell(command: str, place: Workplace, **environment: str) -> Ended:
    """Paste a command line into a shell, with the environment of the command that printed it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KAITEN")}
    path = f"{ready_programs()}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=place.folder,
        env={**kept, "PATH": path, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def project(place: Workplace) -> Workplace:
    """A project whose file is neither here nor above, with two targets on one server."""
    place.write(f"{FOLDER}/catalog.yaml", ONE_LIMIT)
    place.write(
        PROJECT,
        "version: 1\ncatalog: [catalog.yaml]\ntargets:\n"
        f"  prod: {{url: {place.url}, token: {{env: PROD_TOKEN}}, after: [staging]}}\n"
        f"  staging: {{url: {place.url}, token: {{env: PROD_TOKEN}}}}\n",
    )
    return place


def tokens(place: Workplace) -> dict[str, str]:
    return {"PROD_TOKEN": place.token, "KAITEN_BASE_URL": "", "KAITEN_AUTH_TOKEN": ""}


def put(place: Workplace, value: int) -> None:
    answer = httpx.put(
        f"{place.url}/api/licenses/growth/entitlements/calls",
        json={"value": {"type": "number", "value": value}},
        headers={"Authorization": f"Bearer {place.token}"},
    )
    assert answer.status_code == 204, answer.text


PROD = ("--project", PROJECT, "-t", "staging")


def planned(place: Workplace) -> Ended:
    return place.run("plan", *PROD, "-o", PLAN, **tokens(place))


def agreed(place: Workplace) -> None:
    assert planned(place).code == 0
    assert place.run("apply", f"./{PLAN}", *PROD[:2], **tokens(place)).code == 0


def checked(place: Workplace) -> Ended:
    planned(place)
    place.write(f"{FOLDER}/catalog.yaml", ONE_LIMIT.replace("1000", "2000"))
    return place.run("plan", *PROD, "--max-updates", "7", "-o", PLAN, "--check", **tokens(place))


def edited_on_the_server(place: Workplace) -> Ended:
    agreed(place)
    put(place, 7)
    return place.run("drift", *PROD, "--plan", PLAN, **tokens(place))


def ahead_in_git(place: Workplace) -> Ended:
    agreed(place)
    place.write(f"{FOLDER}/catalog.yaml", ONE_LIMIT.replace("1000", "2000"))
    return place.run("drift", *PROD, "--plan", PLAN, **tokens(place))


def in_conflict(place: Workplace) -> Ended:
    ahead_in_git(place)
    put(place, 7)
    return place.run("adopt", *PROD, "--plan", PLAN, **tokens(place))


def drift_of_all(place: Workplace) -> Ended:
    agreed(place)
    put(place, 7)
    return place.run("drift", "--all", "--project", PROJECT, **tokens(place))


def waiting(place: Workplace) -> Ended:
    return place.run("apply", "--project", PROJECT, "-t", "prod", "--yes", **tokens(place))


def nothing_planned(place: Workplace) -> Ended:
    agreed(place)
    return planned(place)


def exported(place: Workplace) -> Ended:
    agreed(place)
    return place.run("export", *PROD, "-o", "what's live/", **tokens(place))


def mistyped(place: Workplace) -> Ended:
    return place.run("drift", *PROD, "license/grwth", **tokens(place))


def mistyped_for_all(place: Workplace) -> Ended:
    there = ("--all", "--project", PROJECT)
    return place.run("drift", *there, "license/grwth", **tokens(place))


def mistyped_to_revert(place: Workplace) -> Ended:
    return place.run("drift", *PROD, "license/grwth", "--revert", **tokens(place))


def mistyped_to_adopt(place: Workplace) -> Ended:
    return place.run("adopt", *PROD, "license/grwth", **tokens(place))


def nothing_to_adopt(place: Workplace) -> Ended:
    agreed(place)
    return place.run("adopt", *PROD, "license/growth", **tokens(place))


def only_with_a_plan(place: Workplace) -> Ended:
    text = (place.folder / PROJECT).read_text(encoding="utf-8")
    only = text.replace("after: [staging]", "requirePlan: true")
    (place.folder / PROJECT).write_text(only, encoding="utf-8")
    return place.run("apply", "--project", PROJECT, "-t", "prod", "--yes", **tokens(place))


def new_on_the_server(place: Workplace) -> Ended:
    """A license whose grant rests on an entitlement, and that on a group, all of them new."""
    agreed(place)
    place.write(f"{FOLDER}/catalog.yaml", NEW)
    assert place.run("apply", *PROD, "--yes", **tokens(place)).code == 0
    place.write(f"{FOLDER}/catalog.yaml", ONE_LIMIT)
    return place.run("drift", *PROD, "--plan", PLAN, **tokens(place))


def moved(place: Workplace) -> None:
    """The server has another URL, and the plan saw nothing there by which it could be known."""
    agreed(place)
    text = (place.folder / PROJECT).read_text(encoding="utf-8")
    place.write(PROJECT, text.replace("127.0.0.1", "localhost"))


def moved_in_drift(place: Workplace) -> Ended:
    moved(place)
    return place.run("drift", *PROD, "--plan", PLAN, **tokens(place))


def moved_in_plan(place: Workplace) -> Ended:
    moved(place)
    return planned(place)


def moved_in_apply(place: Workplace) -> Ended:
    moved(place)
    return place.run("apply", f"./{PLAN}", *PROD[:2], **tokens(place))


def moved_in_impact(place: Workplace) -> Ended:
    moved(place)
    return place.run("impact", f"./{PLAN}", *PROD[:2], **tokens(place))


def changed_and_planned(place: Workplace) -> None:
    agreed(place)
    place.write(f"{FOLDER}/catalog.yaml", ONE_LIMIT.replace("1000", "2000"))
    assert planned(place).code == 0


def stale(place: Workplace) -> Ended:
    changed_and_planned(place)
    put(place, 7)
    return place.run("apply", f"./{PLAN}", *PROD[:2], **tokens(place))


def stale_revert(place: Workplace, *named: str) -> Ended:
    agreed(place)
    put(place, 7)
    drift = ("drift", *named, *PROD, "--plan", PLAN, "--revert", "-o", "back.plan.json")
    assert place.run(*drift, **tokens(place)).code == 0
    put(place, 8)
    ended = place.run("apply", "back.plan.json", *PROD[:2], **tokens(place))
    (command,) = suggested(ended)
    words = ("drift", *PROD, *named, "--revert", "-o", "back.plan.json")
    assert command.endswith(shlex.join(words))
    return ended


def stale_revert_of_one(place: Workplace) -> Ended:
    return stale_revert(place, "license/growth/grant/calls")


def of_another_catalog(place: Workplace) -> Ended:
    changed_and_planned(place)
    place.write(f"{FOLDER}/catalog.yaml", ONE_LIMIT.replace("1000", "3000"))
    there = ("--catalog", f"{FOLDER}/catalog.yaml", *PROD[:2])
    return place.run("apply", f"./{PLAN}", *there, **tokens(place))


def forged(place: Workplace) -> Ended:
    """A plan that says something else than what its catalog gives."""
    changed_and_planned(place)
    file = place.folder / PLAN
    document = json.loads(file.read_text(encoding="utf-8"))

    def give_more(plan: dict[str, Any]) -> None:
        change(plan, "update:license/growth/grant/calls")["fields"][0]["after"] = 9000

    file.write_bytes(resealed(document, give_more))
    there = ("--catalog", f"{FOLDER}/catalog.yaml", *PROD[:2])
    return place.run("apply", f"./{PLAN}", *there, **tokens(place))


def old_versions_in_a_project(place: Workplace) -> Ended:
    place.write(f"{FOLDER}/catalog.yaml", VERSIONS)
    return place.run("validate", *PROD[:2])


def old_versions_in_a_plan(place: Workplace) -> Ended:
    place.write(f"{FOLDER}/catalog.yaml", VERSIONS)
    return place.run("plan", *PROD, **tokens(place))


def old_versions_in_a_file(place: Workplace) -> Ended:
    place.write(f"{FOLDER}/catalog.yaml", VERSIONS)
    return place.run("validate", f"{FOLDER}/catalog.yaml")


def started(place: Workplace) -> Ended:
    return place.run("init", "--", "-a new $project")


STORIES: dict[str, tuple[Callable[[Workplace], Ended], set[str]]] = {
    "planned": (planned, {"apply"}),
    "checked": (checked, {"plan"}),
    "edited on the server": (edited_on_the_server, {"adopt", "drift"}),
    "ahead in git": (ahead_in_git, {"plan"}),
    "in conflict": (in_conflict, {"adopt", "drift"}),
    "drift of all": (drift_of_all, {"plan", "adopt", "drift"}),
    "waiting": (waiting, {"plan"}),
    "nothing planned": (nothing_planned, set()),
    "exported": (exported, {"plan"}),
    "mistyped": (mistyped, {"drift"}),
    "mistyped for all": (mistyped_for_all, {"drift"}),
    "mistyped to revert": (mistyped_to_revert, {"drift"}),
    "mistyped to adopt": (mistyped_to_adopt, {"drift"}),
    "nothing to adopt": (nothing_to_adopt, {"drift"}),
    "only with a plan": (only_with_a_plan, {"plan"}),
    "new on the server": (new_on_the_server, {"adopt"}),
    "moved, in drift": (moved_in_drift, {"plan"}),
    "moved, in plan": (moved_in_plan, {"plan"}),
    "moved, in apply": (moved_in_apply, {"plan"}),
    "moved, in impact": (moved_in_impact, {"plan"}),
    "stale": (stale, {"plan"}),
    "stale revert": (stale_revert, {"drift"}),
    "stale revert of one": (stale_revert_of_one, {"drift"}),
    "of another catalog": (of_another_catalog, {"plan"}),
    "forged": (forged, {"plan"}),
    "old versions in a project": (old_versions_in_a_project, {"freeze"}),
    "old versions in a plan": (old_versions_in_a_plan, {"freeze"}),
    "old versions in a file": (old_versions_in_a_file, {"freeze"}),
    "started": (started, {"validate"}),
}


@pytest.mark.parametrize("story", STORIES)
def test_what_is_suggested_can_be_pasted(project: Workplace, story: str) -> None:
    tell, expected = STORIES[story]
    ended = tell(project)
    assert project.token not in ended.stdout + ended.stderr
    commands = suggested(ended)
    names = {command.partition("kaiten-sync ")[2].split()[0] for command in commands}
    assert bool(names) is bool(expected), ended
    assert names <= expected
    catalog = project.folder / FOLDER / "catalog.yaml"
    before = catalog.read_bytes()
    for command in commands:
        catalog.write_bytes(before)  # adopting for one target may settle the next
        done = run_in_shell(command, project, **tokens(project))
        assert done.code in RUNS, f"{command}\n{done.stderr}"


@pytest.mark.parametrize("options", [(), ("--generation", "current")])
def test_a_server_without_a_project_is_named_again(
    place: Workplace, options: tuple[str, ...]
) -> None:
    place.write("c d.yaml", ONE_LIMIT)
    alone = {"KAITEN_AUTH_TOKEN": place.token, "KAITEN_BASE_URL": ""}
    there = ("--base-url", place.url, *options)
    ended = place.run("plan", "-f", "c d.yaml", *there, "-o", "a b.plan.json", **alone)
    (command,) = suggested(ended)
    assert command.endswith(" ".join([*there, "'a b.plan.json'"]))
    done = run_in_shell(command, place, **alone)
    assert done.code == 0, done.stderr
    put(place, 7)
    drift = place.run("drift", "-f", "c d.yaml", *there, "--plan", "a b.plan.json", **alone)
    commands = suggested(drift)
    assert len(commands) == 2
    for each in commands:
        done = run_in_shell(each, place, **alone)
        assert done.code in RUNS, f"{each}\n{done.stderr}"


def test_a_moved_server_without_a_project_is_named_again(place: Workplace) -> None:
    place.write("c d.yaml", ONE_LIMIT)
    alone = {"KAITEN_AUTH_TOKEN": place.token, "KAITEN_BASE_URL": ""}
    file = ("-f", "c d.yaml", "-o", "a b.plan.json")
    assert place.run("plan", *file, "--base-url", place.url, **alone).code == 0
    there = ("--base-url", place.url.replace("127.0.0.1", "localhost"))
    for words in (("plan", *file), ("apply", "a b.plan.json")):
        ended = place.run(*words, *there, **alone)
        assert ended.code == 4
        (command,) = suggested(ended)
        assert " ".join(there) in command
    # The apply has no catalog to name, so the last command is the plan's.
    (command,) = suggested(place.run("plan", *file, *there, **alone))
    done = run_in_shell(command, place, **alone)
    assert done.code == 0, done.stderr


def test_the_first_plan_goes_where_the_project_looks_for_it(project: Workplace) -> None:
    drift = ("drift", *PROD)
    assert project.run("apply", *PROD, "--yes", **tokens(project)).code == 0
    project.write(f"{FOLDER}/catalog.yaml", NEW)
    (first, *_) = suggested(project.run(*drift, **tokens(project)))
    done = run_in_shell(first, project, **tokens(project))
    assert done.code == 0, done.stderr
    report = project.run(*drift, "--format", "json", **tokens(project)).json
    assert report["agreed"] == f"{FOLDER}/plans/staging.plan.json"


def test_an_empty_plan_is_not_offered_to_be_applied(project: Workplace) -> None:
    ended = nothing_planned(project)
    assert "No changes" in ended.stdout
    assert "apply it" not in ended.stderr


def test_a_target_without_a_project_file_says_so(place: Workplace) -> None:
    for command in ("plan", "drift", "apply", "doctor"):
        ended = place.run(command, "-t", "prod", KAITEN_BASE_URL="")
        assert ended.code == 3
        assert "no project file (kaiten-sync.yaml) was found here or in a folder above" in (
            ended.stderr
        ), command


def test_a_command_line_without_a_command_shows_the_help(place: Workplace) -> None:
    ended = place.run()
    assert "A day's work:" in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("args", "says", "hint"),
    [
        ("show plans/nope.json", "cannot read plans/nope.json", "plan -o plans/nope.json` writes"),
        ("apply catalog.yaml/plan.json", "cannot read", "check the path"),
        (
            "plan -t prod --project p.yaml --previous nope.json",
            "cannot read nope.json",
            "none if this is the first plan",
        ),
        ("validate --project nope.yaml", "nope.yaml does not exist", "kaiten-sync init"),
        ("drift --all -f catalog.yaml", "--all needs a project file", "leave out --all"),
        ("compare prod eu", "compare takes two targets of a project", "with --project"),
        ("compare prod prod --project p.yaml", "both are prod", "has: prod, staging"),
        ("freeze grwth -f catalog.yaml", "license/grwth is not declared", "mean 'growth'?"),
        ("export -o -", "name a folder", "export --help"),
        ("export --overlay-of prod -o -", "name a folder", "export --help"),
        ("plan -o -", "name a file", "plan --help"),
        ("drift prod -f catalog.yaml", "not an address: 'prod'", "a target with -t"),
        ("show plan.json --approval --format json", "prints one word", "leave out --format"),
        ("freeze x -f catalog.yaml", "license/x is not declared", "by their slugs"),
        ("freeze family/x -f catalog.yaml", "family/x is not declared", "by their slugs"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(
    place: Workplace, args: str, says: str, hint: str
) -> None:
    place.write("catalog.yaml", ONE_LIMIT)
    place.write(
        "p.yaml",
        f"version: 1\ncatalog: [catalog.yaml]\n"
        f"targets: {{prod: {{url: {place.url}}}, staging: {{url: {place.url}}}}}\n",
    )
    ended = place.run(*args.split(), KAITEN_BASE_URL="")
    assert ended.code == 3
    assert says in ended.stderr
    assert "base-url" not in ended.stderr
    (told,) = (line for line in ended.stderr.splitlines() if line.startswith("  help: "))
    assert hint in told


@pytest.mark.parametrize("path", ["/dashboard", "/api/docs", "/licenses"])
def test_a_url_of_a_page_is_told_from_a_servers(place: Workplace, path: str) -> None:
    ended = place.run("doctor", KAITEN_BASE_URL=place.url + path)
    assert ended.code == 1
    assert "without the path of a page" in ended.stdout
