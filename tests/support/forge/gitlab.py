"""GitLab CI, as far as our pipeline uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Any

import yaml
from tests.support.forge.expressions import gitlab
from tests.support.forge.jobs import Job, Repository, Workshop

_SETTINGS = {"stages", "workflow", "default", "variables"}
_DEPTH = 20
"""Commits that are fetched. Source: GitLab docs, "Limit the number of changes fetched"."""


class GitLab:
    """Runs the pipeline that an event starts.

    `secrets` are CI/CD variables per environment, as the documentation tells to set them up.
    """

    kind = "gitlab"

    def __init__(self, repository: Repository, folder: Path) -> None:
        self.repository = repository
        self.secrets: dict[str, dict[str, str]] = {}
        self.workshop = Workshop(folder)

    def pull_request(self, branch: str, *, from_fork: bool = False) -> dict[str, Job]:
        """A fork's pipeline runs in the fork, which has no variables of ours."""
        variables = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_PROJECT_ID": "2" if from_fork else "1",
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2" if from_fork else "1",
            "CI_MERGE_REQUEST_IID": "5",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": self.repository.git(
                "merge-base", "main", branch
            ).strip(),
        }
        if not from_fork:
            variables["KAITEN_SYNC_COMMENT_TOKEN"] = "comment-token"
            variables["KAITEN_SYNC_WRITE_TOKEN"] = "write-token"
            variables["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"] = branch
        return self._run(variables, {} if from_fork else self.secrets, merged=branch)

    def push(self, branch: str) -> dict[str, Job]:
        variables = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": branch}
        return self._run(variables, self.secrets, checkout=branch)

    def schedule(self) -> dict[str, Job]:
        variables = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}
        return self._run(variables, self.secrets)

    def _run(
        self,
        variables: Mapping[str, str],
        secrets: Mapping[str, Mapping[str, str]],
        *,
        checkout: str = "main",
        merged: str | None = None,
    ) -> dict[str, Job]:
        known = {
            "CI_DEFAULT_BRANCH": "main",
            "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
            "CI_PROJECT_ID": "1",
            **variables,
        }
        jobs: dict[str, Job] = {}
        for definition, each in self._jobs(known):
            if any(not job.is_ok and job.stage != definition["stage"] for job in jobs.values()):
                break  # a stage that fails ends the pipeline
            depth = int(definition.get("variables", {}).get("GIT_DEPTH", _DEPTH))
            folder = self.repository.checkout(self.workshop.place(), checkout, merged, depth=depth)
            scope = definition.get("environment", {}).get("name", "")
            environment = {**each, **secrets.get(Template(scope).substitute(each), {})}
            needs = definition.get("needs", [])
            name = f"{definition['name']} {each.get('TARGET', '')}".strip()
            job = Job(name, definition["stage"], definition["name"])
            needed = [known_job for known_job in jobs.values() if known_job.id in needs]
            assert len(needed) == len(needs), "a job is needed that is not in the pipeline"
            for file, text in (pair for each_job in needed for pair in each_job.files.items()):
                (folder / file).write_text(text, encoding="utf-8")
            script = "\n".join([*definition["before_script"], *definition["script"]])
            job.is_ok = self.workshop.run(script, folder, environment, job) == 0
            _keep(definition.get("artifacts", {}), environment, folder, job)
            jobs[job.name] = job
        return jobs

    def _jobs(self, known: Mapping[str, str]) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
        pipeline = self._pipeline(".gitlab-ci.yml")
        if not _holds(pipeline["workflow"]["rules"], known):
            return
        names = [each for each in pipeline if each not in _SETTINGS and not each.startswith(".")]
        resolved = [(name, _resolved(pipeline, name)) for name in names]
        for name, job in sorted(
            resolved, key=lambda pair: pipeline["stages"].index(pair[1]["stage"])
        ):
            if not _holds(job["rules"], known):
                continue
            for matrix in job.get("parallel", {}).get("matrix", [{"TARGET": [None]}]):
                for target in matrix["TARGET"]:
                    yield {**job, "name": name}, {**known, **({"TARGET": target} if target else {})}

    def _pipeline(self, path: str) -> dict[str, Any]:
        """A file with those that it includes. GitLab would merge jobs of one name."""
        text = (self.repository.folder / path).read_text(encoding="utf-8")
        pipeline: dict[str, Any] = yaml.safe_load(text)
        for each in pipeline.pop("include", []):
            included = self._pipeline(each["local"].removeprefix("/"))
            assert not pipeline.keys() & included.keys()
            pipeline |= included
        return pipeline


def _resolved(pipeline: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A job with what it extends; ours extend without overlap."""
    job = dict(pipeline[name])
    base = job.pop("extends", None)
    return {**_resolved(pipeline, base), **job} if base else job


def _holds(rules: list[dict[str, Any]], variables: Mapping[str, str]) -> bool:
    return any(gitlab(rule["if"], variables) for rule in rules)


def _keep(
    artifacts: Mapping[str, Any], variables: Mapping[str, str], folder: Path, job: Job
) -> None:
    reports = artifacts.get("reports", {}).values()
    for name in [*artifacts.get("paths", []), *reports]:
        path = folder / Template(name).substitute(variables)
        if path.exists():
            job.artifacts[path.name] = path.read_text(encoding="utf-8")
            job.files[Template(name).substitute(variables)] = job.artifacts[path.name]
