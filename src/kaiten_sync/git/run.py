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
from collections.abc import Mapping, Sequence
from pathlib import Path

from kaiten_sync.immutable import Immutable

TIMEOUT_S = 60.0
"""For one call: the blame of a file with a long history takes seconds. Longer, and it hangs."""

MEMORY_BYTES = 2 * 1024**3
"""For one call. Files below `.git` that git reads whole can be links to a device without end."""

_KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|TMPDIR|LANG|LC_\w+|XDG_CONFIG_HOME|SYSTEMROOT"
    r"|GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|CEILING_DIRECTORIES"
    r"|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)|DISCOVERY_ACROSS_FILESYSTEM)"
)
"""Variables that git needs to find itself, its user's settings and the repository."""

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
    # Nothing is left out of the history, and merges are compared with the branch.
    "log.date": "default",
    "log.diffMerges": "first-parent",
    "log.showRoot": "true",
    # Files that git reads whole: a device without end would fill the memory.
    "core.attributesFile": "",
    "core.excludesFile": "",
    "diff.orderFile": os.devnull,
    "mailmap.blob": "",
    "mailmap.file": "",
}

_PROGRAMS = r"^filter\..*\.(clean|smudge|process|required)$"
"""Settings with a free name in the middle, which have to be asked for before they can be unset."""


_IGNORED_COMMITS = "blame.ignoreRevsFile"
"""Files that `blame` reads whole. git appends to this setting, so nothing here can replace it."""


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
            raise GitError("git did not answer") from error
        except (OSError, ValueError) as error:
            raise GitError(str(error)) from error
        if process.returncode:
            said = complaint.decode(errors="replace").strip().removeprefix("fatal: ")
            raise GitError(said[:300])
        return output


def git_in(folder: Path, *, converts: bool = False) -> Git:
    """Git in a folder. `converts`: the command compares files with their stored form.

    Raises:
        GitError: there is no git on this machine.
    """
    program = shutil.which("git")
    if program is None or not Path(program).is_absolute():  # a relative PATH leads to the files
        raise GitError("there is no `git` program on this machine")
    kept = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    plain = Git(program=program, folder=folder, environment=_with_settings(kept, _SETTINGS))
    if not converts:
        return plain
    _check_ignored_commits(plain)
    try:
        names = plain("config", "--null", "--name-only", "--get-regexp", _PROGRAMS)
    except GitError:  # there are none
        return plain
    unset = {name: "" for name in names.decode(errors="surrogateescape").split("\0") if name}
    required = {name: "false" for name in unset if name.endswith(".required")}
    environment = _with_settings(kept, {**_SETTINGS, **unset, **required})
    return Git(program=program, folder=folder, environment=environment)


def _check_ignored_commits(git: Git) -> None:
    """Make sure that `blame` reads no device without end, and waits for no pipe."""
    try:
        named = git("config", "--null", "--type=path", "--get-all", _IGNORED_COMMITS)
    except GitError:  # there are none
        return
    top = Path(git("rev-parse", "--show-toplevel").decode(errors="surrogateescape").rstrip("\n"))
    for name in named.decode(errors="surrogateescape").split("\0"):
        if name and not (top / name).is_file():
            raise GitError(f"{_IGNORED_COMMITS} is not a regular file")


def _with_settings(kept: Mapping[str, str], settings: Mapping[str, str]) -> Mapping[str, str]:
    """An environment with settings that win over every file. Source: git-config(1)."""
    pairs: Sequence[tuple[str, str]] = sorted(settings.items())
    found = {**kept, **_ALWAYS, "GIT_CONFIG_COUNT": str(len(pairs))}
    for position, (name, value) in enumerate(pairs):
        found[f"GIT_CONFIG_KEY_{position}"] = name
        found[f"GIT_CONFIG_VALUE_{position}"] = value
    return found
