"""A repository with CI on one of the forges, and the server that it is for."""

from __future__ import annotations

import re
from copy import copy
from typing import Any

import httpx
from tests.acceptance.conftest import Workplace
from tests.support.command import kaiten_sync
from tests.support.forge.github import GitHub
from tests.support.forge.gitlab import GitLab
from tests.support.forge.jobs import Repository
from tests.support.tenants import make

from kaiten_sync.jobs.workflows import Forge

PLAN = "plans/prod.plan.json"
APPLY = "apply prod"
PLANNING = "plan prod"

SCOPES = {
    "prod-read": ["read:entitlements", "read:licenses", "read:instances"],
    "prod": ["write:entitlements", "write:licenses", "read:instances"],
}
"""What docs/how-to/ci.md tells to give to each environment, and nothing more."""


class Team:
    """A repository with CI on one of the forges, and a server that it is for."""

    def __init__(self, forge: Forge, place: Workplace, *options: str, folder: str = ".") -> None:
        self.repository = Repository(place.folder / "repository")
        self.folder = self.repository.folder / folder
        self.server = place
        self.tokens = {"KAITEN_PROD_TOKEN": place.token}
        command = ("init", folder, "--ci", forge.value, *options)
        started = kaiten_sync(*command, cwd=self.repository.folder)
        assert started.code == 0, started.stderr
        self.change("kaiten-sync.yaml", "https://kaiten.example.com", place.url)
        self.repository.commit("Start")
        kind = GitHub if forge is Forge.GITHUB else GitLab
        self.forge = kind(self.repository, place.folder / "forge")
        tokens = tokens_of(place)
        self.forge.secrets = {name: {"KAITEN_PROD_TOKEN": tokens[name]} for name in SCOPES}

    @classmethod
    def beside(cls, first: Team, name: str) -> Team:
        """Another project in the repository of the first, for the same server."""
        team = copy(first)
        team.folder = first.repository.folder / name
        words = ("--ci", first.forge.kind, "--name", name)
        started = kaiten_sync("init", name, *words, cwd=first.repository.folder)
        assert started.code == 0, started.stderr
        team.change("kaiten-sync.yaml", "https://kaiten.example.com", first.server.url)
        pipeline = first.repository.folder / ".gitlab-ci.yml"
        if pipeline.exists():
            text = pipeline.read_text(encoding="utf-8")
            (line,) = re.findall(r"`(include: .*?)`", started.stderr)
            pipeline.write_text(f"{text}\n{line}\n", encoding="utf-8")
        first.repository.commit("Start another project")
        return team

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def branch(self, name: str) -> None:
        self.repository.git("switch", "--create", name)

    def commit_plan(self) -> None:
        environment = {"KAITEN_PROD_TOKEN": self.server.token}
        done = kaiten_sync(
            "plan", "-t", "prod", "-o", PLAN, cwd=self.folder, environment=environment
        )
        assert done.code == 0, done.stderr
        self.repository.commit("Plan")

    def merge(self, name: str) -> None:
        self.repository.git("switch", "main")
        self.repository.git("merge", "--no-edit", name)

    def agree(self) -> None:
        """The first catalog, planned, merged and applied."""
        self.branch("first")
        self.commit_plan()
        self.merge("first")
        assert self.forge.push("main")[APPLY].is_ok

    def put_threshold(self, value: int) -> None:
        answer = httpx.put(
            f"{self.server.url}/api/licenses/growth/entitlements/api-calls",
            json={"value": {"type": "number", "value": value}},
            headers={"Authorization": f"Bearer {self.server.token}"},
        )
        assert answer.status_code == 204, answer.text

    def threshold(self) -> Any:
        answer = httpx.get(
            f"{self.server.url}/api/licenses/growth/entitlements/api-calls",
            headers={"Authorization": f"Bearer {self.server.token}"},
        )
        return answer.json()["value"]["value"] if answer.status_code == 200 else None


def tokens_of(place: Workplace) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as api:
        account = make(api, "/service-accounts", name="CI")
        path = f"/service-accounts/{account['slug']}/tokens"
        return {
            name: make(api, path, name=name, scopes=scopes)["token"]
            for name, scopes in SCOPES.items()
        }
