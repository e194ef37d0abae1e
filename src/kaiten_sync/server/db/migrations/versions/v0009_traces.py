"""What the audit shows of an event beside its payload: who did it, to what, from what to what.

Of older events only the object is known, from their payloads.

The column of addresses had 210 characters on PostgreSQL, as 0016 says. No later migration can mend
what this one could not store: an event of the longest slugs kept a database from coming up to date.
It makes what 0016 makes, which changes nothing then.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, SmallInteger, String, Text, text

revision = "0009"
down_revision = "0008"

_ADDRESSES = {
    "com.kaiten.license.v1.": "'license/' || {slug}",
    "com.kaiten.entitlement.v1.": "'entitlement/' || {slug}",
    "com.kaiten.entitlement_group.v1.": "'group/' || {slug}",
    "com.kaiten.customer.v1.": "'customer/' || {slug}",
    "com.kaiten.license.entitlement.v1.": "'license/' || {licenseSlug} || '/grant/' ||"
    " {entitlementSlug}",
}
"""The address of what an event is about, by what its type begins with."""

_PROPERTIES = ("slug", "licenseSlug", "entitlementSlug")
_READ = "(payload ->> '{}')"
_INSTANCES = (
    "com.kaiten.instance.v1.created",
    "com.kaiten.instance.v1.updated",
    "com.kaiten.instance.v1.deleted",
)


def upgrade() -> None:
    """Add the columns, fill in the addresses, and index both kinds of lists."""
    for column in (
        Column("token_id", String(36)),
        Column("address", String(215).with_variant(String(210), "sqlite")),
        Column("used_before", Float(53)),
        Column("used_after", Float(53)),
        Column("threshold", Float(53)),
        Column("overage_percent", SmallInteger),
        Column("reason", Text),
    ):
        op.add_column("event", column)
    connection = op.get_bind()
    run = connection.exec_driver_sql
    read = "json_extract(payload, '$.{}')" if connection.dialect.name == "sqlite" else _READ
    properties = {name: read.format(name) for name in _PROPERTIES}
    for prefix, address in _ADDRESSES.items():
        run(
            f"UPDATE event SET address = {address.format(**properties)}"
            f" WHERE substr(type, 1, {len(prefix)}) = '{prefix}'"
        )
    types = ", ".join(f"'{each}'" for each in _INSTANCES)
    run(
        "UPDATE event SET address = 'instance/' || instance_id"
        f" WHERE instance_id IS NOT NULL AND type IN ({types})"
    )
    _index("address", "address", "seq", condition="address IS NOT NULL")
    _index("refused", "occurred_at", "seq", condition="threshold IS NOT NULL")


def downgrade() -> None:
    """Drop the columns, and with them who did what."""
    for name in ("refused", "address"):
        op.drop_index(f"ix_event_{name}", "event")
    for name in (
        *("reason", "overage_percent", "threshold", "used_after", "used_before"),
        *("address", "token_id"),
    ):
        op.drop_column("event", name)


def _index(name: str, *columns: str, condition: str) -> None:
    op.create_index(
        f"ix_event_{name}",
        "event",
        ["organisation_id", *columns],
        sqlite_where=text(condition),
        postgresql_where=text(condition),
    )
