"""Who wrote a line, as `git blame` knows it: through renamed files and moved blocks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from kaiten_sync.model.attribution import Attribution

_TIMEOUT_S = 60.0
_COMMAND = (
    "blame",
    "--porcelain",
    "-w",  # an indentation that changed is not another author
    "-M",
    "-C",  # lines that moved, within the file and from others
    "--",
)


def blame_lines(path: Path, lines: Collection[int]) -> Mapping[int, Attribution]:
    """Who wrote some lines of a file, counted from 1. Empty where git does not know the file.

    The whole file is asked for: git recognises what moved by the blocks that moved together.
    """
    program = shutil.which("git")
    if program is None or not lines:
        return {}
    command = [program, "-C", str(path.parent), *_COMMAND, path.name]
    try:
        done = subprocess.run(  # noqa: S603  (no shell; the file stands after `--`)
            command, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    if done.returncode:
        return {}
    wanted = set(lines)
    told = _read(done.stdout.decode(errors="replace").splitlines())
    return {number: who for number, who in told if number in wanted}


def _read(output: list[str]) -> Iterator[tuple[int, Attribution]]:
    """Line numbers and their commits. Source: git-blame(1), THE PORCELAIN FORMAT."""
    commits: dict[str, dict[str, str]] = {}
    commit, number = "", 0
    for line in output:
        if line.startswith("\t"):
            yield number, _attribution(commit, commits[commit])
            continue
        key, _, rest = line.partition(" ")
        if len(key) in (40, 64) and rest[:1].isdigit():
            commit, number = key, int(rest.split(" ")[1])
            commits.setdefault(commit, {})
        else:
            commits[commit].setdefault(key, rest)


def _attribution(commit: str, said: Mapping[str, str]) -> Attribution:
    if not commit.strip("0"):
        return Attribution()
    return Attribution(commit=commit, author=said.get("author"), date=_date(said))


def _date(said: Mapping[str, str]) -> str | None:
    try:
        seconds, zone = int(said["author-time"]), int(said["author-tz"])
        hours, minutes = divmod(abs(zone), 100)
        offset = timedelta(hours=hours, minutes=minutes) * (1 if zone >= 0 else -1)
        return datetime.fromtimestamp(seconds, UTC).astimezone(timezone(offset)).isoformat()
    except (KeyError, ValueError, OverflowError, OSError):
        return None
