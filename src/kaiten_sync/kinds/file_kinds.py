"""Distinguishes the files of a project by the names at their top, for people who confuse two."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from kaiten_sync.kinds.registry import all_kinds, top_kinds


class FileKind(StrEnum):
    """A file that commands read or write; the value is how messages name it."""

    CATALOG = "a catalog"
    PROJECT = "a project file"
    PLAN = "a plan file"
    REPORT = "a report or receipt"


_OF_PROJECTS = frozenset({"catalog", "targets"})

WHERE: dict[FileKind, str] = {
    FileKind.CATALOG: "name a catalog with -f, or as `catalog` in the project file",
    FileKind.PROJECT: "name a project file with --project; `kaiten-sync.yaml` is found without it",
    FileKind.PLAN: "look at a plan file with `kaiten-sync show FILE`",
    FileKind.REPORT: "no command reads it back",
}
"""Where a file of each kind is taken."""


def other_kind(names: Collection[str], wanted: FileKind) -> FileKind | None:
    """What a file with these names at its top is, if that is surely not what is wanted."""
    sections = {spec.section for spec in top_kinds()}
    sections.update(spec.bundles for spec in all_kinds() if spec.bundles)
    is_catalog = not sections.isdisjoint(names)
    settings = _OF_PROJECTS.intersection(names)
    found = None
    if "formatVersion" in names:
        found = FileKind.PLAN if {"changes", "digest"} <= {*names} else FileKind.REPORT
    elif is_catalog and not settings:
        found = FileKind.CATALOG
    elif settings == _OF_PROJECTS and not is_catalog:
        found = FileKind.PROJECT
    return None if found is wanted else found
