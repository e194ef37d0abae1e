"""What was typed in a form that cannot be taken now: it goes along until it can.

A page that asks to sign in, or to send a form again, has the form's fields in hidden ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.server.dashboard.fields import Sent
from kaiten_sync.server.dashboard.pages import TOKEN_FIELD
from kaiten_sync.server.service.forms import ONCE_FIELD

_MARK = "kept"
"""The field that says that a form goes along, which may have no fields."""

_OF_SESSION = frozenset((TOKEN_FIELD, ONCE_FIELD))

HiddenFields = Sequence[tuple[str, str]]
"""Names and values."""


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
