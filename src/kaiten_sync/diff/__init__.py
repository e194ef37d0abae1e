"""Stage 4: pure. Compares what is declared with what is live, and says whom it hurts."""

from kaiten_sync.diff.along import taken_along
from kaiten_sync.diff.compare import diff_catalog, with_deleted, with_named, with_units
from kaiten_sync.diff.let_go import fields_let_go
from kaiten_sync.diff.servers import server_differences, without_declared
from kaiten_sync.diff.sides import is_to_do, with_sides
from kaiten_sync.diff.undo import undoing
from kaiten_sync.diff.unfinished import with_unfinished

__all__ = [
    "diff_catalog",
    "fields_let_go",
    "is_to_do",
    "server_differences",
    "taken_along",
    "undoing",
    "with_deleted",
    "with_named",
    "with_sides",
    "with_unfinished",
    "with_units",
    "without_declared",
]
