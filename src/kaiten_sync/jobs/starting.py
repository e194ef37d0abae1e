"""Start: the files of a new project, and the workflows that an existing one gets."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from kaiten_sync.declare import PROJECT_FILE, parse_yaml, submodules
from kaiten_sync.errors import UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.editors import (
    OF_PROJECTS,
    beside_project,
    bytes_of,
    new_attributes,
    schema_files,
    with_breaks_of,
)
from kaiten_sync.jobs.installing import LOCK, InstallSource, installed_from, is_lock
from kaiten_sync.jobs.repository import folder_in_repository, repository_root
from kaiten_sync.jobs.workflows import (
    PIPELINE,
    Forge,
    WorkflowRequest,
    validation,
    workflow_paths,
    workflows,
)
from kaiten_sync.jobs.workspace import load_project
from kaiten_sync.model.ports import Files, History
from kaiten_sync.model.settings import Project
from kaiten_sync.report.words import as_operand

_FILES = {
    "kaiten-sync.yaml": PROJECT_FILE,
    "catalog/entitlements.yaml": "catalog/entitlements.yaml",
    "catalog/licenses.yaml": "catalog/licenses.yaml",
}
"""Template, and where it goes."""

_EDITED = ("catalog/", "overlays/")
"""Where the files of a new project are."""

_REMOTE_TARGET = re.compile(r"^  # ", re.MULTILINE)
"""The target that CI works on is in the template, as a comment until there is CI for it."""

_INSTALL_FROM = """
# Where CI installs kaiten-sync from; kaiten-sync.lock has the hash of every file.
installFrom: {}
"""

_NOT_INSTALLED = (
    "CI cannot install kaiten-sync yet: name its wheel with"
    " `kaiten-sync init {} --install-from URL#sha256=HASH`, or a folder of wheels"
)


_NOT_FREE = (
    "choose an empty folder, or remove the file; in a project, `init --ci github` or `init --ci"
    " gitlab` writes only the workflows"
)
_OTHERS_PIPELINE = (
    "if it is this project's, remove it; if not, `--pipeline kaiten-sync.gitlab-ci.yml` writes the"
    " pipeline to that file, to be included in it, and a second project of the repository takes a"
    " name: `--name {name}`"
)
_OTHERS_WORKFLOW = (
    "if it is this project's, remove it; if another project of this repository has it, add"
    " `--name {name}`, which begins the names of this project's workflows, jobs and environments"
)
_WORKFLOWS = [Path(each).name for each in workflow_paths(Forge.GITHUB)]
_INCLUDE = (
    "GitLab reads {pipeline} alone: add `include: [{{local: {name}}}]` to it, and validate, plan,"
    " apply and drift to its `stages` (after build, test and deploy if it has none)"
)
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""The name of a project among others: it begins the ids of jobs, and is in paths and URLs."""
_IGNORED = (
    ".gitignore leaves out {paths}: neither commits nor CI jobs would have these files; change"
    " .gitignore"
)
_PERSONAL = ".vscode"
"""The folder of settings that a team may share or not."""

_CHECKED = (
    "{path} is there already and stays as it is: validate this project in it, too, or give the"
    " project workflows of its own, with --ci and `--name {name}`"
)


class StartRequest(Immutable, frozen=True, kw_only=True):
    """What to start.

    `root` is the project's folder: the root of a git repository, or a folder inside one. `forge`
    is the one whose workflows plan and apply; None for the workflow that only validates.
    `name` tells the workflows from those of another project of the repository; empty if there is no
    other. `pipeline` is the file for GitLab's pipeline if the repository has another one already.
    `install_from` is where CI installs the program from; None for the project file's place, or
    else the one from which this program was installed.
    """

    root: Path
    forge: Forge | None = None
    name: str = ""
    writes_plans: bool = False
    install_from: str | None = None
    pipeline: Path | None = None


class NewFiles(Immutable, frozen=True, kw_only=True):
    """The files that were written, what could not be, and whether the project is new.

    `folder` is that of the project in its repository, empty at its root.
    """

    paths: tuple[Path, ...]
    is_new: bool
    folder: str = ""
    notices: tuple[str, ...] = ()


class _ProjectPlace(Immutable, frozen=True, kw_only=True):
    """A project's folder, and the repository's, in which forges look for workflows."""

    root: Path
    top: Path
    folder: str

    @property
    def likely_name(self) -> str:
        """What would tell this project's workflows from another's: the name of its folder."""
        words = re.findall(r"[a-z0-9]+", Path(self.folder).name.lower())
        name = "-".join(words)
        return name if _NAME.fullmatch(name) else "licensing"


def start(request: StartRequest, disk: Files, history: History) -> NewFiles:
    """Write all files of a new project below a folder; in a project, its forge's workflows.

    With a forge, its workflows are among them, and a target that they work on is in the project
    file; else the workflow that only validates. Workflows go to the root of the repository.

    Raises:
        UsageError: one of them is there already, in a project with other content, or there is no
            target for the workflows, or its name is not one, or its pipeline would be outside the
            repository. Nothing was written.
            DeclarationError: the project file is wrong.
    """
    if request.name and not _NAME.fullmatch(request.name):
        raise UsageError(
            f"not a name of a project: {request.name!r}",
            hint="use lowercase letters, digits and `-`, with a letter first, such as `billing`",
        )
    top = repository_root(request.root, disk)
    if request.pipeline is not None and os.pardir in _in_repository(request.pipeline, top).parts:
        raise UsageError(
            f"{request.pipeline} is outside the repository {top}, so GitLab could not include it",
            hint="name a file inside, such as --pipeline kaiten-sync.gitlab-ci.yml",
        )
    shown = top if request.root.is_absolute() else Path(os.path.relpath(top))
    place = _ProjectPlace(
        root=request.root, top=shown, folder=folder_in_repository(request.root, disk)
    )
    if request.forge is not None and disk.is_file(request.root / PROJECT_FILE):
        written = _add_workflows(place, request, request.forge, disk)
    else:
        written = _write_project(place, request, disk)
    plans = (request.root / "plans" / f"{t}.plan.json" for t in _project(request.root).targets)
    shared = [*written.paths, *plans]
    left_out = history.ignored([p for p in shared if p.parent.name != _PERSONAL], request.root)
    if not left_out:
        return written
    notice = _IGNORED.format(paths=", ".join(path.as_posix() for path in left_out))
    return written.changed(notices=(*written.notices, notice))


def _workflows(
    project: Project, forge: Forge, request: StartRequest, place: _ProjectPlace, disk: Files
) -> tuple[dict[Path, str], tuple[str, ...]]:
    """The workflows by their paths, and what a person has to do so that they run."""
    # GitLab reads one pipeline of a repository. If this is not the only one, it is included.
    pipeline = request.pipeline if forge is Forge.GITLAB else None
    if forge is Forge.GITLAB and pipeline is None and request.name:
        pipeline = place.top / workflow_paths(Forge.GITLAB, request.name)[0]
    asked = WorkflowRequest(
        forge=forge,
        folder=place.folder,
        name=request.name,
        is_included=pipeline is not None,
        writes_plans=request.writes_plans,
        submodules=submodules(place.top),
    )
    contents = _at(place.top, workflows(project, asked))
    if pipeline is None:
        return contents, ()
    ((_, text),) = contents.items()
    top = repository_root(request.root, disk)
    name = json.dumps("/" + _in_repository(pipeline, top).as_posix())
    return {pipeline: text}, (_INCLUDE.format(pipeline=PIPELINE, name=name),)


def _in_repository(path: Path, top: Path) -> Path:
    return Path(os.path.relpath(path, top))


def _write_project(place: _ProjectPlace, request: StartRequest, disk: Files) -> NewFiles:
    root, forge = place.root, request.forge
    templates = files("kaiten_sync.jobs") / "templates"
    contents = _at(
        root,
        {
            path: (templates / template).read_text(encoding="utf-8")
            for template, path in _FILES.items()
        },
    )
    checks = {}
    if forge is None:
        checks = _at(place.top, validation(place.folder, request.name))
    # Another project of the repository may have these checks already: they are left as they are.
    there = [path for path in checks if disk.is_file(path)]
    checks = {path: text for path, text in checks.items() if path not in there}
    told = tuple(_CHECKED.format(path=path, name=place.likely_name) for path in there)
    later = () if forge is None else workflow_paths(forge, request.name)
    ci = [place.top / path for path in later] if request.pipeline is None else [request.pipeline]
    _check_free([*contents, *_at(root, schema_files(OF_PROJECTS)), *checks, *ci], place, disk)
    beside, notice = beside_project(root, _EDITED, disk)
    # Nothing is written before all is known to be free: a project is there whole or not at all.
    contents |= beside | checks
    source = installed_from() if request.install_from is None else request.install_from
    contents |= _lock(source, place, disk)
    project = root / PROJECT_FILE
    contents[project] = _naming(source, contents[project])
    if forge is not None:
        contents[project] = _REMOTE_TARGET.sub("  ", contents[project])
    paths = _write(contents, disk)
    if forge is not None:
        added, told = _workflows(_project(root), forge, request, place, disk)
        paths += _write(added, disk)
    notices = [*told] if notice is None else [*told, notice]
    if forge is not None and source is None:
        notices.append(_not_installed(request, forge))
    return NewFiles(paths=paths, is_new=True, folder=place.folder, notices=tuple(notices))


def _add_workflows(
    place: _ProjectPlace, request: StartRequest, forge: Forge, disk: Files
) -> NewFiles:
    project, path = _project(place.root), place.root / PROJECT_FILE
    named = project.install_from
    if named is not None and request.install_from not in (None, named):
        raise UsageError(
            f"{path} says `installFrom: {named}`",
            hint="change it there, then run this again without --install-from",
        )
    source = request.install_from if named is None else named
    source = installed_from() if source is None else source
    contents, told = _workflows(project, forge, request, place, disk)
    new = {
        path: text
        for path, text in contents.items()
        if not disk.is_file(path) or disk.read(path) != text.encode()
    }
    _check_free(new, place, disk)
    new |= _at(place.root, new_attributes(place.root, disk)) | _lock(source, place, disk)
    if named is None and source is not None:
        new[path] = _naming(source, disk.read(path).decode())
    notices = told if source is not None else (*told, _not_installed(request, forge))
    return NewFiles(paths=_write(new, disk), is_new=False, folder=place.folder, notices=notices)


def _lock(source: str | None, place: _ProjectPlace, disk: Files) -> dict[Path, str]:
    """The lock file of what CI installs, unless it is there as it has to be."""
    if source is None:
        return {}
    path, text = place.root / LOCK, InstallSource(text=source, root=place.root).lock(disk)
    if disk.exists(path):
        old = disk.read(path)
        if old == text.encode():
            return {}
        if not is_lock(old):
            _check_free([path], place, disk)
    return {path: text}


def _not_installed(request: StartRequest, forge: Forge) -> str:
    here = request.root == Path()
    words = [] if here else [as_operand(request.root.as_posix())]
    words += ["--ci", str(forge)]
    words += ["--name", request.name] if request.name else []
    words += ["--write-plans"] if request.writes_plans else []
    # An option of its own: its value is a path, and may begin with a dash.
    words += [f"--pipeline={request.pipeline}"] if request.pipeline is not None else []
    return _NOT_INSTALLED.format(shlex.join(words))


def _naming(source: str | None, project: str) -> str:
    """A project file that names where CI installs the program from."""
    if source is None:
        return project
    new = project.rstrip("\r\n") + "\n" + _INSTALL_FROM.format(json.dumps(source))
    new = with_breaks_of(project, new)
    document, wrong = parse_yaml(PROJECT_FILE, new, ())
    added = document.root.entries.get("installFrom")
    if wrong or added is None or added.node.value != source:
        raise UsageError(
            f"{PROJECT_FILE} could not be extended",
            hint=f"add `installFrom: {json.dumps(source)}` to it, then run this again",
        )
    return new


def _project(root: Path) -> Project:
    return load_project(root / PROJECT_FILE)


def _check_free(paths: Iterable[Path], place: _ProjectPlace, disk: Files) -> None:
    for path in paths:
        if disk.exists(path):
            hints = {PIPELINE: _OTHERS_PIPELINE, **dict.fromkeys(_WORKFLOWS, _OTHERS_WORKFLOW)}
            hint = hints.get(path.name, _NOT_FREE)
            raise UsageError(
                f"{path} is there already, and init never overwrites",
                hint=hint.format(name=place.likely_name),
            )


def _at(folder: Path, contents: Mapping[str, str]) -> dict[Path, str]:
    return {folder / path: text for path, text in contents.items()}


def _write(contents: Mapping[Path, str], disk: Files) -> tuple[Path, ...]:
    disk.write_all({path: bytes_of(text) for path, text in contents.items()})
    return tuple(contents)
