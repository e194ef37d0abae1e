"""Backups, made and restored by the commands of the page about the server."""

from __future__ import annotations

import re
import subprocess
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import text
from tests.support.databases import Cluster

from kaiten_sync.server.app import ServerSettings, prepare
from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.migrate import alembic_config

_ROOT = Path(__file__).parents[3]
_URL = re.compile(r"postgresql://\S+/(?=kaiten_restored$)", re.MULTILINE)


def commands() -> list[str]:
    """The commands for PostgreSQL: the backup, and a database that it is restored into."""
    page = (_ROOT / "docs/how-to/serve.md").read_text(encoding="utf-8")
    backup = page.split("\n## Backup\n")[1].split("\n## ")[0].split("\nPostgreSQL,")[1]
    found = re.findall(r"(?:^    .*\n)+", backup, re.MULTILINE)
    return [re.sub("^    ", "", each, flags=re.MULTILINE) for each in found]


def test_a_backup_of_an_older_version_is_restored_after_an_upgrade(
    postgresql: Cluster, tmp_path: Path
) -> None:
    url = postgresql.empty_database()
    with closing(open_engine(url)) as old, old.migrating() as connection:
        command.upgrade(alembic_config(connection), "0010")
        connection.execute(
            text('INSERT INTO "organisation" (id, name, created_at) VALUES (:id, :name, 1)'),
            {"id": "a", "name": "Mine"},
        )
    environment = {**postgresql.environment, "KAITEN_DATABASE_URL": url}
    dump, restore = commands()
    subprocess.run(dump, shell=True, cwd=tmp_path, env=environment, check=True)
    prepare(ServerSettings(database_url=url)).database.close()
    here = postgresql.url("kaiten_restored")
    restore = _URL.sub("", restore).replace("URL=kaiten_restored", f"URL='{here}'")
    subprocess.run(f"set -e; {restore}", shell=True, cwd=tmp_path, env=environment, check=True)
    with (
        closing(prepare(ServerSettings(database_url=here)).database) as restored,
        restored.reading() as connection,
    ):
        assert "Mine" in connection.execute(text("SELECT name FROM organisation")).scalars().all()
