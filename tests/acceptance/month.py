"""A month of a team, told as a page: `python -m tests.acceptance.month` writes it again.

One repository, three servers, three people. Every command runs, and the page shows what it printed.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.acceptance.telling import URLS, Story, last_line
from tests.support.embedded import EmbeddedServer

PAGE = Path("docs/tutorial/a-month-of-a-team.md")
TARGETS = ("staging", "prod")
PLAN = "plans/prod.plan.json"

CATALOG = """\
# What we sell. Prices live elsewhere.
version: 1

entitlements:
  api-calls: {name: API Calls, type: NUMBER, resetPeriod: MONTH}
  seats: {name: Seats, type: NUMBER, aggregationMethod: LATEST}

licenses:
  starter:
    name: Starter
    type: COMMUNITY
    entitlements: {api-calls: 100, seats: 3}
  growth:
    name: Growth
    type: PAID
    entitlements:
      api-calls: 1000       # agreed with sales
      seats: 25
"""
STAGING = """\
# Staging is for load tests.
version: 1
licenses:
  starter:
    entitlements: {api-calls: 100000}
"""
STARTER = CATALOG[CATALOG.index("  starter:") : CATALOG.index("  growth:")]
OF_STARTER = STAGING[STAGING.index("licenses:") :].replace("100000", "500000")
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  staging: {url: STAGING_URL, token: {env: KAITEN_STAGING_TOKEN}, overlays: [staging.yaml]}
  prod: {url: PROD_URL, token: {env: KAITEN_PROD_TOKEN}, requirePlan: true}
"""


class Month(Story):
    """The chapters."""

    def tell(self) -> str:
        """Live through the month; gives the page."""
        self._say("# A month of a team")
        self._say("<!-- Made by `python -m tests.acceptance.month`, which runs every command. -->")
        self._say(
            "Ada and Ben keep their company's licenses in git, for two servers: staging and prod."
            " Cem supports customers, and sometimes edits prod by hand. This page follows them"
            " for a month and the weeks after it, command by command. In practice, CI runs most"
            " of these commands ([plans in CI](../how-to/ci.md))."
        )
        for chapter in (
            self._beginning,
            self._a_change,
            self._somebody_edits,
            self._adopting,
            self._reverting,
            self._an_overlay,
            self._a_stale_plan,
            self._the_end,
            self._two_branches,
            self._a_revert,
            self._a_second_server,
            self._a_promotion,
        ):
            chapter()
        return self._page()

    # -- chapters -----------------------------------------------------------------------------

    def _beginning(self) -> None:
        self._chapter("Ada begins", "One catalog, an overlay for staging, a plan file per target.")
        self._write("catalog.yaml", CATALOG)
        self._write("staging.yaml", STAGING)
        project = PROJECT
        for name, url in self._urls.items():
            project = project.replace(f"{name.upper()}_URL", url)
        self._write("kaiten-sync.yaml", project)
        self._git("init", "--initial-branch", "main", who="Ada")
        self._show("validate")
        for target in TARGETS:
            self._show("plan", "-t", target, "-o", f"plans/{target}.plan.json", keep=last_line)
        self._commit("Ada", "Sell Starter and Growth")
        for target in TARGETS:
            self._show("apply", f"plans/{target}.plan.json", keep=last_line)

    def _a_change(self) -> None:
        self._chapter(
            "Ben raises a limit",
            "He commits the plan with the change, on a branch, so that the reviewer sees its effect"
            " on prod.",
        )
        self._git("switch", "--create", "more-seats", who="Ben")
        self._edit("catalog.yaml", "seats: 25", "seats: 40")
        self._show("plan", "-t", "prod", "-o", "plans/prod.plan.json")
        self._say("CI comments on the pull request with the same plan as markdown:")
        self._show("show", "plans/prod.plan.json", "--format", "markdown")
        self._commit("Ben", "Give Growth 40 seats")
        self._git("switch", "main", who="Ada")
        self._git("merge", "--squash", "more-seats", who="Ada")
        self._commit("Ada", "Give Growth 40 seats (#1)")
        self._say("After the merge, exactly that file is applied.")
        self._show("apply", "plans/prod.plan.json", "--catalog", "catalog.yaml")

    def _somebody_edits(self) -> None:
        self._chapter(
            "Cem edits prod",
            "A customer needs more calls today, and Cem changes the license on the server.",
        )
        self._put("prod", "growth", "api-calls", 2000)
        self._say("The scheduled job checks every target, and fails:")
        self._show("drift", "--all", "--detailed-exitcode", code=2)

    def _adopting(self) -> None:
        self._chapter(
            "Ada keeps it", "The change was a good idea. `adopt` copies it into the YAML files."
        )
        self._show("adopt", "-t", "prod", "license/growth/grant/api-calls")
        self._say("The comment on that line is kept:")
        self._run_shown("git", "diff", "--unified=0", "catalog.yaml")
        for target in TARGETS:
            self._show("plan", "-t", target, "-o", f"plans/{target}.plan.json", keep=last_line)
        self._commit("Ada", "Give Growth 2000 calls, as Cem did")
        for target in TARGETS:
            self._show("apply", f"plans/{target}.plan.json", keep=last_line)

    def _reverting(self) -> None:
        self._chapter("Cem edits again", "This time it was a mistake: 20 instead of 200.")
        self._put("prod", "starter", "api-calls", 20)
        self._show("drift", "-t", "prod", "--detailed-exitcode", code=2)
        self._show("drift", "-t", "prod", "--revert", "-o", "undo.plan.json", keep=last_line)
        self._show("apply", "undo.plan.json", keep=last_line)
        (self._folder / "undo.plan.json").unlink()

    def _an_overlay(self) -> None:
        self._chapter("Staging gets more", "Only the overlay changes, so nothing changes on prod.")
        self._edit("staging.yaml", "100000", "500000")
        self._show("plan", "-t", "staging", "-o", "plans/staging.plan.json")
        self._show("plan", "-t", "prod", "--detailed-exitcode")
        self._commit("Ben", "Load-test with half a million calls")
        self._show("apply", "plans/staging.plan.json", keep=last_line)

    def _a_stale_plan(self) -> None:
        self._chapter(
            "A stale plan",
            "Ada plans a change. Before it is merged, Cem changes the same value.",
        )
        self._edit("catalog.yaml", "api-calls: 2000 ", "api-calls: 3000 ")
        self._show("plan", "-t", "prod", "-o", "plans/prod.plan.json", keep=last_line)
        self._commit("Ada", "Give Growth 3000 calls")
        self._put("prod", "growth", "api-calls", 2500)
        self._show("apply", "plans/prod.plan.json", code=4)
        self._say("Nothing was written. They agree on a value, make the plan again and apply it.")
        self._show("plan", "-t", "prod", "-o", "plans/prod.plan.json")
        self._commit("Ada", "Plan again: 2500 was Cem's, 3000 is ours")
        self._show("apply", "plans/prod.plan.json", keep=last_line)

    def _the_end(self) -> None:
        self._chapter("The end of the month", "The scheduled job reports one more difference.")
        self._show("drift", "--all", "--detailed-exitcode", code=2)
        self._say("The team forgot staging. Once its plan is applied, no target differs from git.")
        self._show("plan", "-t", "staging", "-o", "plans/staging.plan.json", keep=last_line)
        self._commit("Ben", "Give Growth 3000 calls on staging")
        self._show("apply", "plans/staging.plan.json", keep=last_line)
        self._show("drift", "--all", "--detailed-exitcode")

    def _two_branches(self) -> None:
        self._chapter(
            "Two branches at once",
            "Ada and Ben start from the same commit. Ben's branch removes Starter. Ada's branch is"
            " merged first.",
        )
        self._git("switch", "--create", "more-calls", who="Ada")
        self._edit("catalog.yaml", "api-calls: 3000 ", "api-calls: 3500 ")
        self._show("plan", "-t", "prod", "-o", PLAN, keep=last_line)
        self._commit("Ada", "Give Growth 3500 calls")
        self._git("switch", "--create", "no-starter", "main", who="Ben")
        self._edit("catalog.yaml", STARTER, "", says="Ben removes Starter from `catalog.yaml`.")
        self._edit(
            "staging.yaml", OF_STARTER, "", says="He also removes it from the overlay of staging."
        )
        self._show("plan", "-t", "prod", "-o", PLAN, keep=last_line)
        self._commit("Ben", "Stop selling Starter")
        self._git("switch", "main", who="Ada")
        self._git("merge", "more-calls", who="Ada")
        self._show("apply", PLAN, "--catalog", "catalog.yaml", keep=last_line)
        self._git("switch", "no-starter", who="Ben")
        self._say(
            "git merges the catalog but not the plan, because no plan for both changes exists yet."
        )
        self._conflict_shown("main", who="Ben")
        self._say("Ben makes the plan again. The new plan owns the objects of both earlier plans.")
        self._show("plan", "-t", "prod", "-o", PLAN, errors=True)
        self._commit("Ben", "Merge main, and plan again")
        self._git("switch", "main", who="Ada")
        self._git("merge", "--no-ff", "--no-edit", "no-starter", who="Ada")
        self._show("apply", PLAN, "--catalog", "catalog.yaml", keep=last_line)

    def _a_revert(self) -> None:
        self._chapter(
            "Ben undoes it",
            "Customers ask for Starter. Ben reverts the merge, but makes no new plan.",
        )
        self._git("revert", "--no-edit", "-m", "1", "HEAD", who="Ben")
        self._show("apply", PLAN, "--catalog", "catalog.yaml", code=2)
        self._say("Nothing was written. Ben makes a current plan, as the message says.")
        self._show("plan", "-t", "prod", "-o", PLAN)
        self._commit("Ben", "Plan the return of Starter")
        self._show("apply", PLAN, "--catalog", "catalog.yaml", keep=last_line)

    def _a_second_server(self) -> None:
        self._chapter(
            "A second server",
            "The European branch has had its own server for years. It sells the same licenses with"
            " different limits.",
        )
        self._sell_on("eu", "catalog.yaml")
        self._put("eu", "growth", "api-calls", 9000)
        self._put("eu", "starter", "seats", 5)
        place = (
            f"url: {self._urls['eu']}, token: {{env: KAITEN_EU_TOKEN}}, overlays: [overlays/eu/]"
        )
        says = f"In `kaiten-sync.yaml`, `targets` gets `eu: {{{place}}}`."
        self._edit("kaiten-sync.yaml", "  prod:", f"  eu: {{{place}}}\n  prod:", says=says)
        self._show("export", "--overlay-of", "eu")
        self._show_file("overlays/eu/overlay.yaml")
        self._show("plan", "-t", "eu", "-o", "plans/eu.plan.json")
        self._commit("Ada", "Bring in the server in Europe")

    def _a_promotion(self) -> None:
        self._chapter(
            "From staging to prod",
            "From now on, a change is applied to prod only after it was applied to staging.",
        )
        self._edit("kaiten-sync.yaml", "requirePlan: true", "requirePlan: true, after: [staging]")
        self._edit("catalog.yaml", "seats: 40", "seats: 50")
        for target in TARGETS:
            self._show("plan", "-t", target, "-o", f"plans/{target}.plan.json", keep=last_line)
        self._commit("Ben", "Give Growth 50 seats")
        self._show("apply", PLAN, "--catalog", "catalog.yaml", code=4)
        self._show("apply", "plans/staging.plan.json", keep=last_line)
        self._show("apply", PLAN, "--catalog", "catalog.yaml", keep=last_line)
        self._say(
            "Now both servers have the change. Values from the overlay of staging do not count as"
            " differences."
        )
        self._show("compare", "staging", "prod")


def told() -> str:
    """The page, from two servers and a repository that are made for it."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        servers = {}
        for target in URLS:
            folder = Path(name) / target
            folder.mkdir()
            servers[target] = stack.enter_context(EmbeddedServer(folder))
        project = Path(name) / "catalog"
        project.mkdir()
        return Month(project, servers).tell()


if __name__ == "__main__":
    PAGE.write_text(told(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
