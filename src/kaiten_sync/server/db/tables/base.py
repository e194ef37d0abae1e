"""What all tables share: their registry, how constraints are named, types and conditions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB

from kaiten_sync.server.db.collation import ordered

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(36)
Json = JSON().with_variant(JSONB(), "postgresql")
Seq = BigInteger().with_variant(Integer(), "sqlite")
"""Counted up by the database. SQLite does that for its own integer type only."""

FINITE = "BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308"
"""After a column: it is a finite number, or null. PostgreSQL sorts NaN above all numbers."""


_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999
"""The years 1 and 9999: times beyond cannot be said."""


def valid_times(*columns: str, name: str = "times") -> CheckConstraint:
    """The check that these times, in milliseconds since 1970, are in the years of dates."""
    between = f"BETWEEN {_FIRST_MS} AND {_LAST_MS}"
    return CheckConstraint(" AND ".join(f"{column} {between}" for column in columns), name=name)


def json_of(column: str, kind: str, type_: str) -> tuple[CheckConstraint, CheckConstraint]:
    """The check that a column has JSON of a kind, for SQLite and, by its type, for PostgreSQL."""
    # The other functions of SQLite fail if it is not JSON.
    on_sqlite = f"CASE WHEN json_valid({column}) THEN json_type({column}) = '{kind}' ELSE false END"
    on_postgresql = f"{type_}_typeof({column}) = '{kind}'"
    return (
        CheckConstraint(on_sqlite, name="json").ddl_if(dialect="sqlite"),
        CheckConstraint(on_postgresql, name="json").ddl_if(dialect="postgresql"),
    )


def organization_id() -> Column[str]:
    """The column that says whose a row is. It is stored under the spelling of its first day."""
    foreign_key = ForeignKey("organisation.id")
    return Column("organisation_id", Id, foreign_key, nullable=False, key="organization_id")


def owned_id() -> tuple[Column[str], Column[str]]:
    """The key of a row, and whose it is."""
    return Column("id", Id, primary_key=True), organization_id()


def id_and_slug() -> tuple[Column[str], ...]:
    """The key of a row, whose it is, and its name in URLs."""
    return *owned_id(), Column("slug", String(100), nullable=False)


def slug_indexes() -> tuple[UniqueConstraint, Index]:
    """One row per slug, and lists in the order of creation, page by page."""
    return (
        UniqueConstraint("organization_id", "slug"),
        Index(None, "organization_id", "created_at", "id"),
    )


def timestamps() -> tuple[Column[int], Column[int]]:
    """When a row was created and changed, in milliseconds since 1970."""
    return (
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
    )


def authorship() -> tuple[Column[Any], ...]:
    """Who created and changed a row, and when."""
    created_at, updated_at = timestamps()
    return (
        Column("created_by", Id, ForeignKey("service_account.id"), nullable=False),
        created_at,
        Column("updated_by", Id, ForeignKey("service_account.id"), nullable=False),
        updated_at,
    )


def folded() -> Column[str]:
    """The column of the texts that a search looks in, in the form in which they are compared."""
    return Column("folded", Text, nullable=False, server_default="")


def folded_start(table: Table) -> ColumnElement[str]:
    """The beginning of a row's texts: an index of PostgreSQL takes 2,704 bytes at most."""
    # Numbers in the statement and not beside it: an index is used only by what looks like it.
    start = func.substr(table.c.folded, literal_column("1"), literal_column("64"), type_=String())
    return ordered(start)
