"""SQLite's driver reads the same as SQLAlchemy, which runs each query the first time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError

from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.prepared import PreparedQuery
from kaiten_sync.server.db.rows import RowQuery, TableRow
from kaiten_sync.server.db.tables.base import Json

_thing = Table(
    "thing", MetaData(), Column("id", String), Column("is_big", Boolean), Column("data", Json)
)


class Thing(TableRow, frozen=True):
    data: dict[str, Any] | None
    id: str
    is_big: bool


ONE = Thing(id="1", is_big=True, data={"a": [1, None]})
TWO = Thing(id="2", is_big=False, data=None)
THINGS = select(_thing).order_by(_thing.c.id)
SELECTED = THINGS.where(_thing.c.id == bindparam("id"), _thing.c.id != "3")
LISTED = THINGS.where(_thing.c.id.in_(bindparam("id", expanding=True)))
BIG = THINGS.where(_thing.c.is_big == bindparam("big"))


@pytest.fixture
def connection() -> Iterator[Connection]:
    database = open_engine("sqlite://")
    with closing(database), database.writing() as connection:
        _thing.create(connection)
        rows = [{"id": each.id, "is_big": each.is_big, "data": each.data} for each in (ONE, TWO)]
        connection.execute(insert(_thing), rows)
        yield connection


@pytest.mark.parametrize(
    ("statement", "given", "rows", "runs_prepared"),
    [
        (THINGS, {}, [ONE, TWO], True),
        (SELECTED, {"id": "2"}, [TWO], True),
        (SELECTED, {"id": "3"}, [], True),
        (LISTED, {"id": ["2", "1"]}, [ONE, TWO], False),
        (BIG, {"big": True}, [ONE], False),
    ],
)
def test_a_query_reads_the_same_each_time(
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    statement: Any,
    given: dict[str, Any],
    rows: list[Thing],
    runs_prepared: bool,
) -> None:
    run, ran = PreparedQuery.rows, []

    def noted(prepared: PreparedQuery, *args: Any, **options: Any) -> Any:
        ran.append(prepared)
        return run(prepared, *args, **options)

    monkeypatch.setattr(PreparedQuery, "rows", noted)
    query = RowQuery(Thing, statement)
    for _ in range(3):
        assert query.all(connection, **given) == rows
        assert query.first(connection, **given) == (rows[0] if rows else None)
    assert bool(ran) == runs_prepared


def test_a_failure_is_raised_as_sqlalchemy_does_and_without_values(connection: Connection) -> None:
    query = RowQuery(Thing, SELECTED)
    query.all(connection, id="1")
    _thing.drop(connection)
    with pytest.raises(DBAPIError, match="no such table: thing") as error:
        query.all(connection, id="secret")
    assert "secret" not in str(error.value)


def test_a_parameter_that_is_missing_is_an_error(connection: Connection) -> None:
    query = RowQuery(Thing, SELECTED)
    query.all(connection, id="1")
    with pytest.raises(KeyError):
        query.all(connection)
