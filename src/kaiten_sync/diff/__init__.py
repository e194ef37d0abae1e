"""Stage 4: pure. Compares what is declared with what is live, and says whom it hurts."""

from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.diff.servers import server_differences, without_declared
from kaiten_sync.diff.sides import undoing, with_sides

__all__ = ["diff_catalog", "server_differences", "undoing", "with_sides", "without_declared"]
