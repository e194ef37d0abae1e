"""A month of a team, told as a page: `python -m tests.acceptance.month` writes it anew.

One repository, two servers, three people. Every command runs, and the page shows what it printed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
from tests.support.command import kaiten_sync
from tests.support.embedded import EmbeddedServer
from tests.support.metering import done

PAGE = Path("docs/tutorial/a-month-of-a-team.md")
URLS = {"staging": "https://kaiten.staging.example.com", "prod": "https://kaiten.example.com"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_COMMIT = re.compile(r"\bin ([0-9a-f]{10})\b")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

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
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  staging: {url: STAGING_URL, token: {env: KAITEN_STAGING_TOKEN}, overlays: [staging.yaml]}
  prod: {url: PROD_URL, token: {env: KAITEN_PROD_TOKEN}, requirePlan: true}
"""


class Month:
    """The story, and the page that it becomes."""

    def __init__(self, folder: Path, servers: dict[str, EmbeddedServer]) -> None:
        self._folder = folder
        self._urls = {name: server.url for name, server in servers.items()}
        self._tokens = {name: server.new_organization() for name, server in servers.items()}
        self._cems = {
            name: _token_for("Cem", url, self._tokens[name]) for name, url in self._urls.items()
        }
        self._lines: list[str] = []
        self._commits: dict[str, str] = {}
        self._day = 0

    def tell(self) -> str:
        """Live through the month; gives the page."""
        self._say("# A month of a team")
        self._say("<!-- Made by `python -m tests.acceptance.month`, which runs every command. -->")
        self._say(
            "Ada and Ben keep what their company sells in git, for two servers: staging and prod."
            " Cem answers customers, and sometimes edits prod by hand. This page shows their"
            " month, command by command; CI would run most of them"
            " ([plans in CI](../how-to/ci.md))."
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
        for target in self._urls:
            self._show("plan", "-t", target, "-o", f"plans/{target}.plan.json", keep=_last_line)
        self._commit("Ada", "Sell Starter and Growth")
        for target in self._urls:
            self._show("apply", f"plans/{target}.plan.json", keep=_last_line)

    def _a_change(self) -> None:
        self._chapter(
            "Ben raises a limit",
            "On a branch, with the plan in the same commit: the reviewer sees what prod will do.",
        )
        self._git("switch", "--create", "more-seats", who="Ben")
        self._edit("catalog.yaml", "seats: 25", "seats: 40")
        self._show("plan", "-t", "prod", "-o", "plans/prod.plan.json")
        self._say("The comment on the pull request is the same plan as markdown:")
        self._show("show", "plans/prod.plan.json", "--format", "markdown")
        self._commit("Ben", "Give Growth 40 seats")
        self._git("switch", "main", who="Ada")
        self._git("merge", "--squash", "more-seats", who="Ada")
        self._commit("Ada", "Give Growth 40 seats (#1)")
        self._say("The merge applies exactly that file.")
        self._show("apply", "plans/prod.plan.json", "--catalog", "catalog.yaml")

    def _somebody_edits(self) -> None:
        self._chapter(
            "Cem edits prod",
            "A customer needs more calls today, and Cem changes the license on the server.",
        )
        self._put("prod", "growth", "api-calls", 2000)
        self._say("The scheduled job looks at every target, and fails:")
        self._show("drift", "--all", "--detailed-exitcode", code=2)

    def _adopting(self) -> None:
        self._chapter("Ada keeps it", "It was a good idea. `adopt` takes it over into the YAML.")
        self._show("adopt", "-t", "prod", "license/growth/grant/api-calls")
        self._say("The comment beside the line is still there:")
        self._run_shown("git", "diff", "--unified=0", "catalog.yaml")
        for target in self._urls:
            self._show("plan", "-t", target, "-o", f"plans/{target}.plan.json", keep=_last_line)
        self._commit("Ada", "Give Growth 2000 calls, as Cem did")
        for target in self._urls:
            self._show("apply", f"plans/{target}.plan.json", keep=_last_line)

    def _reverting(self) -> None:
        self._chapter("Cem edits again", "This time it was a slip: 20 instead of 200.")
        self._put("prod", "starter", "api-calls", 20)
        self._show("drift", "-t", "prod", "--detailed-exitcode", code=2)
        self._show("drift", "-t", "prod", "--revert", "-o", "undo.plan.json", keep=_last_line)
        self._show("apply", "undo.plan.json", keep=_last_line)
        (self._folder / "undo.plan.json").unlink()

    def _an_overlay(self) -> None:
        self._chapter("Staging gets more", "Only the overlay changes, and prod has nothing to do.")
        self._edit("staging.yaml", "100000", "500000")
        self._show("plan", "-t", "staging", "-o", "plans/staging.plan.json")
        self._show("plan", "-t", "prod", "--detailed-exitcode")
        self._commit("Ben", "Load-test with half a million calls")
        self._show("apply", "plans/staging.plan.json", keep=_last_line)

    def _a_stale_plan(self) -> None:
        self._chapter(
            "A plan that came too late",
            "Ada plans a change. Before it is merged, Cem changes the very same thing.",
        )
        self._edit("catalog.yaml", "api-calls: 2000 ", "api-calls: 3000 ")
        self._show("plan", "-t", "prod", "-o", "plans/prod.plan.json", keep=_last_line)
        self._commit("Ada", "Give Growth 3000 calls")
        self._put("prod", "growth", "api-calls", 2500)
        self._show("apply", "plans/prod.plan.json", code=4)
        self._say("Nothing was written. They talk, make the plan again, and apply that.")
        self._show("plan", "-t", "prod", "-o", "plans/prod.plan.json")
        self._commit("Ada", "Plan again: 2500 was Cem's, 3000 is ours")
        self._show("apply", "plans/prod.plan.json", keep=_last_line)

    def _the_end(self) -> None:
        self._chapter("The end of the month", "The scheduled job has one thing left to say.")
        self._show("drift", "--all", "--detailed-exitcode", code=2)
        self._say("Staging was forgotten. Its plan, its merge, and all are alike.")
        self._show("plan", "-t", "staging", "-o", "plans/staging.plan.json", keep=_last_line)
        self._commit("Ben", "Give Growth 3000 calls on staging")
        self._show("apply", "plans/staging.plan.json", keep=_last_line)
        self._show("drift", "--all", "--detailed-exitcode")

    # -- doing --------------------------------------------------------------------------------

    def _show(
        self, *args: str, code: int = 0, keep: Callable[[str], str] = lambda text: text
    ) -> None:
        """Run a command that ends like this, and show what it printed."""
        tokens = {f"KAITEN_{name.upper()}_TOKEN": token for name, token in self._tokens.items()}
        ended = kaiten_sync(*args, cwd=self._folder, environment={**tokens, **_who("Ada")})
        assert ended.code == code, (args, ended.code, ended.stdout, ended.stderr)
        ending = f"\n(exit code {code})\n" if code else ""
        said = keep(ended.stdout) or ended.stdout
        errors = ended.stderr if code not in (0, 2) else ""
        self._block(f"$ kaiten-sync {' '.join(args)}\n{said}{errors}{ending}")

    def _run_shown(self, *command: str) -> None:
        ended = subprocess.run(
            command, cwd=self._folder, check=True, capture_output=True, text=True
        )
        lines = [line for line in ended.stdout.splitlines() if line[:3] not in ("---", "+++")]
        changed = [line for line in lines if line[:1] in "+-"]
        self._block("\n".join([f"$ {' '.join(command)}", *changed]))

    def _put(self, target: str, license_slug: str, entitlement_slug: str, value: int) -> None:
        """Cem edits a threshold by hand."""
        path = f"/api/licenses/{license_slug}/entitlements/{entitlement_slug}"
        body = {"value": {"type": "number", "value": value}}
        answer = httpx.put(
            f"{self._urls[target]}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._cems[target]}"},
        )
        assert answer.status_code == 204, answer.text
        self._block(f"$ curl -X PUT {self._urls[target]}{path} -d '{json.dumps(body)}' ...")

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, encoding="utf-8")
        shown = text.rstrip()
        self._lines.append(f"`{name}`\n\n```yaml\n{shown}\n```\n")

    def _edit(self, name: str, before: str, after: str) -> None:
        path = self._folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, (name, before)
        path.write_text(text.replace(before, after), encoding="utf-8")
        self._say(f"In `{name}`, `{before.strip()}` becomes `{after.strip()}`.")

    def _commit(self, who: str, subject: str) -> None:
        self._git("add", "--all", who=who)
        self._git("commit", "--message", subject, who=who)

    def _git(self, *args: str, who: str) -> None:
        subprocess.run(
            ["git", *args],
            cwd=self._folder,
            env={**os.environ, **_who(who)},
            check=True,
            capture_output=True,
        )

    # -- telling ------------------------------------------------------------------------------

    def _chapter(self, title: str, text: str) -> None:
        self._day += 1
        self._say(f"## {self._day}. {title}")
        self._say(text)

    def _say(self, text: str) -> None:
        self._lines.append(f"{text}\n")

    def _block(self, text: str) -> None:
        fence = "~~~~" if "```" in text else "```"
        self._lines.append(f"{fence}text\n{text.rstrip()}\n{fence}\n")

    def _page(self) -> str:
        text = "\n".join(self._lines)
        for name, url in self._urls.items():
            text = text.replace(url, URLS[name]).replace(_in_html(url), _in_html(URLS[name]))
        text = _TIME.sub("2026-03-02T10:00:00Z", text)
        text = _DIGEST.sub(f"sha256:{'0' * 64}", text)
        return _COMMIT.sub(self._numbered, text)

    def _numbered(self, found: re.Match[str]) -> str:
        """Commits differ from run to run; the first that is named is the first here too."""
        number = self._commits.setdefault(found[1], f"{len(self._commits) + 1:010x}")
        return f"in {number}"


def _token_for(name: str, url: str, token: str) -> str:
    """A token of a service account with this name."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api", headers=headers) as api:
        account = done(api.post("/service-accounts", json={"name": name})).json()["slug"]
        body = {"name": name, "scopes": ["write:licenses"]}
        made: str = done(api.post(f"/service-accounts/{account}/tokens", json=body)).json()["token"]
    return made


def _in_html(url: str) -> str:
    return url.replace(":", "&#58;")


def _last_line(text: str) -> str:
    return text.rstrip().splitlines()[-1]


def _who(name: str) -> dict[str, str]:
    roles = ("AUTHOR", "COMMITTER")
    return {
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{role}_NAME": name for role in roles},
        **{f"GIT_{role}_EMAIL": f"{name.lower()}@example.com" for role in roles},
    }


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
