"""Whose a database is, asked before anything of its file is changed."""

from __future__ import annotations

import re
from typing import Any

from kaiten_sync.server.db.tables import metadata

OUR_REVISION = re.compile(r"\d{4}", re.ASCII)
"""How our schemas are numbered. Other programs that use Alembic have other revisions."""

_VERSIONS = "alembic_version"


def is_of_another_program(cursor: Any) -> bool:
    """Whether a file of SQLite belongs to another program, so that the start refuses it.

    `cursor` is the driver's.
    """
    cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    tables = {name for (name,) in cursor.fetchall()}
    if _VERSIONS in tables:
        cursor.execute(f"SELECT version_num FROM {_VERSIONS}")  # noqa: S608  a constant
        if revisions := [str(revision) for (revision,) in cursor.fetchall()]:
            return not all(map(OUR_REVISION.fullmatch, revisions))
    return bool(tables & metadata.tables.keys())
