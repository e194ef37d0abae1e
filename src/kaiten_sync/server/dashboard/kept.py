"""The hidden fields of forms: what makes a form this one, and what was typed in it before.

A page that asks to sign in, or to send a form again, has the form's fields in hidden ones.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from kaiten_sync.server.dashboard.fields import Sent
from kaiten_sync.server.dashboard.guard import form_token
from kaiten_sync.server.dashboard.pages import TOKEN_FIELD, Refused
from kaiten_sync.server.service.forms import ONCE_FIELD, SENT_TWICE

_MARK = "kept"
"""The field that says that a form goes along, which may have no fields."""

_OF_SESSION = frozenset((TOKEN_FIELD, ONCE_FIELD))

_ONCE_BYTES = 12
"""Enough that no two pages of a session ever have the same id."""

HiddenFields = Sequence[tuple[str, str]]
"""Names and values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormMarks:
    """What all forms of a page carry: the token of the session, and the id of this page."""

    token: str
    once: str


def form_marks(session_id: str, refused: Refused | None) -> FormMarks:
    """The marks of a page. A form that was refused stays the same one when it is corrected."""
    once = ""
    # Whoever was told that it was done and submits again means to do it again.
    if refused and refused.error.code != SENT_TWICE:
        once = refused.sent.one(ONCE_FIELD)
    return FormMarks(token=form_token(session_id), once=once or secrets.token_urlsafe(_ONCE_BYTES))


def same_again(sent: Sent) -> HiddenFields:
    """The fields to send a form again with, exactly as it was."""
    return [(name, value) for name, values in sent.values.items() for value in values]


def put_along(sent: Sent | None) -> HiddenFields:
    """The fields that take a form along; none if there is no form."""
    if sent is None:
        return ()
    typed = [each for each in same_again(sent) if each[0] not in _OF_SESSION]
    return [(_MARK, "on"), *((f"{_MARK}:{name}", value) for name, value in typed)]


def taken_along(sent: Sent) -> Sent | None:
    """The form that was taken along, as it was typed; None if there is none."""
    if _MARK not in sent.values:
        return None
    prefix = f"{_MARK}:"
    return Sent(
        {
            name.removeprefix(prefix): values
            for name, values in sent.values.items()
            if name.startswith(prefix)
        }
    )
