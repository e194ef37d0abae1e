"""Stage 1: YAML files to documents with places, to one merged catalog, to what is wanted.

And back: what a server has, written as new files, or into the files that declare it.
"""

from kaiten_sync.declare.adopt import Adopter, FileChange, default_file
from kaiten_sync.declare.conflict import conflicts
from kaiten_sync.declare.desired import build_desired, count_declared
from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.declare.extends import REMOVES_NOTHING, inherit
from kaiten_sync.declare.files import OUTSIDE, SUFFIXES, FoundFile, find_files, leads_out
from kaiten_sync.declare.freeze import freeze
from kaiten_sync.declare.globs import fixed_part
from kaiten_sync.declare.lfs import LFS_HINT, LFS_POINTER, is_lfs_pointer
from kaiten_sync.declare.links import NOT_HERE
from kaiten_sync.declare.merge import merge_documents
from kaiten_sync.declare.overlay_patch import (
    Patch,
    forget,
    keep,
    keep_numbers,
    leave_to_base,
    overlay_bytes,
    overlay_text,
    patch_of,
    take_from_bundle,
)
from kaiten_sync.declare.project import (
    PROJECT_FILE,
    find_project,
    project_of,
    read_project_document,
)
from kaiten_sync.declare.read import read_beside, read_documents
from kaiten_sync.declare.shorter import Extended, extending
from kaiten_sync.declare.spelling import Spelling, other_units
from kaiten_sync.declare.submodules import submodules
from kaiten_sync.declare.units import with_plain_numbers
from kaiten_sync.declare.write import dump_catalog, inline, is_as_dumped
from kaiten_sync.declare.yaml_reader import parse_yaml

__all__ = [
    "LFS_HINT",
    "LFS_POINTER",
    "NOT_HERE",
    "OUTSIDE",
    "PROJECT_FILE",
    "REMOVES_NOTHING",
    "SUFFIXES",
    "Adopter",
    "Extended",
    "FileChange",
    "FoundFile",
    "Patch",
    "Spelling",
    "TextEditor",
    "build_desired",
    "conflicts",
    "count_declared",
    "default_file",
    "dump_catalog",
    "extending",
    "find_files",
    "find_project",
    "fixed_part",
    "forget",
    "freeze",
    "inherit",
    "inline",
    "is_as_dumped",
    "is_lfs_pointer",
    "keep",
    "keep_numbers",
    "leads_out",
    "leave_to_base",
    "merge_documents",
    "other_units",
    "overlay_bytes",
    "overlay_text",
    "parse_yaml",
    "patch_of",
    "project_of",
    "read_beside",
    "read_documents",
    "read_project_document",
    "submodules",
    "take_from_bundle",
    "with_plain_numbers",
]
