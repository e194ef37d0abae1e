"""Storage: tables, migrations, and the only place with SQL."""

from kaiten_sync.server.db.engine import Database, open_engine
from kaiten_sync.server.db.failures import (
    BUSY,
    is_worth_repeating,
    log_failure,
    may_be_stored,
    one_line,
    why_unavailable,
)
from kaiten_sync.server.db.pages import Position, RowPage

__all__ = [
    "BUSY",
    "Database",
    "Position",
    "RowPage",
    "is_worth_repeating",
    "log_failure",
    "may_be_stored",
    "one_line",
    "open_engine",
    "why_unavailable",
]
