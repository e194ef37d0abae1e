"""Where CI installs the program from: a place that the project file names, with all hashes.

Nothing is installed by its name alone: whoever registers a name would run beside the tokens.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kaiten_sync import __version__
from kaiten_sync.api.credentials import is_loopback, without_credential
from kaiten_sync.documents.project import INSTALL_SOURCE
from kaiten_sync.errors import UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.ports import Files

LOCK = "kaiten-sync.lock"
"""The lock file, beside the project file: what workflows install, each file with its hash."""

_PROGRAM = "kaiten-sync"
_MARK = "# Written by `kaiten-sync init`"
_HEAD = f"""\
{_MARK} from `installFrom` in kaiten-sync.yaml. For another version, change
# `installFrom` and run that version's `kaiten-sync init --ci ...` again.
--only-binary :all:
"""
_HINT = (
    "name a wheel with its hash (https://.../kaiten_sync-"
    f"{__version__}-py3-none-any.whl#sha256=...; SHA256SUMS of a release has it), or a folder of"
    " the project, by its relative path without spaces, that contains the wheel and those that it"
    " needs"
)
_WHEEL = re.compile(r"(?P<name>[A-Za-z0-9._]+)-(?P<version>[^-]+)(-\d[^-]*)?(-[^-]+){3}\.whl")


class InstallSource(Immutable, frozen=True, kw_only=True):
    """Where CI installs the program from, as the project file writes it."""

    text: str
    root: Path

    def lock(self, disk: Files) -> str:
        """The lock file: pip, pipx and uv read it.

        Raises:
            UsageError: the source is neither a wheel with its hash nor a folder with wheels, or the
                program in it is of another version than this one.
        """
        if not re.search(INSTALL_SOURCE, self.text):
            shown = without_credential(self.text)
            raise UsageError(f"kaiten-sync cannot be installed from {shown}", hint=_HINT)
        # Without a hash, whoever can replace the file at the URL runs code with the tokens of CI.
        if "#sha256=" in self.text:
            url, _, sha256 = self.text.partition("#sha256=")
            try:
                parts = urlsplit(url)
            except ValueError as error:
                raise UsageError(
                    f"not the URL of a wheel: {url}",
                    hint="as in https://example.com/NAME.whl#sha256=HASH",
                ) from error
            if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
                raise UsageError(
                    f"kaiten-sync is not installed over plain http: {url}", hint="use https"
                )
            _check_version(_wheel(unquote(parts.path.rpartition("/")[2])), url)
            needed = (files("kaiten_sync.jobs") / "templates" / "locks" / "program.txt").read_text(
                encoding="utf-8"
            )
            return _HEAD + f"{_PROGRAM} @ {url} --hash=sha256:{sha256}\n{needed}"
        return _HEAD + _lock_of_folder(self.text, self.root, disk)


def is_lock(text: bytes) -> bool:
    """Whether `init` wrote this lock file, and so may write it again."""
    return text.startswith(_MARK.encode())


def installed_from() -> str | None:
    """The wheel that this program was installed from, with its hash, if its URL was recorded.

    Source: PEP 610, `direct_url.json`.
    """
    try:
        recorded = distribution(_PROGRAM).read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    document = json.loads(recorded or "{}")
    archive = document.get("archive_info", {})
    sha256 = archive.get("hashes", {}).get("sha256")
    source = f"{document.get('url', '')}#sha256={sha256}"
    is_public = source.startswith("https://") and re.search(INSTALL_SOURCE, source)
    return source if sha256 and is_public else None


def _lock_of_folder(source: str, root: Path, disk: Files) -> str:
    hashes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in sorted((root / source).glob("*.whl")):
        hashes[_wheel(path.name)].append(hashlib.sha256(disk.read(path)).hexdigest())
    programs = [wheel for wheel in hashes if wheel[0] == _PROGRAM]
    if not programs:
        raise UsageError(f"there is no wheel of kaiten-sync in {root / source}", hint=_HINT)
    # A lock of another version would install what this project was not checked with.
    for wheel in programs:
        _check_version(wheel, source)
    lines = [f"--no-index\n--find-links {shlex.quote(source)}"]
    for (name, version), each in sorted(hashes.items()):
        lines.append(
            " \\\n    ".join([f"{name}=={version}", *(f"--hash=sha256:{h}" for h in each)])
        )
    return "\n".join(lines) + "\n"


def _wheel(file_name: str) -> tuple[str, str]:
    """Name and version of a wheel, the name as indexes write it."""
    found = _WHEEL.fullmatch(file_name)
    if found is None:
        raise UsageError(f"not a wheel: {file_name}", hint=_HINT)
    return re.sub(r"[-_.]+", "-", found["name"]).lower(), found["version"]


def _check_version(wheel: tuple[str, str], source: str) -> None:
    name, version = wheel
    if name != _PROGRAM:
        raise UsageError(f"not a wheel of kaiten-sync: {source}", hint=_HINT)
    if version != __version__:
        raise UsageError(
            f"{source} has kaiten-sync {version}, and this is kaiten-sync {__version__}",
            hint="another version may write the same plan in other bytes: run that version's"
            " `init`, or name the wheel of this one",
        )
