"""Who wrote a line, as `git blame` knows it: through renamed files and moved blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from kaiten_sync.git.run import Git, GitError, git_in, top_of
from kaiten_sync.model.attribution import Attribution

_COMMAND = (
    "blame",
    "--porcelain",
    "--no-textconv",
    "-w",  # an indentation that changed is not another author
    "-M",
    "-C",  # lines that moved, within the file and from others
)

_IGNORED_COMMITS = "blame.ignoreRevsFile"
"""Files that `blame` reads whole, and without which it says nothing: see git-blame(1)."""

_MOST_SHALLOW = 16 * 1024 * 1024
"""Characters of the list of commits at which a clone ends: 400,000 of them. Mostly it is one."""

_OPTIONAL = ":(optional)"
"""Before a path in git's settings: the file may be missing. Source: git-config(1), `pathname`."""


def blame_lines(path: Path, lines: Collection[int]) -> Mapping[int, Attribution]:
    """Who wrote some lines of a file, counted from 1. Empty if git does not know the file.

    git is asked about the whole file: it recognizes moved lines by the blocks that moved together.
    """
    if not lines:
        return {}
    try:
        git = git_in(path.parent, converts=True)
        output = _blame(git, path.name).decode(errors="replace")
        cut_off = _cut_off(git)
    except GitError:
        return {}
    wanted = set(lines)
    told = {number: who for number, who in _read(output.split("\n")) if number in wanted}
    return {
        number: Attribution(is_cut_off=True) if who.commit in cut_off else who
        for number, who in told.items()
    }


def _blame(git: Git, name: str) -> bytes:
    """What `blame` prints, without the commits that the settings leave out, as far as they can be.

    A file of such commits that is not there ends every `blame`, and people name one for all their
    repositories. One that is no list of commits does the same.
    """
    named = _files_of_ignored_commits(git)
    if not named:
        return git(*_COMMAND, "--", name)
    files = [file for file in named if file.is_file()]  # no device without end, and no pipe
    try:
        lists = [f"--ignore-revs-file={file}" for file in files]
        return git(*_COMMAND, "--no-ignore-revs-file", *lists, "--", name)
    except GitError:
        return git(*_COMMAND, "--no-ignore-revs-file", "--", name)


def _files_of_ignored_commits(git: Git) -> list[Path]:
    try:
        named = git("config", "--null", "--type=path", "--get-all", _IGNORED_COMMITS)
    except GitError:  # there are none
        return []
    names = named.decode(errors="surrogateescape").split("\0")[:-1]
    return [top_of(git) / name.removeprefix(_OPTIONAL) for name in names]


def _cut_off(git: Git) -> frozenset[str]:
    """The commits at which a shallow clone ends: git ascribes all that is older to them."""
    path = git("rev-parse", "--git-path", "shallow").decode(errors="surrogateescape").strip()
    try:
        with (git.folder / path).open(encoding="ascii") as file:
            return frozenset(file.read(_MOST_SHALLOW).split())
    except (OSError, ValueError):
        return frozenset()


def _read(output: list[str]) -> Iterator[tuple[int, Attribution]]:
    """Line numbers and their commits. Source: git-blame(1), THE PORCELAIN FORMAT."""
    commits: dict[str, dict[str, str]] = {}
    commit, number = "", 0
    for line in filter(None, output):
        if line.startswith("\t"):
            said = commits[commit]
            is_committed = bool(commit.strip("0"))
            yield (
                number,
                Attribution(commit=commit, author=said.get("author"), date=_date(said))
                if is_committed
                else Attribution(),
            )
            continue
        key, _, rest = line.partition(" ")
        if len(key) in (40, 64) and rest[:1].isdigit():
            commit, number = key, int(rest.split(" ")[1])
            commits.setdefault(commit, {})
        else:
            commits[commit].setdefault(key, rest)


def _date(said: Mapping[str, str]) -> str | None:
    try:
        seconds, zone = int(said["author-time"]), int(said["author-tz"])
        hours, minutes = divmod(abs(zone), 100)
        offset = timedelta(hours=hours, minutes=minutes) * (1 if zone >= 0 else -1)
        return datetime.fromtimestamp(seconds, UTC).astimezone(timezone(offset)).isoformat()
    except (KeyError, ValueError, OverflowError, OSError):
        return None
