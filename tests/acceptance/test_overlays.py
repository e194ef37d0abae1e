"""Overlays of several targets, against a real server."""

from __future__ import annotations

from tests.acceptance.catalogs import ONE_LIMIT
from tests.acceptance.conftest import Workplace

PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  first: {url: URL}
  prod: {url: URL, overlays: [prod.yaml]}
"""


def test_a_grant_that_an_overlay_removes_stays_and_the_plan_says_so(place: Workplace) -> None:
    place.write("catalog.yaml", ONE_LIMIT)
    place.write("prod.yaml", "version: 1\nlicenses:\n  growth: {entitlements: {calls: null}}\n")
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    assert place.run("apply", "-t", "first", "--yes").code == 0
    planned = place.run("plan", "-t", "prod", "--previous", "none")
    assert planned.code == 0, planned.stderr
    assert "license/growth/grant/calls stays on the server: prod.yaml:3:27" in planned.stdout
    assert "--prune all" in planned.stdout
    pruned = place.run("plan", "-t", "prod", "--previous", "none", "--prune", "all")
    assert "stays on the server" not in pruned.stdout
    assert "- delete  license/growth/grant/calls" in pruned.stdout


def test_a_typing_mistake_in_an_overlay_stops_every_command(place: Workplace) -> None:
    place.write("catalog.yaml", ONE_LIMIT)
    place.write("prod.yaml", "version: 1\nlicenses: {growht: null}\n")
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    for command in ("validate", "plan", "drift"):
        ended = place.run(command, *(() if command == "validate" else ("-t", "prod")))
        assert ended.code == 3
        assert "prod.yaml:2:12" in ended.stdout + ended.stderr
        assert "did you mean 'growth'?" in ended.stdout + ended.stderr
