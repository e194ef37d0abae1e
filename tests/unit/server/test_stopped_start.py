"""A start that is stopped, by Ctrl-C or a process manager, wherever it is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.support.statements import counted_statements

from kaiten_sync.server.app import ServerSettings, prepare


def start(path: Path) -> None:
    with closing(prepare(ServerSettings(database_url=f"sqlite:///{path}")).database):
        pass


class Stopping:
    """Stops whatever runs at one of the statements, as a signal does."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, *_of_the_statement: Any) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


def test_a_start_that_is_stopped_ends_as_stopped_and_the_next_one_works(tmp_path: Path) -> None:
    with counted_statements() as statements:
        start(tmp_path / "whole.db")
    count = len(statements)
    assert count > 100
    path = tmp_path / "stopped.db"
    for after in [0, 1, 2, count // 2, count - 8, count - 1]:
        stopping = Stopping(after)
        # Inside SQLAlchemy's own handling of errors, which closes the connection.
        event.listen(Engine, "do_execute", stopping)
        try:
            with pytest.raises(KeyboardInterrupt):
                start(path)
        finally:
            event.remove(Engine, "do_execute", stopping)
        start(path)
        path.unlink()
