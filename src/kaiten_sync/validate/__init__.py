"""Stage 2: everything wrong with a merged catalog, all at once, with file, line and column."""

from kaiten_sync.validate.check import check
from kaiten_sync.validate.misread import with_wanted
from kaiten_sync.validate.project import check_project
from kaiten_sync.validate.schema_files import load_schema, schema_names, schema_text
from kaiten_sync.validate.supported import needs_capabilities, unsupported

__all__ = [
    "check",
    "check_project",
    "load_schema",
    "needs_capabilities",
    "schema_names",
    "schema_text",
    "unsupported",
    "with_wanted",
]
