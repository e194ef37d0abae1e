"""Stage 1: YAML files to documents with places, to one merged catalog, to what is wanted."""

from kaiten_sync.declare.desired import build_desired
from kaiten_sync.declare.extends import inherit
from kaiten_sync.declare.merge import merge_documents
from kaiten_sync.declare.project import find_project, project_of, read_project_document
from kaiten_sync.declare.read import read_beside, read_documents
from kaiten_sync.declare.units import with_plain_numbers
from kaiten_sync.declare.write import dump_catalog

__all__ = [
    "build_desired",
    "dump_catalog",
    "find_project",
    "inherit",
    "merge_documents",
    "project_of",
    "read_beside",
    "read_documents",
    "read_project_document",
    "with_plain_numbers",
]
