"""Use case of forms: a form that is sent again leads where it led first, and does nothing more.

A double click, a reload and a connection that broke all send the same bytes again. So does whoever
goes back to a form: it keeps its id in the browser's history. If what it made is gone by then, it
is meant to be made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from kaiten_sync.server.db.form_answers import FormAnswerRow, find_answer, keep_answer
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.domain.refusals import conflict
from kaiten_sync.server.service.work import Work

ONCE_FIELD = "form_once"
"""The field that distinguishes two forms with the same texts. A form without it is sent once."""

SENT_TWICE = "Form.SentTwice"
"""The code of a refusal of a form whose answer is gone."""

S = TypeVar("S")


def answer_once(
    work: Work,
    session_id: str,
    path: str,
    sent: Mapping[str, Sequence[str]],
    act: Callable[[], str | S],
    again: Callable[[str], str | None],
) -> str | S:
    """The result of `act`: a path to go to, or a page. If it was sent before, `again` of that path.

    `again` returns None if that path leads nowhere any more; then it is as if it was never sent.

    Raises:
        RefusalError: it was sent before, and led to a page that can be shown only once. Or `act`
            refused, and the form may be sent again.
    """
    if not any(sent.get(ONCE_FIELD, ())):
        return act()
    said = json.dumps([session_id, path, sorted((name, *sent[name]) for name in sent)])
    form_hash = hashlib.sha256(said.encode()).hexdigest()
    # The second click waits here until the first is answered, and then gets the same answer.
    take_turn(work.connection, "form", form_hash)
    earlier = find_answer(work.connection, form_hash)
    if earlier is not None:
        if earlier.location is None:
            raise conflict(
                SENT_TWICE,
                "this form was sent twice; its answer is shown only once, and nothing was done"
                " again",
            )
        if (led := again(earlier.location)) is not None:
            return led
    result = act()
    location = result if isinstance(result, str) else None
    row = FormAnswerRow(form_hash=form_hash, sent_at=work.now_ms, location=location)
    keep_answer(work.connection, row)
    return result
