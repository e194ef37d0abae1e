"""Brings a database to the schema of this program, and refuses one that is ahead of it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DatabaseError

from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.settings import ServerStartError

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Run the migrations that are missing, all or none.

    Raises:
        ServerStartError: the database is newer than this program, or is no database of ours.
    """
    try:
        with database.writing() as connection:
            config = Config()
            config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
            config.attributes["connection"] = connection
            present = MigrationContext.configure(connection).get_current_revision()
            if present is not None:
                _check_known(config, present)
            command.upgrade(config, "head")
    except DatabaseError as error:
        raise ServerStartError(
            f"the database cannot be opened or brought up to date: {error.orig}",
            hint="check the path and its permissions, and that the file is a kaiten-sync database",
        ) from error


def _check_known(config: Config, revision: str) -> None:
    try:
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError as error:
        raise ServerStartError(
            f"the database has schema {revision}, which is newer than this program",
            hint="update kaiten-sync, or start with another --database",
        ) from error
