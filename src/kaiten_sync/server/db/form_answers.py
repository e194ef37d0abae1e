"""The answers to forms, kept as long as a session can send them again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select

from kaiten_sync.server.db.rows import RowQuery, insert_row
from kaiten_sync.server.db.tables import form_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswerRow:
    """Where an accepted form led to; None if to a page that is shown only once."""

    form_hash: str
    sent_at: int
    location: str | None


_FIND = RowQuery(
    FormAnswerRow, select(form_answer).where(form_answer.c.form_hash == bindparam("form_hash"))
)


def find_answer(connection: Connection, form_hash: str) -> FormAnswerRow | None:
    """The answer to the same form when it was sent before."""
    return _FIND.first(connection, form_hash=form_hash)


def keep_answer(connection: Connection, row: FormAnswerRow) -> None:
    """Store the answer to a form in place of the one that it had, if it had one."""
    connection.execute(delete(form_answer).where(form_answer.c.form_hash == row.form_hash))
    insert_row(connection, form_answer, row)


def forget_answers(connection: Connection, before_ms: int, limit: int) -> int:
    """Delete answers to forms that were sent before then. Returns how many."""
    old = select(form_answer.c.form_hash).where(form_answer.c.sent_at < before_ms).limit(limit)
    return connection.execute(delete(form_answer).where(form_answer.c.form_hash.in_(old))).rowcount
