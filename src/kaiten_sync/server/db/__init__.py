"""Storage: tables, migrations, and the only place with SQL."""

from kaiten_sync.server.db.engine import Database, open_engine
from kaiten_sync.server.db.failures import is_busy, is_worth_repeating
from kaiten_sync.server.db.pages import Position, RowPage

__all__ = ["Database", "Position", "RowPage", "is_busy", "is_worth_repeating", "open_engine"]
