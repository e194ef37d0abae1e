"""Tells a story on a page: every command runs, and the page shows what it printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
from tests.support.command import kaiten_sync
from tests.support.embedded import EmbeddedServer
from tests.support.metering import done

URLS = {
    "staging": "https://kaiten.staging.example.com",
    "prod": "https://kaiten.example.com",
    "eu": "https://eu.kaiten.example.com",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_COMMIT = re.compile(r"\bin ([0-9a-f]{10})\b")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Story:
    """A repository, servers, and the page that is written about them."""

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

    # -- doing --------------------------------------------------------------------------------

    def _show(
        self,
        *args: str,
        code: int = 0,
        keep: Callable[[str], str] = lambda text: text,
        errors: bool = False,
    ) -> None:
        """Run a command that ends like this, and show what it printed."""
        tokens = {f"KAITEN_{name.upper()}_TOKEN": token for name, token in self._tokens.items()}
        ended = kaiten_sync(*args, cwd=self._folder, environment={**tokens, **_who("Ada")})
        assert ended.code == code, (args, ended.code, ended.stdout, ended.stderr)
        ending = f"\n(exit code {code})\n" if code else ""
        said = keep(ended.stdout) or ended.stdout
        stderr = ended.stderr if errors or code not in (0, 2) else ""
        self._block(f"$ kaiten-sync {' '.join(args)}\n{said}{stderr}{ending}")

    def _conflict_shown(self, branch: str, who: str) -> None:
        """Merge a branch that git cannot merge whole, and show where."""
        command = ["git", "merge", branch]
        ended = subprocess.run(
            command,
            cwd=self._folder,
            env={**os.environ, **_who(who)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 1, ended.stdout + ended.stderr
        lines = [line for line in ended.stdout.splitlines() if line.startswith("CONFLICT")]
        self._block("\n".join([f"$ {' '.join(command)}", *lines]))

    def _sell_on(self, target: str, catalog: str) -> None:
        """A server that has sold a catalog for a while, before anybody thought of git."""
        ended = kaiten_sync(
            "apply",
            *("-f", catalog, "--base-url", self._urls[target], "--yes"),
            cwd=self._folder,
            environment={"KAITEN_AUTH_TOKEN": self._tokens[target]},
        )
        assert ended.code == 0, ended.stderr

    def _show_file(self, name: str) -> None:
        shown = (self._folder / name).read_text(encoding="utf-8").rstrip()
        self._lines.append(f"`{name}`\n\n```yaml\n{shown}\n```\n")

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
        self._show_file(name)

    def _edit(self, name: str, before: str, after: str, says: str = "") -> None:
        path = self._folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, (name, before)
        path.write_text(text.replace(before, after), encoding="utf-8")
        self._say(says or f"In `{name}`, `{before.strip()}` becomes `{after.strip()}`.")

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


def last_line(text: str) -> str:
    return text.rstrip().splitlines()[-1]


def _who(name: str) -> dict[str, str]:
    roles = ("AUTHOR", "COMMITTER")
    return {
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{role}_NAME": name for role in roles},
        **{f"GIT_{role}_EMAIL": f"{name.lower()}@example.com" for role in roles},
    }
