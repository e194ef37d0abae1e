"""Texts that searches look in, and the answers to forms.

Searching for a name with a capital outside of ASCII found nothing, because each database folds
texts in its own way, and some hardly at all: the program folds them now. A form that was sent twice
made two objects: its first answer is kept now.
"""

from __future__ import annotations

import unicodedata

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text, bindparam, select, update

revision = "0008"
down_revision = "0007"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

form_answer = Table(
    "form_answer",
    metadata,
    Column("form_hash", String(64), primary_key=True),
    Column("sent_at", BigInteger, nullable=False, index=True),
    Column("location", Text),
)

_SEARCHED = {
    "entitlement": ("name",),
    "license": ("name",),
    "customer": ("name", "domain", "external_customer_id"),
    "instance": ("name",),
}
_BATCH = 1_000
"""Rows that are read and written at a time: a table may be larger than the memory."""


def upgrade() -> None:
    """Add the columns, and fill them."""
    for name, texts in _SEARCHED.items():
        op.add_column(name, Column("folded", Text, nullable=False, server_default=""))
        columns = [Column(text, Text) for text in texts]
        table = Table(
            name,
            MetaData(),
            Column("id", String(36), primary_key=True),
            Column("folded", Text),
            *columns,
        )
        _fill(table, texts)
    form_answer.create(op.get_bind())


def downgrade() -> None:
    """Remove the columns and the table."""
    form_answer.drop(op.get_bind())
    for name in _SEARCHED:
        op.drop_column(name, "folded")


def _fill(table: Table, texts: tuple[str, ...]) -> None:
    connection = op.get_bind()
    columns = [table.c[text] for text in texts]
    page = select(table.c.id, *columns).order_by(table.c.id).limit(_BATCH)
    change = update(table).where(table.c.id == bindparam("row")).values(folded=bindparam("text"))
    last = ""
    while rows := connection.execute(page.where(table.c.id > last)).all():
        changes = [
            {
                "row": row[0],
                "text": "\n".join(_folded(text) for text in row[1:] if text is not None),
            }
            for row in rows
        ]
        connection.execute(change, changes)
        last = rows[-1][0]


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    again = unicodedata.normalize("NFKC", folded.casefold())
    return folded if again == folded else _folded(again)
