"""GitHub Actions, as far as our workflows use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from tests.support.forge.expressions import condition, filled
from tests.support.forge.jobs import Job, Repository, Workshop

_NAME = "team/catalog"


class GitHub:
    """Runs all workflows of a repository that an event starts.

    `secrets` are per environment, as the documentation tells to set them up.
    """

    kind = "github"

    def __init__(self, repository: Repository, folder: Path) -> None:
        self.repository = repository
        self.secrets: dict[str, dict[str, str]] = {}
        self.summary = ""
        self.workshop = Workshop(folder)
        self._artifacts: dict[str, dict[str, str]] = {}

    def pull_request(self, branch: str, *, from_fork: bool = False) -> dict[str, Job]:
        head = {"repo": {"full_name": "stranger/catalog" if from_fork else _NAME}}
        base = {"sha": self.repository.git("rev-parse", "main").strip()}
        event = {"pull_request": {"number": 5, "head": head, "base": base}}
        secrets = {} if from_fork else self.secrets
        return self._run("pull_request", "refs/pull/5/merge", event, secrets, merged=branch)

    def merge_queue(self, branch: str, base: str = "main") -> dict[str, Job]:
        """A queue that squashes: one commit on the base, which may be the group before.

        The group's branch stays, as `gh-readonly-queue/main/BRANCH`. Source: GitHub docs, "Events
        that trigger workflows", `merge_group`; "Managing a merge queue".
        """
        group = f"gh-readonly-queue/main/{branch}"
        git = self.repository.git
        git("switch", "--create", group, base)
        git("merge", "--squash", branch)
        git("commit", "--allow-empty", "--message", f"Merge {branch}")
        git("switch", branch)
        base_sha = git("rev-parse", base).strip()
        event = {"merge_group": {"base_sha": base_sha, "base_ref": "refs/heads/main"}}
        return self._run("merge_group", f"refs/heads/{group}", event, self.secrets, checkout=group)

    def push(self, branch: str) -> dict[str, Job]:
        return self._run("push", f"refs/heads/{branch}", {}, self.secrets, checkout=branch)

    def schedule(self) -> dict[str, Job]:
        return self._run("schedule", "refs/heads/main", {}, self.secrets)

    def _run(
        self,
        event_name: str,
        ref: str,
        event: Mapping[str, Any],
        secrets: Mapping[str, Mapping[str, str]],
        *,
        checkout: str = "main",
        merged: str | None = None,
    ) -> dict[str, Job]:
        self.summary = ""
        self._artifacts = {}
        context = {
            "github": {
                "ref": ref,
                "event_name": event_name,
                "repository": _NAME,
                "token": "the-jobs-token",
                "run_attempt": 1,
                "head_ref": merged or "",
                "event": {"repository": {"default_branch": "main"}, **event},
            },
        }
        jobs: dict[str, Job] = {}
        for definition, each in self._jobs(event_name, context):
            needed = [job for job in jobs.values() if job.id in definition.get("needs", [])]
            if len(needed) < len(definition.get("needs", [])) or not all(j.is_ok for j in needed):
                continue
            folder = self.repository.checkout(
                self.workshop.place(), checkout, merged, depth=_depth(definition)
            )
            each = {**each, "needs": {job.id: {"outputs": job.outputs} for job in needed}}
            environment = filled(definition.get("environment", ""), each)
            name = f"{definition['name']} {each['matrix'].get('target', '')}".strip()
            job = Job(name, id=definition["name"], environment=environment)
            full = {**each, "secrets": secrets.get(environment, {}), "steps": {}}
            self._run_job(definition, full, folder, job)
            outputs = definition.get("outputs", {}).items()
            job.outputs = {key: filled(value, full) for key, value in outputs}
            jobs[job.name] = job
        return jobs

    def _jobs(
        self, event_name: str, context: Mapping[str, Any]
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for path in sorted((self.repository.folder / ".github/workflows").glob("*.yml")):
            # YAML 1.1 reads the key `on` as true
            workflow = yaml.safe_load(path.read_text(encoding="utf-8").replace("\non:", "\n'on':"))
            if event_name not in workflow["on"]:
                continue
            for name, job in workflow["jobs"].items():
                for target in job.get("strategy", {}).get("matrix", {}).get("target", [None]):
                    each = {**context, "matrix": {"target": target} if target else {}}
                    if condition(job.get("if"), each, {"success": True}):
                        defaults = workflow.get("defaults", {}).get("run", {})
                        yield {**job, "name": name, "defaults": defaults}, each

    def _run_job(
        self, definition: Mapping[str, Any], context: dict[str, Any], folder: Path, job: Job
    ) -> None:
        for step in definition["steps"]:
            status = {"success": job.is_ok, "failure": not job.is_ok, "cancelled": False}
            if not condition(step.get("if"), context, status):
                continue
            if "run" in step:
                place = folder / definition["defaults"].get("working-directory", ".")
                self._run_step(step, context, (folder, place), job)
            elif "upload-artifact" in step["uses"]:
                self._upload(step["with"], context, folder, job)
            elif "download-artifact" in step["uses"]:
                self._download(step["with"], folder)

    def _run_step(
        self,
        step: Mapping[str, Any],
        context: dict[str, Any],
        places: tuple[Path, Path],
        job: Job,
    ) -> None:
        folder, place = places
        files = {name: folder.with_suffix(f".{name}") for name in ("output", "summary")}
        for path in files.values():
            path.write_text("")
        environment = {
            "GITHUB_REPOSITORY": _NAME,
            "GITHUB_WORKSPACE": str(folder),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            **{name: filled(str(value), context) for name, value in step.get("env", {}).items()},
        }
        code = self.workshop.run(step["run"], place, environment, job)
        job.is_ok = job.is_ok and code == 0
        self.summary += files["summary"].read_text(encoding="utf-8")
        lines = files["output"].read_text(encoding="utf-8").splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        context["steps"][step.get("id", "")] = {"outputs": outputs}

    def _upload(
        self, options: Mapping[str, Any], context: Mapping[str, Any], folder: Path, job: Job
    ) -> None:
        path = folder / filled(options["path"], context)
        if path.exists():
            text = path.read_text(encoding="utf-8")
            job.artifacts[path.name] = text
            self._artifacts[filled(options["name"], context)] = {path.name: text}
        else:
            assert options.get("if-no-files-found") == "ignore"

    def _download(self, options: Mapping[str, Any], folder: Path) -> None:
        """Each artifact has a folder of its own. Source: README of actions/download-artifact."""
        for name, contents in self._artifacts.items():
            if fnmatchcase(name, options["pattern"]):
                place = folder / options["path"] / name
                place.mkdir(parents=True)
                for file, text in contents.items():
                    (place / file).write_text(text, encoding="utf-8")


def _depth(job: Mapping[str, Any]) -> int:
    """How many commits are checked out; 1 by default, 0 for all. Source: actions/checkout."""
    found = [step.get("with", {}) for step in job["steps"] if "checkout" in step.get("uses", "")]
    return int(found[0].get("fetch-depth", 1)) if found else 1
