"""What editors and git need beside a project: schemas, their settings, and how plans are stored."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kaiten_sync.declare import PROJECT_FILE
from kaiten_sync.model.ports import Files
from kaiten_sync.model.settings import Project
from kaiten_sync.model.strict_json import read_strict
from kaiten_sync.validate import schema_text

SETTINGS = ".vscode/settings.json"
ATTRIBUTES = ".gitattributes"
SCHEMA_FOLDER = "schemas"
OF_PROJECTS = ("catalog", "project")
"""The schemas of what people write."""

_PLANS = "*.plan.json"
_PLAN_ATTRIBUTES = f"""\
# Plans are compared byte by byte, and two plans are never merged line by line.
{_PLANS} -text -merge
"""
_KEEP_BYTES = frozenset({"-text", "binary"})
"""Attributes with which a checkout has the bytes of the commit. Source: gitattributes(5)."""

_KEY = "yaml.schemas"
_BETWEEN = r"(?:\s|//[^\n]*\n|(?>/\*.*?\*/))*+"
"""Spaces and comments, each read in one way only: of many, there would be too many ways."""
_OPENING = re.compile(_BETWEEN + r"\{", re.DOTALL)
"""The first brace of JSON with comments, as VS Code reads it."""

_LINE_FEED = re.compile(r"(?<!\r)\n")
_EMPTY = re.compile(_BETWEEN + r"\}", re.DOTALL)


def schema_path(name: str) -> str:
    """Where a schema is, relative to the project."""
    return f"{SCHEMA_FOLDER}/{name}.schema.json"


def schema_header(path: Path) -> str:
    """The line by which editors find the schema of a file, both relative to the project."""
    name = "project" if path.name == PROJECT_FILE else "catalog"
    way = Path(os.path.relpath(schema_path(name), start=path.parent)).as_posix()
    return f"# yaml-language-server: $schema={way}\n"


def beside_project(
    root: Path, paths: Sequence[str], disk: Files
) -> tuple[dict[Path, str], str | None]:
    """Everything that editors and git need beside a project, and a notice if it is incomplete."""
    settings, notice = new_settings(root, paths, disk)
    contents = {**schema_files(OF_PROJECTS), **settings, **new_attributes(root, disk)}
    return {root / path: text for path, text in contents.items()}, notice


def bytes_of(text: str) -> bytes:
    """The bytes of a file that is to be beside a project, those that are not UTF-8 as they were."""
    return text.encode(errors="surrogateescape")


def schema_files(names: Iterable[str]) -> dict[str, str]:
    """Schemas by their paths, relative to the project."""
    return {schema_path(name): schema_text(name) for name in names}


def settings_of(paths: Sequence[str]) -> dict[str, str | list[str]]:
    """Which files have which schema, for VS Code; `paths` are folders and files of a catalog."""
    globs: list[str] = []
    for name in map(posixpath.normpath, paths):
        is_file = name.endswith((".yaml", ".yml")) or any(c in name for c in "*?[")
        globs.append(name if is_file else "**/*.yaml" if name == "." else f"{name}/**/*.yaml")
    return {
        f"./{schema_path('catalog')}": globs,
        f"./{schema_path('project')}": PROJECT_FILE,
    }


def catalog_paths(project: Project) -> list[str]:
    """Every path of a project's catalog and overlays, each once."""
    overlays = (path for target in project.targets.values() for path in target.overlays)
    return list(dict.fromkeys((*project.catalog, *overlays)))


def new_settings(
    root: Path, paths: Sequence[str], disk: Files
) -> tuple[dict[str, str], str | None]:
    """The editor settings with these schemas, and a notice if they cannot be merged.

    Nothing if they are there already. What else is in the file stays as it is.
    """
    wanted = settings_of(paths)
    path = root / SETTINGS
    if not disk.exists(path):
        return {SETTINGS: json.dumps({_KEY: wanted}, indent=2) + "\n"}, None
    old = disk.read(path)
    try:
        new = _merged(old.decode(), wanted)
    except (UnicodeError, RecursionError):
        # It is in another encoding, has half of a character, or is nested too deeply to be written.
        new = None
    if new is None:
        shown = json.dumps({_KEY: wanted})
        return {}, f"{path} cannot be extended and was left as it is; add {shown[1:-1]}"
    new = with_breaks_of(old.decode(), new)
    return ({} if new.encode() == old else {SETTINGS: new}), None


def new_attributes(root: Path, disk: Files) -> dict[str, str]:
    """The git attributes of plans, after those that are there. Nothing if these keep bytes."""
    path = root / ATTRIBUTES
    # Bytes that are not UTF-8 stay what they are: the comments of others may be in any encoding.
    old = disk.read(path).decode(errors="surrogateescape") if disk.exists(path) else ""
    known = (line.split() for line in old.splitlines())
    if any(
        words[:1] in ([_PLANS], [f"plans/{_PLANS}"]) and _KEEP_BYTES.intersection(words)
        for words in known
    ):
        return {}
    gap = "" if not old else "\n" if old.endswith("\n") else "\n\n"
    return {ATTRIBUTES: with_breaks_of(old, old + gap + _PLAN_ATTRIBUTES)}


def with_breaks_of(old: str, new: str) -> str:
    """The new text of a file with CRLF, if that is how all lines of the old one end."""
    has_others = old.count("\n") != old.count("\r\n")
    return new if has_others or "\n" not in old else _LINE_FEED.sub("\r\n", new)


def _merged(old: str, wanted: Mapping[str, str | list[str]]) -> str | None:
    """The settings with these schemas. None if the text has comments where they have to go."""
    try:
        document: Any = read_strict(old.encode() or b"{}")
    except ValueError:  # such as JSON with comments, or with a key twice
        return None if f'"{_KEY}"' in old else _inserted(old, wanted)
    if not isinstance(document, dict) or not isinstance(document.get(_KEY, {}), dict):
        return None
    if _KEY not in document:
        return _inserted(old or "{}", wanted)
    known = document[_KEY]
    merged = dict(known)
    for name, new in wanted.items():
        if known.get(name) is None:
            merged[name] = new
            continue
        if not all(isinstance(each, str) for each in _listed(known[name])):
            return None  # nothing that VS Code takes for globs
        # The globs of both sides, each once; a text that has them all already stays a text.
        both = list(dict.fromkeys([*_listed(known[name]), *_listed(new)]))
        if both != _listed(known[name]):
            merged[name] = both
    if merged == known:
        return old
    new = json.dumps({**document, _KEY: merged}, indent=2, ensure_ascii=False) + "\n"
    new.encode()  # fails on half of a character, which only an escape can write
    return new


def _inserted(old: str, wanted: Mapping[str, str | list[str]]) -> str | None:
    """The text with one more setting at its start; everything else stays as it is written."""
    opening = _OPENING.match(old)
    if opening is None:
        return None
    value = json.dumps(wanted, indent=2).replace("\n", "\n  ")
    rest = old[opening.end() :]
    comma = "" if _EMPTY.match(rest) else ","
    gap = "" if rest.startswith(("\n", "\r\n")) else "\n"
    return f'{old[: opening.end()]}\n  "{_KEY}": {value}{comma}{gap}{rest}'


def _listed(globs: Any) -> list[Any]:
    return globs if isinstance(globs, list) else [globs]
