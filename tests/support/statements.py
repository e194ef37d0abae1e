"""Counts what servers in this process ask their databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from kaiten_sync.server.db.prepared import PreparedQuery


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The SQL of all statements that are run while the body does."""
    counted: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        counted.append(statement)

    run = PreparedQuery.rows

    def run_prepared(prepared: PreparedQuery, *args: Any, **options: Any) -> Any:
        counted.append(prepared.sql)
        return run(prepared, *args, **options)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PreparedQuery, "rows", run_prepared)
            yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", note)
