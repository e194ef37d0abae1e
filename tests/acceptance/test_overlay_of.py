"""A second server's catalog as an overlay: exactly the differences, in short form."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.embedded import EmbeddedServer

BASE = """\
version: 1
groups:
  quotas: {name: Quotas, description: What we meter}
entitlements:
  calls: {name: Calls, type: NUMBER, groups: [quotas]}
  seats: {name: Seats, type: NUMBER}
  theme: {name: Theme, type: CONFIG}
bundles:
  basics: {entitlements: {seats: 3}}
licenses:
  free: {name: Free, type: COMMUNITY, extends: basics}
  growth:
    name: Growth
    type: PAID
    description: For teams
    entitlements:
      calls: {value: 1000, overagePercent: 10}
      seats: {value: 5, protect: true}
      theme: {value: {color: blue, sizes: [1, 2], nested: {a: 1, b: 2}}}
  old: {name: Old, type: PAID, entitlements: {calls: 1}}
"""
OTHER = """\
version: 1
groups:
  quotas: {name: Quotas}
  more: {name: More}
entitlements:
  calls: {name: Calls (staging), type: NUMBER, groups: [quotas]}
  seats: {name: Seats, type: NUMBER}
  theme: {name: Theme, type: CONFIG}
  sso: {name: SSO, type: BOOLEAN}
licenses:
  free: {name: Free, type: COMMUNITY, entitlements: {seats: 4}}
  growth:
    name: Growth
    type: PAID
    description: "For all, [really]"
    entitlements:
      calls: {value: 1000, overagePercent: 20}
      seats: 50
      theme: {value: {color: red, sizes: [1, 2, 3], nested: {a: 1, b: null}}}
      sso: true
  extra: {name: Extra, type: PAID, entitlements: {seats: unlimited}}
"""
OVERLAY = """\
version: 1
groups:
  more: {name: More}
  quotas: {description: null}
entitlements:
  calls: {name: Calls (staging)}
  sso: {name: SSO, type: BOOLEAN}
licenses:
  extra:
    name: Extra
    type: PAID
    entitlements: {seats: unlimited}
  free:
    entitlements: {seats: 4}
  growth:
    description: For all, [really]
    entitlements:
"""
PROJECT = """\
version: 1
catalog: [catalog/]
targets:
  prod: {url: URL, token: {env: PROD_TOKEN}}
  staging: {url: URL, token: {env: STAGING_TOKEN}, overlays: [overlays/staging/]}
  bare: {url: URL, token: {env: STAGING_TOKEN}}
"""


@dataclass(frozen=True)
class Two:
    """A project, and two organizations: prod as the catalog, staging with one of its own."""

    place: Workplace
    staging: str

    def run(self, *args: str, code: int = 0) -> str:
        done = self.place.run(
            *args,
            KAITEN_BASE_URL="",
            PROD_TOKEN=self.place.token,
            STAGING_TOKEN=self.staging,
        )
        assert done.code == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def plan(self, *args: str) -> None:
        for prune in ("owned", "all"):
            self.run("plan", "-t", "staging", "--prune", prune, "--detailed-exitcode", *args)

    def overlay(self) -> str:
        return (self.place.folder / "overlays/staging/overlay.yaml").read_text()


@pytest.fixture
def two(place: Workplace, server: EmbeddedServer) -> Two:
    place.write("catalog/catalog.yaml", BASE)
    place.write("other.yaml", OTHER)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    two = Two(place, server.new_organization())
    two.run("apply", "-t", "prod", "--yes")
    two.run("apply", "-t", "bare", "-f", "other.yaml", "--yes")
    return two


def test_the_overlay_has_exactly_the_differences_and_plans_empty(two: Two) -> None:
    said = two.run("export", "--overlay-of", "staging")
    assert "wrote overlays/staging/overlay.yaml" in said
    two.plan()
    text = two.overlay()
    assert text.startswith(OVERLAY)
    assert "calls: {overagePercent: 20}" in text
    assert "seats: {value: 50}" in text
    assert "sso: true" in text
    assert "old: null" in text
    assert "nested: {b: null}" in text
    assert "sizes: [1, 2, 3]" in text
    assert "name: Growth" not in text
    assert "is there already" in two.run("export", "--overlay-of", "staging", code=3)
    two.run("export", "--overlay-of", "staging", "--force")
    assert two.overlay() == text


@pytest.mark.parametrize("words", [("validate",), ("plan", "-t", "staging")])
def test_an_overlay_that_is_missing_is_written_as_it_says(two: Two, words: tuple[str, ...]) -> None:
    (command,) = re.findall("`kaiten-sync (export[^`]*)`", two.run(*words, code=3))
    two.run(*command.replace("TARGET", "staging").split())
    two.plan()


def test_where_the_overlay_goes(two: Two) -> None:
    assert "overlays: [overlays/bare/]` to it in the project file, or pass -o\n" in two.run(
        "export", "--overlay-of", "bare", code=3
    )
    assert "overlays: [overlays/bare/]` to it in the project file\n" in two.run(
        "adopt", "--into-overlay", "-t", "bare", code=3
    )
    said = two.run("export", "--overlay-of", "bare", "-o", "elsewhere/mine.yaml")
    assert "overlays: [elsewhere/mine.yaml]" in said
    assert (two.place.folder / "elsewhere/mine.yaml").exists()
    said = two.run("export", "--overlay-of", "staging", "-o", "elsewhere/more.yaml")
    assert "overlays: [overlays/staging/, elsewhere/more.yaml]" in said
    assert two.run("export", "--overlay-of", "nobody", code=3)
    assert two.run("export", "--overlay-of", "bare", "-t", "prod", code=3)
    two.run("export", code=3)


def test_without_a_difference_no_overlay_is_written(two: Two) -> None:
    two.place.write("catalog/catalog.yaml", OTHER)
    files = set(two.place.folder.rglob("*"))
    said = two.run("export", "--overlay-of", "bare", "-o", "new/mine.yaml")
    assert "No difference: the catalog declares what bare has. Nothing was written." in said
    assert files == set(two.place.folder.rglob("*"))


def test_an_empty_overlay_is_written_where_one_is_needed(two: Two) -> None:
    """The project file names its folder, which git does not keep without a file."""
    two.run("export", "--overlay-of", "staging")
    two.place.write("catalog/catalog.yaml", OTHER)
    two.run("export", "--overlay-of", "staging", "--force")  # what it says is no longer so
    assert two.overlay() == "version: 1\n"
    (two.place.folder / "overlays/staging/overlay.yaml").unlink()
    (two.place.folder / "overlays/staging").rmdir()
    said = two.run("export", "--overlay-of", "staging")
    assert "0 objects that differ: the overlay is empty." in said
    two.plan()


def test_force_replaces_an_overlay_and_nothing_else(two: Two) -> None:
    two.place.write("workflow.yaml", "on: push\njobs: {}\n")
    two.place.write("broken.yaml", "version: [\n")
    for name in ("kaiten-sync.yaml", "catalog/catalog.yaml", "workflow.yaml", "broken.yaml"):
        before = (two.place.folder / name).read_text()
        said = two.run("export", "--overlay-of", "staging", "--force", "-o", name, code=3)
        assert f"{name} is there and is no overlay" in said
        assert (two.place.folder / name).read_text() == before


def test_adopting_into_the_overlay_leaves_the_base_alone(two: Two) -> None:
    two.run("adopt", "-t", "staging", "--into-overlay")
    two.plan()
    assert (two.place.folder / "catalog/catalog.yaml").read_text() == BASE
    first = two.overlay()
    assert first.startswith(OVERLAY)
    # later edits on the server, one of them back to what the base says
    two.place.write("other.yaml", OTHER.replace("Calls (staging)", "Calls").replace("50", "60"))
    two.place.write(
        "overlays/staging/overlay.yaml", first.replace("version: 1\n", "version: 1\n# mine\n")
    )
    two.run("apply", "-t", "bare", "-f", "other.yaml", "--yes")
    two.run("adopt", "-t", "staging", "--into-overlay", "license/growth/grant/seats")
    assert two.overlay() == first.replace("50", "60").replace(
        "version: 1\n", "version: 1\n# mine\n"
    )
    two.run("adopt", "-t", "staging", "--into-overlay")
    assert "(staging)" not in two.overlay()
    assert "  calls:" not in two.overlay().partition("licenses:")[0]
    two.plan()
    assert "nothing to adopt" in two.run("adopt", "-t", "staging", "--into-overlay")
    assert "no -f" in two.run("adopt", "-t", "staging", "--into-overlay", "-f", "catalog", code=3)


def test_a_config_value_that_lost_a_key_is_written_whole(two: Two) -> None:
    lost = OTHER.replace("color: red, ", "")
    two.place.write("other.yaml", lost)
    two.run("apply", "-t", "bare", "-f", "other.yaml", "--yes")
    two.run("export", "--overlay-of", "staging")
    assert "type: object" in two.overlay()
    two.plan()


def test_what_only_bundles_need_leaves_them_with_its_entitlement(two: Two) -> None:
    """One that nobody extends, one that a license extends, and one that extends another."""
    more = "  sso: {name: SSO, type: BOOLEAN}\nbundles:\n  idle: {entitlements: {sso: true}}\n"
    base = BASE.replace("bundles:\n", more, 1).replace("{seats: 3}", "{seats: 3, sso: true}")
    two.place.write("catalog/catalog.yaml", base.replace("licenses:", EXTENDING, 1))
    fewer = "".join(line for line in OTHER.splitlines(keepends=True) if " sso: " not in line)
    two.place.write("other.yaml", fewer)
    two.run("apply", "-t", "bare", "-f", "other.yaml", "--prune", "all", "--yes")
    two.run("export", "--overlay-of", "staging")
    two.plan()
    text = two.overlay()
    assert "bundles:\n  idle: null\n  basics:\n    entitlements: {sso: null}\n" in text


EXTENDING = "  wider: {extends: basics, entitlements: {calls: 7}}\nlicenses:"


@pytest.mark.parametrize(
    "words", [("export", "--force", "--overlay-of"), ("adopt", "--into-overlay", "-t")]
)
def test_overlays_that_are_valid_only_together_are_refused(
    two: Two, words: tuple[str, ...]
) -> None:
    """Their difference from the base alone cannot be found out."""
    two.place.write("overlays/staging/a.yaml", "version: 1\nentitlements: {theme: null}\n")
    last = "version: 1\nlicenses: {growth: {entitlements: {theme: null}}}\n"
    two.place.write("overlays/staging/overlay.yaml", last)
    two.run("validate")
    said = two.run(*words, "staging", code=4)
    assert "valid only with overlays/staging/overlay.yaml" in said
    assert "license/growth/grant/theme: the entitlement 'theme' is not declared" in said
    assert two.overlay() == last


@pytest.mark.parametrize("command", ["export --overlay-of eu", "adopt -t eu --into-overlay"])
def test_an_overlay_without_a_project_is_no_question_of_the_server(
    place: Workplace, command: str
) -> None:
    done = place.run(*command.split())
    assert done.code == 3
    assert "an overlay belongs to a target of a project" in done.stderr
    assert "--base-url" not in done.stderr
