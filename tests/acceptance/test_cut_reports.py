"""A report that was cut names the command that shows all of it, for the same plan and place."""

from __future__ import annotations

import html
import re
import shlex

import pytest
from tests.acceptance.conftest import Workplace

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.comparison import ComparedObject, Comparison, Presence
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.report.compare_markdown import compare_markdown

FEW = "version: 1\nentitlements:\n  calls: {name: Calls, type: NUMBER, aggregationMethod: SUM}\n"
LICENSE = (
    "  license-with-a-long-name-{0:03}:\n    name: License {0}\n    type: PAID\n"
    "    description: {1}\n    entitlements: {{calls: {0}}}\n"
)
DENY = """policy: {rules: [{name: never, deny: "true", message: not today}]}\n"""
MANY = FEW + "licenses:\n" + "".join(LICENSE.format(n, "d" * 200) for n in range(300))


def commands(text: str) -> list[list[str]]:
    """The words of each command that shows what is left out."""
    assert len(text) <= 60_000
    found = re.findall("not shown.*<code>(kaiten-sync [^<]*)</code> shows all", text)
    return [shlex.split(html.unescape(each)) for each in found]


@pytest.fixture
def many(place: Workplace) -> Workplace:
    place.write("catalog.yaml", MANY)
    target = f"{{local: {{url: {place.url}}}, other: {{url: {place.url}}}}}"
    place.write("kaiten-sync.yaml", f"version: 1\ncatalog: [catalog.yaml]\ntargets: {target}\n")
    return place


def test_a_plan_names_its_file(many: Workplace) -> None:
    file = "it's a $plan `now`.json"
    named = [["kaiten-sync", name, file] for name in ("table", "show")]
    written = many.run("plan", "-t", "local", "-o", file, "--format", "markdown")
    assert commands(written.stdout) == named
    assert commands(many.run("show", file, "--format", "markdown").stdout) == named
    check = ("plan", "-t", "local", "-o", file, "--check", "--format", "markdown")
    assert commands(many.run(*check).stdout) == named
    for _, *words in named:
        assert many.run(*words).code == 0
    many.write("catalog.yaml", MANY.replace("License 7\n", "License\n"))
    other = [["kaiten-sync", name, "PLAN"] for name in ("table", "show")]
    assert commands(many.run(*check).stdout) == other
    fresh = [["kaiten-sync", name, "fresh.json"] for name in ("table", "show")]
    assert commands(many.run(*check, "--fresh", "fresh.json").stdout) == fresh


def test_a_plan_that_is_in_no_file_names_none(many: Workplace) -> None:
    other = [["kaiten-sync", name, "PLAN"] for name in ("table", "show")]
    printed = many.run("plan", "-t", "local", "--format", "markdown")
    assert commands(printed.stdout) == other
    many.write("kaiten-sync.yaml", many.folder.joinpath("kaiten-sync.yaml").read_text() + DENY)
    refused = many.run("plan", "-t", "local", "-o", "p.json", "--format", "markdown")
    assert refused.code == 4
    assert commands(refused.stdout) == other


def test_drift_names_its_target(many: Workplace) -> None:
    drift = many.run("drift", "-t", "local", "--plan", "none", "--format", "markdown").stdout
    (again,) = commands(drift)
    assert again == ["kaiten-sync", "drift", "-t", "local", "--plan", "none"]
    assert "Drift: 601 missing" in many.run(*again[1:]).stdout


def test_compare_names_both_targets() -> None:
    differences = tuple(
        ComparedObject(address=parse_address(f"license/l{n}"), presence=Presence.FIRST)
        for n in range(9)
    )
    first, second = (TargetRef(name, "http://127.0.0.1") for name in ("staging", "prod"))
    compared = Comparison(first=first, second=second, differences=differences, compared=9)
    text = compare_markdown(compared, max_chars=400)
    assert commands(text) == [["kaiten-sync", "compare", "staging", "prod"]]
