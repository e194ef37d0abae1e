"""The CI workflows of a project, on GitHub or GitLab: templates, filled in from its file."""

from __future__ import annotations

import json
import posixpath
import shlex
from collections.abc import Iterator, Sequence
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from string import Template as StandardTemplate
from urllib.parse import urlsplit

from kaiten_sync import __version__
from kaiten_sync.api.credentials import is_loopback
from kaiten_sync.declare.project import PROJECT_FILE
from kaiten_sync.errors import UsageError
from kaiten_sync.model.settings import TOKEN_VARIABLE, Project, Target


class Forge(StrEnum):
    """Where a repository lives."""

    GITHUB = "github"
    GITLAB = "gitlab"


VALIDATION = "kaiten-sync.yml"
"""The one workflow that needs no server, and so fits every project."""

_GITHUB_FOLDER = ".github/workflows"
_GITHUB = (VALIDATION, "kaiten-sync-plan.yml", "kaiten-sync-apply.yml", "kaiten-sync-drift.yml")
_PLACES = {
    Forge.GITHUB: {f"github/{name}": f"{_GITHUB_FOLDER}/{name}" for name in _GITHUB},
    Forge.GITLAB: {"gitlab/gitlab-ci.yml": ".gitlab-ci.yml"},
}
"""Template, and where it goes. Hidden folders are spelled out only here and in `starting`."""


class _Template(StandardTemplate):
    """`@@name` is filled in: `$` and `${{` are the shell's and GitHub's."""

    delimiter = "@@"


def workflow_paths(forge: Forge) -> tuple[str, ...]:
    """Where the workflows of a forge go, relative to the repository's root."""
    return tuple(_PLACES[forge].values())


def validation() -> dict[str, str]:
    """The workflow that only validates, by its path."""
    template = _read(f"github/{VALIDATION}")
    return {f"{_GITHUB_FOLDER}/{VALIDATION}": template.substitute(version=__version__)}


def workflows(forge: Forge, project: Project) -> dict[str, str]:
    """The workflows of a project by their paths, relative to the repository's root.

    Raises:
        UsageError: no target can be reached from CI, or a target's token is in a file.
    """
    targets = _reachable(project)
    known = {
        "version": __version__,
        "targets": json.dumps([target.name for target in targets]),
        "paths": json.dumps(list(_paths(project, targets))),
        "catalog": " ".join(f"--catalog {shlex.quote(path)}" for path in project.catalog),
        "tokens": "\n          ".join(_tokens(targets)),
    }
    return {path: _read(name).substitute(known) for name, path in _PLACES[forge].items()}


def _read(name: str) -> _Template:
    return _Template((files("kaiten_sync.jobs") / "templates" / name).read_text(encoding="utf-8"))


def _reachable(project: Project) -> list[Target]:
    """The targets that are not servers on somebody's own machine."""
    found = [t for t in project.targets.values() if not is_loopback(urlsplit(t.url).hostname or "")]
    if not found:
        raise UsageError(
            f"{PROJECT_FILE} has no target that CI could reach",
            hint="name your server under `targets:`, then run this again",
        )
    for target in found:
        if target.token_file is not None:
            raise UsageError(
                f"target {target.name} takes its token from a file, and CI has none",
                hint="use `token: {env: NAME}`: CI sets the variable from its secrets",
            )
    return sorted(found, key=lambda target: target.name)


def _paths(project: Project, targets: Sequence[Target]) -> Iterator[str]:
    """What a plan depends on in git, as globs that both forges read."""
    overlays = {overlay for target in targets for overlay in target.overlays}
    yield PROJECT_FILE
    for each in (*project.catalog, *sorted(overlays), "plans/"):
        path = posixpath.normpath(each)
        is_folder = each.endswith("/") or (Path(project.root) / path).is_dir()
        yield "**/*" if path == "." else f"{path}/**/*" if is_folder else path


def _tokens(targets: Sequence[Target]) -> Iterator[str]:
    """One variable per secret, which holds it only in the jobs of the targets that take it."""
    variables = sorted({_variable(target) for target in targets})
    for name in variables:
        takers = [target.name for target in targets if _variable(target) == name]
        secret = f"secrets.{name}"
        if len(takers) < len(targets):
            is_taker = " || ".join(f"matrix.target == '{taker}'" for taker in takers)
            secret = f"({is_taker}) && {secret} || ''"
        yield f"{name}: ${{{{ {secret} }}}}"


def _variable(target: Target) -> str:
    return target.token_env or TOKEN_VARIABLE
