"""Transactions, turns and failures, the same on every database where they can be."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Text,
    cast,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tests.support.databases import Cluster

from kaiten_sync.server.app import ServerSettings, prepare
from kaiten_sync.server.db import constraints
from kaiten_sync.server.db.engine import Database, open_engine
from kaiten_sync.server.db.failures import (
    BUSY,
    DENIED,
    FULL,
    READ_ONLY,
    is_worth_repeating,
    why_unavailable,
)
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.domain.refusals import RefusalError, conflict
from kaiten_sync.server.settings import ServerStartError

TAKEN = conflict("Test.Taken", "taken")


@pytest.fixture
def opened(fresh_url: str) -> Iterator[Database]:
    """A migrated database."""
    prepared = prepare(ServerSettings(database_url=fresh_url))
    yield prepared.database
    prepared.database.close()


@pytest.fixture
def server_database(postgresql: Cluster) -> Iterator[Database]:
    """A migrated database of PostgreSQL, for what SQLite has not."""
    prepared = prepare(ServerSettings(database_url=postgresql.new_database()))
    yield prepared.database
    prepared.database.close()


def add(connection: Connection, slug: str) -> None:
    connection.execute(
        text(
            "INSERT INTO entitlement_group (id, organisation_id, slug, name)"
            " SELECT :id, id, :slug, 'Group' FROM organisation"
        ),
        {"id": str(uuid.uuid4()), "slug": slug},
    )


def add_refused(connection: Connection, *slugs: str) -> None:
    with constraints.conflicts(connection, {constraints.GROUP_SLUG: TAKEN}):
        for slug in slugs:
            add(connection, slug)


def slugs(connection: Connection) -> list[str]:
    rows = connection.execute(text("SELECT slug FROM entitlement_group ORDER BY slug"))
    return list(rows.scalars())


def run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


class TestConflicts:
    def test_the_transaction_survives_and_keeps_what_it_wrote(self, opened: Database) -> None:
        with opened.writing() as connection:
            add(connection, "before")
            with pytest.raises(RefusalError) as refusal:
                add_refused(connection, "undone", "before")
            add(connection, "later")
        assert refusal.value is TAKEN
        with opened.reading() as connection:
            assert slugs(connection) == ["before", "later"]

    def test_another_rule_is_an_error(self, opened: Database) -> None:
        others = {constraints.LICENSE_SLUG: TAKEN, constraints.GRANT_LICENSE: TAKEN}
        with opened.writing() as connection:
            add(connection, "one")
            with pytest.raises(IntegrityError), constraints.conflicts(connection, others):
                add(connection, "one")

    def test_a_refused_request_leaves_nothing(self, opened: Database) -> None:
        with pytest.raises(RefusalError), opened.writing() as connection:
            add_refused(connection, "one", "one")
        with opened.reading() as connection:
            assert slugs(connection) == []

    def test_foreign_keys_have_names_on_postgresql(self, server_database: Database) -> None:
        broken = {constraints.MEMBERSHIP_GROUP: TAKEN}
        with server_database.writing() as connection:
            with (
                pytest.raises(RefusalError) as refusal,
                constraints.conflicts(connection, broken),
            ):
                run(connection, "INSERT INTO entitlement_group_member VALUES ('none', 'none')")
            assert refusal.value is TAKEN


class TestTransactions:
    def test_a_reader_sees_one_moment(self, opened: Database) -> None:
        with opened.reading() as reader:
            assert slugs(reader) == []
            with opened.writing() as writer:
                add(writer, "one")
            assert slugs(reader) == []
        with opened.reading() as reader:
            assert slugs(reader) == ["one"]

    def test_a_writer_sees_what_others_committed(self, server_database: Database) -> None:
        with server_database.writing() as writer:
            assert slugs(writer) == []
            with server_database.writing() as other:
                add(other, "one")
            assert slugs(writer) == ["one"]

    def test_a_reader_cannot_write_on_postgresql(self, server_database: Database) -> None:
        with pytest.raises(DBAPIError, match="read-only"), server_database.reading() as reader:
            add(reader, "one")
        with server_database.writing() as writer:  # the connection can write again
            add(writer, "one")

    def test_a_database_says_which_it_is(self, opened: Database, fresh_url: str) -> None:
        assert opened.is_postgresql == fresh_url.startswith("postgresql")
        assert opened.is_ready()


class TestTurns:
    def test_they_are_taken_one_after_another(self, opened: Database) -> None:
        def count_and_add(number: int) -> None:
            with opened.writing() as connection:
                take_turn(connection, "test", "count")
                add(connection, f"group-{len(slugs(connection))}")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(count_and_add, range(16)))
        with opened.reading() as connection:
            assert len(slugs(connection)) == 16

    @pytest.mark.parametrize("names", [("a", "b"), ("ab",), ("a",), ("b", "a"), ("a", "b", "")])
    def test_other_names_are_other_turns(
        self, server_database: Database, names: tuple[str, ...]
    ) -> None:
        with server_database.writing() as one, server_database.writing() as other:
            take_turn(one, "a", "bc")
            take_turn(other, *names)

    def test_a_turn_that_does_not_come_is_busy(self, server_database: Database) -> None:
        with server_database.writing() as one, server_database.writing() as other:
            take_turn(one, "a")
            run(other, "SET LOCAL lock_timeout = 10")
            with pytest.raises(DBAPIError) as error:
                take_turn(other, "a")
        assert why_unavailable(error.value) == BUSY
        assert not is_worth_repeating(error.value)


class TestFailures:
    def test_a_second_writer_of_a_file_is_busy(self, tmp_path: object) -> None:
        url = f"sqlite:///{tmp_path}/kaiten.db"
        with (
            closing(open_engine(url)) as database,
            database.reading() as other,
            database.writing() as one,
        ):
            run(one, "CREATE TABLE t (n INTEGER)")
            run(other, "PRAGMA busy_timeout = 0")
            with pytest.raises(DBAPIError) as error:
                run(other, "CREATE TABLE t (n INTEGER)")
        assert why_unavailable(error.value) == BUSY
        assert not is_worth_repeating(error.value)

    def test_no_statement_is_compiled(self, server_database: Database) -> None:
        with server_database.reading() as connection:
            assert connection.exec_driver_sql("SHOW jit").scalar_one() == "off"

    @pytest.mark.parametrize(
        "setting",
        ["client_encoding = LATIN1", "extra_float_digits = 0", "standard_conforming_strings = off"],
    )
    def test_values_are_the_same_whatever_is_set_for_the_database(
        self, server_database: Database, postgresql: Cluster, setting: str
    ) -> None:
        name = server_database.engine.url.database
        postgresql.run(f"ALTER DATABASE {name} SET {setting}")
        server_database.engine.dispose()
        values = ["漢字 é", 0.1 + 0.2, "\\"]
        literal: ColumnElement[str] = literal_column(r"'\'")
        statement = select(
            cast(values[0], Text), cast(values[1], Float(53)), cast(values[2], Text), literal
        )
        with server_database.reading() as connection:
            assert list(connection.execute(statement).one()) == [*values, "\\"]

    @pytest.mark.parametrize(
        ("statement", "why"),
        [
            ("SET LOCAL statement_timeout = 10; SELECT pg_sleep(3600)", BUSY),
            ("SELECT pg_terminate_backend(pg_backend_pid())", BUSY),
            ("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(3600)", BUSY),
            ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$", FULL),
            ("SET TRANSACTION READ ONLY; CREATE TABLE t (n INTEGER)", READ_ONLY),
            ("SET LOCAL ROLE pg_monitor; SELECT * FROM token", DENIED),
            ("SELECT 1 / 0", None),
            ("SELECT * FROM no_such_table", None),
        ],
    )
    def test_why_postgresql_does_not_answer(
        self, server_database: Database, statement: str, why: str | None
    ) -> None:
        with pytest.raises(DBAPIError) as error, server_database.writing() as connection:
            connection.exec_driver_sql(statement)
        assert why_unavailable(error.value) == why
        assert not is_worth_repeating(error.value)
        assert server_database.is_ready()

    @pytest.mark.parametrize(
        ("pragma", "why"), [("max_page_count = 2", FULL), ("query_only = ON", READ_ONLY)]
    )
    def test_why_a_file_stores_nothing(self, tmp_path: object, pragma: str, why: str) -> None:
        with (
            closing(open_engine(f"sqlite:///{tmp_path}/kaiten.db")) as database,
            database.writing() as connection,
        ):
            run(connection, "CREATE TABLE t (text BLOB)")
            run(connection, f"PRAGMA {pragma}")
            with pytest.raises(DBAPIError) as error:
                run(connection, "INSERT INTO t VALUES (zeroblob(100000))")
        assert why_unavailable(error.value) == why
        assert not is_worth_repeating(error.value)

    def test_a_database_that_can_be_written_again_is_written(
        self, server_database: Database, postgresql: Cluster
    ) -> None:
        name = server_database.engine.url.database
        postgresql.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        server_database.engine.dispose()
        with pytest.raises(DBAPIError) as error, server_database.writing() as connection:
            add(connection, "quotas")
        assert why_unavailable(error.value) == READ_ONLY
        postgresql.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        # By a new connection: the other one would keep what it was opened with.
        with server_database.writing() as connection:
            add(connection, "quotas")

    def test_a_database_that_does_not_answer_is_busy(self, server_database: Database) -> None:
        url = server_database.engine.url.set(port=1, query={"host": "/no/such/folder"})
        with (
            closing(open_engine(url.render_as_string(hide_password=False))) as gone,
            pytest.raises(DBAPIError) as error,
        ):
            gone.is_ready()
        assert why_unavailable(error.value) == BUSY

    def test_connections_that_were_lost_are_replaced(
        self, server_database: Database, postgresql: Cluster
    ) -> None:
        assert server_database.is_ready()
        postgresql.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{server_database.engine.url.database}'"
        )
        assert server_database.is_ready()

    def test_one_of_a_deadlock_is_worth_repeating(self, server_database: Database) -> None:
        with server_database.writing() as one, server_database.writing() as other:
            take_turn(one, "a")
            take_turn(other, "b")
            with ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(_failure, one, "b")
                failures = [_failure(other, "a")]
                other.rollback()  # lets the other one go on, if it was not chosen
                failures.append(waiting.result())
        [chosen] = [failure for failure in failures if failure is not None]
        assert is_worth_repeating(chosen)
        assert why_unavailable(chosen) is None

    def test_a_wait_for_a_connection_is_busy(self) -> None:
        assert why_unavailable(PoolTimeoutError("QueuePool limit reached")) == BUSY
        assert not is_worth_repeating(PoolTimeoutError("QueuePool limit reached"))


def _failure(connection: Connection, turn: str) -> SQLAlchemyError | None:
    try:
        take_turn(connection, turn)
    except SQLAlchemyError as error:
        return error
    return None


@pytest.mark.parametrize(
    "url", ["sqlite:///k\udcff.db", "postgresql://u:\udcff@h/d", "\udcff", "sqlite:///a\0.db"]
)
def test_a_url_that_is_not_text_is_refused(url: str) -> None:
    with pytest.raises(ServerStartError, match="the database URL cannot be read"):
        open_engine(url)
