"""The organization of a day's usage, in databases made before version 0004 had that column.

Version 0004 was changed after it had been used: databases of its first form have the table
without `organisation_id`, with another index, and count as version 0004 all the same.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
)

revision = "0005"
down_revision = "0004"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = String(36)
_OLD = "_usage_day_of_0004"

Table("organisation", metadata, Column("id", _Id, primary_key=True))
Table("entitlement", metadata, Column("id", _Id, primary_key=True))

instance = Table(
    "instance",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id),
)

usage_day = Table(
    "entitlement_usage_day",
    metadata,
    Column("instance_id", _Id, ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "entitlement_id", _Id, ForeignKey("entitlement.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("day", Integer, primary_key=True, index=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("highest", Float(53)),
    Column("value", Float(53)),
    Column("period_start", BigInteger),
    Index(
        "ix_entitlement_usage_day_counts",
        *("organisation_id", "day", "entitlement_id", "accepted", "refused"),
    ),
)

_KEPT = [column.name for column in usage_day.columns if column.name != "organisation_id"]
old_day = Table(_OLD, metadata, *(Column(name, usage_day.c[name].type) for name in _KEPT))


def upgrade() -> None:
    """Make the table again with its organization, and keep its rows. Nothing if it has one."""
    connection = op.get_bind()
    columns = {each["name"] for each in inspect(connection).get_columns(usage_day.name)}
    if usage_day.c.organisation_id.name in columns:
        return
    # Out of the way and back: SQLite can add no column that must not be null, and a renamed table
    # would keep the names of its keys and indexes.
    connection.exec_driver_sql(f"CREATE TABLE {_OLD} AS SELECT * FROM {usage_day.name}")
    connection.exec_driver_sql(f"DROP TABLE {usage_day.name}")
    usage_day.create(connection)
    kept = select(*(old_day.c[name] for name in _KEPT), instance.c.organisation_id).join(
        instance, instance.c.id == old_day.c.instance_id
    )
    connection.execute(insert(usage_day).from_select([*_KEPT, "organisation_id"], kept))
    old_day.drop(connection)


def downgrade() -> None:
    """Nothing: version 0004 has this column now."""
