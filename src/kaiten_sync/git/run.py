"""Runs `git` so that it reads, and runs no program that the repository names.

A repository is not trusted more than its files: its configuration can name programs to watch the
files (`core.fsmonitor`), to convert them (`filter.*`, `diff.*.textconv`) and to fetch what is
missing (`remote.*`). None of them runs from here, and git gets an environment without secrets.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from kaiten_sync.immutable import Immutable

TIMEOUT_S = 60.0
"""For one call: the blame of a file with a long history takes seconds. Longer, and it hangs."""

SILENCE_S = 600.0
"""How long git is not asked again after a call without an answer. A pipe among the files that git
reads whole would be waited for by every call, and a drift report makes one for each file."""

MEMORY_BYTES = 2 * 1024**3
"""For one call. Files below `.git` that git reads whole can be links to a device without end."""

_KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|SUDO_UID|TMPDIR|LANG|LC_\w+|XDG_CONFIG_HOME|SYSTEMROOT"
    r"|GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|(ALTERNATE_)?OBJECT_DIRECTOR(Y|IES)"
    r"|CEILING_DIRECTORIES|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)|DISCOVERY_ACROSS_FILESYSTEM)"
)
"""Variables that git needs to find itself, its user and their settings, and the repository."""

_GIVES_SETTINGS = re.compile(r"GIT_CONFIG_(COUNT|KEY_\d+|VALUE_\d+|PARAMETERS)")
"""Variables with settings themselves, which can contain secrets."""

_OF_ONE_REPOSITORY = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)
"""Variables that name one repository, which need not be the one around the folder."""

_ALWAYS = {
    "GIT_ALLOW_PROTOCOL": "",  # fetches nothing, also not what a partial clone lacks
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # the plan before is the one that was committed
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",  # does not write the index
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "",
}

_SETTINGS = {
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.hooksPath": os.devnull,
    # A folder of files can look like a repository, with a history of its own. Since git 2.38.
    "safe.bareRepository": "explicit",
    # Nothing is left out of the history, or added, and merges are compared with the branch.
    "log.date": "default",
    "log.diffMerges": "first-parent",
    "log.follow": "false",
    "log.showRoot": "true",
    # Names are read as UTF-8, whatever the terminal of git's user takes.
    "i18n.logOutputEncoding": "UTF-8",
    # Files that git reads whole: a device without end would fill the memory.
    "core.attributesFile": "",
    "core.excludesFile": "",
    "diff.orderFile": os.devnull,
    "mailmap.blob": "",
    "mailmap.file": "",
}

_PROGRAMS = r"^filter\..*\.(clean|smudge|process|required)$"
"""Settings with a free name in the middle, which have to be asked for before they can be unset."""


_NO_ANSWER = f"git has not answered for {TIMEOUT_S:g} s"
_BLAME = "blame"
_silent_until: dict[str, float] = {}
"""By command, for the whole process. A blame takes long without anything being wrong, so that says
nothing about other commands; what stops the others stops it, too."""


class GitError(Exception):
    """git is not there, did not answer, or refused. The message is git's own, shortened."""


class Git(Immutable, frozen=True, kw_only=True):
    """git in one folder."""

    program: str
    folder: Path
    environment: Mapping[str, str]

    def __call__(self, *arguments: str) -> bytes:
        """What a command prints.

        Raises:
            GitError: see there.
        """
        command = [self.program, "-C", str(self.folder), *arguments]
        kind = _BLAME if arguments[0] == _BLAME else ""
        if time.monotonic() < max(_silent_until.get(each, 0.0) for each in ("", kind)):
            raise GitError(_NO_ANSWER)
        try:
            with subprocess.Popen(  # noqa: S603  (no shell; arguments from outside come after `--`)
                command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            ) as process:
                # Its memory is bounded, since a repository can be made so that git takes all
                # there is. The files that it maps do not count, which are as large as the history.
                if hasattr(resource, "prlimit"):  # on Linux
                    limits = (MEMORY_BYTES, MEMORY_BYTES)
                    with contextlib.suppress(OSError):  # it has ended, or its limit is lower
                        resource.prlimit(process.pid, resource.RLIMIT_DATA, limits)
                try:
                    output, complaint = process.communicate(timeout=TIMEOUT_S)
                finally:
                    process.kill()  # does nothing if it has ended
        except subprocess.TimeoutExpired as error:
            _silent_until[kind] = time.monotonic() + SILENCE_S
            raise GitError(_NO_ANSWER) from error
        except (OSError, ValueError) as error:
            raise GitError(str(error)) from error
        if process.returncode:
            raise GitError(_reason(complaint.decode(errors="replace")))
        return output


def _reason(complaint: str) -> str:
    """Why git failed: what it says from `fatal:` on, without the warnings and hints before it."""
    _, is_fatal, said = f"\n{complaint}".partition("\nfatal: ")
    return (said if is_fatal else complaint).strip()[:300]


def git_in(folder: Path, *, converts: bool = False) -> Git:
    """Git in a folder. `converts`: the command compares files with their stored form.

    Raises:
        GitError: there is no git on this machine.
    """
    program = shutil.which("git")
    if program is None or not Path(program).is_absolute():  # a relative PATH leads to the files
        raise GitError("there is no `git` program on this machine")
    given = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    trusted = [("safe.directory", each) for each in _named_safe(given, program, folder)]
    kept = _of_folder(_with_settings(given, trusted), program, folder)
    plain = Git(program=program, folder=folder, environment=_with_settings(kept, _SETTINGS.items()))
    if not converts:
        return plain
    try:
        names = plain("config", "--null", "--name-only", "--get-regexp", _PROGRAMS)
    except GitError:  # there are none
        return plain
    unset = {name: "" for name in names.decode(errors="surrogateescape").split("\0") if name}
    required = {name: "false" for name in unset if name.endswith(".required")}
    environment = _with_settings(kept, {**_SETTINGS, **unset, **required}.items())
    return Git(program=program, folder=folder, environment=environment)


def top_of(git: Git) -> Path:
    """The folder from which the settings of a repository name files.

    Raises:
        GitError: there is no repository here.
    """
    return Path(git("rev-parse", "--show-toplevel").decode(errors="surrogateescape").rstrip("\n"))


def _of_folder(kept: dict[str, str], program: str, folder: Path) -> dict[str, str]:
    """The variables with which git finds the repository around a folder.

    git names its own repository to hooks and aliases in linked worktrees, and takes the current
    folder as the top of its files: commands that run in another folder would find none of them.
    Source: git(1), `GIT_DIR`.
    """
    if not kept.get("GIT_DIR"):
        return kept
    named = Path(kept["GIT_DIR"]).absolute()
    if kept.get("GIT_WORK_TREE"):
        work_tree = Path(kept["GIT_WORK_TREE"]).absolute()
        return kept | {"GIT_DIR": str(named), "GIT_WORK_TREE": str(work_tree)}
    around = {name: value for name, value in kept.items() if name not in _OF_ONE_REPOSITORY}
    git = Git(program=program, folder=folder, environment=_with_settings(around, _SETTINGS.items()))
    try:
        found = git("rev-parse", "--absolute-git-dir").decode(errors="surrogateescape")
    except GitError:  # only the variable leads to it
        return kept | {"GIT_DIR": str(named), "GIT_WORK_TREE": str(Path.cwd())}
    if Path(found.rstrip("\n")).resolve() != named.resolve():
        return around
    return {name: value for name, value in kept.items() if name != "GIT_DIR"}


def _named_safe(given: Mapping[str, str], program: str, folder: Path) -> list[str]:
    """The folders that the environment names as safe, as images do whose user has no settings.

    Nothing else of its settings is kept. Source: git-config(1), `safe.directory`.
    """
    settings = {
        name: value for name, value in os.environ.items() if _GIVES_SETTINGS.fullmatch(name)
    }
    if not settings:
        return []
    git = Git(program=program, folder=folder, environment={**given, **settings, **_ALWAYS})
    try:
        found = git("config", "--null", "--show-scope", "--get-all", "safe.directory")
    except GitError:  # it names none, or git is older than 2.26
        return []
    words = found.decode(errors="surrogateescape").split("\0")
    # A repository cannot name itself.
    return [
        word for scope, word in zip(words[::2], words[1::2], strict=False) if scope == "command"
    ]


def _with_settings(kept: Mapping[str, str], settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """An environment with settings that win over every file. Source: git-config(1)."""
    first = int(kept.get("GIT_CONFIG_COUNT", "0"))
    found = {**kept, **_ALWAYS}
    for position, (name, value) in enumerate(settings, first):
        found[f"GIT_CONFIG_KEY_{position}"] = name
        found[f"GIT_CONFIG_VALUE_{position}"] = value
        found["GIT_CONFIG_COUNT"] = str(position + 1)
    return found
