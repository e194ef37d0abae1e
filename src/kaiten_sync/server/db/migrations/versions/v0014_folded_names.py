"""Texts that searches look in, for groups, service accounts, tokens and webhooks as well."""

from __future__ import annotations

import unicodedata

from alembic import op
from sqlalchemy import Column, MetaData, String, Table, Text, bindparam, select, update

revision = "0014"
down_revision = "0013"

_SEARCHED = {
    "entitlement_group": "name",
    "service_account": "name",
    "token": "name",
    "webhook_endpoint": "url",
}
_BATCH = 1_000
"""Rows that are read and written at a time: a table may be larger than the memory."""


def upgrade() -> None:
    """Add the columns, and fill them."""
    for name, text in _SEARCHED.items():
        op.add_column(name, Column("folded", Text, nullable=False, server_default=""))
        columns = (Column("id", String(36), primary_key=True), Column(text, Text))
        _fill(Table(name, MetaData(), *columns, Column("folded", Text)), text)


def downgrade() -> None:
    """Remove the columns."""
    for name in _SEARCHED:
        op.drop_column(name, "folded")


def _fill(table: Table, text: str) -> None:
    connection = op.get_bind()
    page = select(table.c.id, table.c[text]).order_by(table.c.id).limit(_BATCH)
    change = update(table).where(table.c.id == bindparam("row")).values(folded=bindparam("text"))
    last = ""
    while rows := connection.execute(page.where(table.c.id > last)).all():
        connection.execute(change, [{"row": row[0], "text": _folded(row[1])} for row in rows])
        last = rows[-1][0]


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    again = unicodedata.normalize("NFKC", folded.casefold())
    return folded if again == folded else _folded(again)
