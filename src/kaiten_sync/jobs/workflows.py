"""The CI workflows of a project, on GitHub or GitLab: templates, filled in from its file."""

from __future__ import annotations

import json
import posixpath
import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template as StandardTemplate
from urllib.parse import urlsplit

from kaiten_sync.api.credentials import is_loopback
from kaiten_sync.declare import PROJECT_FILE
from kaiten_sync.errors import UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.apply_jobs import Forge, apply_jobs, gate_note, is_ordered
from kaiten_sync.model.settings import TOKEN_VARIABLE, Project, Target
from kaiten_sync.report.words import as_operand

__all__ = ["PIPELINE", "Forge", "WorkflowRequest", "validation", "workflow_paths", "workflows"]

VALIDATION = "kaiten-sync.yml"
"""The one workflow that needs no server, and so fits every project."""

PIPELINE = ".gitlab-ci.yml"
"""The one file that GitLab reads."""

_GITHUB_FOLDER = ".github/workflows"
_GITHUB = (VALIDATION, "kaiten-sync-plan.yml", "kaiten-sync-apply.yml", "kaiten-sync-drift.yml")
_TEMPLATES = {
    Forge.GITHUB: tuple(f"github/{name}" for name in _GITHUB),
    Forge.GITLAB: ("gitlab/gitlab-ci.yml",),
}

_ARTIFACT = {
    Forge.GITHUB: "The plan to commit is the artifact \\`plan-$TARGET\\` of this run: its file"
    " goes to \\`plans/$TARGET.plan.json\\`.",
    Forge.GITLAB: "The plan to commit is the artifact \\`$TARGET.plan.json\\` of this job: it"
    " goes to \\`plans/$TARGET.plan.json\\`.",
}
"""Where the plan made now is, as a shell's double-quoted string."""

_SCRIPT_INDENT = {Forge.GITHUB: 10, Forge.GITLAB: 6}
"""Spaces before each line of a job's script."""

_COMMITTED = "This job commits the plan below to the branch."
_WRITES = {
    Forge.GITHUB: "# If the committed plan is another, the job commits the right one to the branch:"
    " that takes\n# `contents: write`, and KAITEN_SYNC_WRITE_TOKEN for the checks of that commit.",
    Forge.GITLAB: "\n# If the committed plan is another, the job commits the right one to the"
    " branch with\n# KAITEN_SYNC_WRITE_TOKEN: a project access token (scope api, role Developer).",
}


class WorkflowRequest(Immutable, frozen=True, kw_only=True):
    """What workflows are for.

    `folder` is that of the project in its repository, empty at its root. `name` tells its workflows
    from those of another project there; empty if there is no other. `is_included`: GitLab's
    pipeline is a part of another one, whose jobs may have any name. `writes_plans`: the job that
    plans commits the plan to the branch of the pull request if another one is there. `submodules`
    are all of the repository, from its root.
    """

    forge: Forge
    folder: str = ""
    name: str = ""
    is_included: bool = False
    writes_plans: bool = False
    submodules: tuple[str, ...] = ()


class _Template(StandardTemplate):
    """`@@name` is filled in: `$` and `${{` are the shell's and GitHub's."""

    delimiter = "@@"


def workflow_paths(forge: Forge, name: str = "") -> tuple[str, ...]:
    """Where the workflows of a forge go, relative to the repository's root."""
    return tuple(_place(each, name) for each in _TEMPLATES[forge])


def validation(folder: str = "", name: str = "") -> dict[str, str]:
    """The workflow that only validates, by its path."""
    request = WorkflowRequest(forge=Forge.GITHUB, folder=folder, name=name)
    known = {
        **_of_folder(Forge.GITHUB, folder),
        **_of_name(request),
        **_of_submodules(Forge.GITHUB, is_needed=False),
    }
    template = f"github/{VALIDATION}"
    return {_place(template, name): _read(template).substitute(known)}


def workflows(project: Project, request: WorkflowRequest) -> dict[str, str]:
    """The workflows of a project by their paths, relative to the repository's root.

    Raises:
        UsageError: no target can be reached from CI, or a target's token is in a file.
    """
    forge, targets = request.forge, _reachable(project)
    overlays = sorted({overlay for target in targets for overlay in target.overlays})
    paths = list(_paths(project, [*project.catalog, *overlays, "plans/"], request))
    known = {
        **_of_folder(forge, request.folder),
        **_of_name(request),
        **_of_writing(request),
        "targets": json.dumps([target.name for target in targets]),
        **_of_submodules(forge, is_needed=bool({*paths}.intersection(request.submodules))),
        "paths": json.dumps(paths),
        **_made_from(project, targets, request),
        "catalog": " ".join(f"--catalog {shlex.quote(path)}" for path in project.catalog),
        "tokens": "\n          ".join(_tokens(targets)),
        "gate": gate_note(forge) if is_ordered(targets) else "",
    }
    # Which environment a job has can depend on another job on GitHub, not on GitLab.
    asks = forge is Forge.GITHUB and bool(project.policy.automatic)
    known |= _of_effects(targets, known) if asks else {"approval": "", "effects": ""}
    job = _read(f"{forge}/apply-job.yml")
    jobs = (job.substitute({**known, **e}) for e in apply_jobs(forge, targets, known, asks=asks))
    known["jobs"] = "\n".join(jobs)
    return {_place(t, request.name): _read(t).substitute(known) for t in _TEMPLATES[forge]}


def _of_effects(targets: Sequence[Target], known: Mapping[str, str]) -> dict[str, str]:
    """The job that finds which plans need no review, and what to set up for it."""
    names = " ".join(shlex.quote(target.name) for target in targets)
    return {
        "approval": _read("github/approval-job.yml").substitute({**known, "names": names}),
        "effects": "\n# A plan that needs no review by `policy.automatic` is applied in the"
        f" environment\n# {known['own']}TARGET-automatic, which has the token and no reviewers.",
    }


def _place(template: str, name: str) -> str:
    """Where a template goes. Hidden folders are spelled out only here and in `starting`."""
    if not template.startswith("github/"):
        return f"{name}{PIPELINE}"
    return f"{_GITHUB_FOLDER}/{_prefix(name)}{posixpath.basename(template)}"


def _of_name(request: WorkflowRequest) -> dict[str, str]:
    """The prefixes of jobs and of environments, and what only a pipeline of its own may set."""
    own = _prefix(request.name)
    is_whole = not request.is_included
    return {
        "own": own,
        "job": own or _prefix("" if is_whole else "kaiten-sync"),
        "whole": _read("gitlab/whole.yml").template if is_whole else "",
    }


def _prefix(name: str) -> str:
    return f"{name}-" if name else ""


def _of_folder(forge: Forge, folder: str) -> dict[str, str]:
    """What a project that is not at the root of its repository needs."""
    if not folder:
        workdir = ""
    elif forge is Forge.GITHUB:
        workdir = f"\n    working-directory: {json.dumps(folder)}"
    else:
        workdir = f"\n    - {json.dumps(f'cd {shlex.quote(as_operand(folder))}')}"
    return {
        "workdir": workdir,
        "prefix": json.dumps(f"{folder}/")[1:-1] if folder else "",
    }


def _of_writing(request: WorkflowRequest) -> dict[str, str]:
    """What a job needs that commits plans."""
    if not request.writes_plans:
        fresh = _ARTIFACT[request.forge]
        return {"contents": "read", "fresh": fresh, "commit_plan": "", "writes": ""}
    step = _read(f"{request.forge}/commit-plan.yml").substitute(
        _of_folder(request.forge, request.folder)
    )
    is_github = request.forge is Forge.GITHUB
    return {
        "contents": "write",
        "fresh": _COMMITTED,
        "commit_plan": f"\n{step.rstrip()}" if is_github else step,
        "writes": f"\n{_WRITES[request.forge]}" if is_github else _WRITES[request.forge],
    }


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


def _paths(project: Project, named: Sequence[str], request: WorkflowRequest) -> Iterator[str]:
    """The project file and what is named in it, as globs from the repository's root.

    Both forges read them, and git. A submodule is one entry in git, whatever changes in it.
    """
    yield posixpath.join(request.folder, PROJECT_FILE)
    used: dict[str, None] = {}
    for each in named:
        path = posixpath.normpath(posixpath.join(request.folder, each))
        around = [s for s in request.submodules if f"{path}/".startswith(f"{s}/")]
        used |= dict.fromkeys(around or (s for s in request.submodules if s.startswith(f"{path}/")))
        is_folder = each.endswith("/") or (Path(project.root) / each).is_dir()
        if not around:
            yield "**/*" if path == "." else f"{path}/**/*" if is_folder else path
    yield from used


def _made_from(
    project: Project, targets: Sequence[Target], request: WorkflowRequest
) -> dict[str, str]:
    """What the plan of one target is made from, for git in a shell.

    Another target's overlays are no part of it: a plan that is applied fails the check, and would
    stop a change that does not concern it.
    """
    shared = list(_paths(project, project.catalog, request))
    cases = []
    for target in targets:
        own = [p for p in _paths(project, target.overlays, request) if p not in shared]
        if own:
            cases.append(f"\n  {shlex.quote(target.name)}) made_from+=({_pathspecs(own)}) ;;")
    overlays = "".join(("\ncase $TARGET in", *cases, "\nesac")) if cases else ""
    return {
        "made_from": f'{_pathspecs(shared)} ":(literal)plans/$TARGET.plan.json"',
        "overlays": overlays.replace("\n", f"\n{' ' * _SCRIPT_INDENT[request.forge]}"),
    }


def _pathspecs(paths: Sequence[str]) -> str:
    """Source: gitglossary(7), "pathspec"."""
    return " ".join(shlex.quote(f":(top,glob){path}") for path in paths)


def _of_submodules(forge: Forge, *, is_needed: bool) -> dict[str, str]:
    """What checks out the submodules that the catalog is in."""
    lines = {"submodule": "", "submodules": "", "strategy": ""}
    if not is_needed:
        return lines
    if forge is Forge.GITLAB:
        return {**lines, "strategy": "\n  variables: {GIT_SUBMODULE_STRATEGY: recursive}"}
    line = "submodules: true"
    return {**lines, "submodule": f", {line}", "submodules": f"\n          {line}"}


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
