"""What all tables share: their registry, how constraints are named, types and conditions."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, MetaData, String, Text
from sqlalchemy.dialects.postgresql import JSONB

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


def organization_id() -> Column[str]:
    """The column that says whose a row is. It is stored under the spelling of its first day."""
    foreign_key = ForeignKey("organisation.id")
    return Column("organisation_id", Id, foreign_key, nullable=False, key="organization_id")


def folded() -> Column[str]:
    """The column of the texts that a search looks in, in the form in which they are compared."""
    return Column("folded", Text, nullable=False, server_default="")
