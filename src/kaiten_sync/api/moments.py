"""Times that a server names, and how its clock differs from this machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_CLOSE = timedelta(seconds=10)
"""Clocks that differ by less count as one: a Date has whole seconds, and an answer takes time."""


def http_date(text: str | None) -> datetime | None:
    """A date of a header; None if there is none that can be read.

    Source: RFC 9110, section 5.6.7.
    """
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def clock_ahead(date: str | None, now: datetime) -> timedelta:
    """How far this machine's clock is ahead of the server's, by the Date of an answer."""
    theirs = http_date(date)
    ahead = timedelta(0) if theirs is None else now - theirs
    return ahead if abs(ahead) >= _CLOSE else timedelta(0)


def zoned(text: object, ahead: timedelta = timedelta(0)) -> datetime | None:
    """A time with its zone, as a clock shows it that is so far ahead of the server's.

    None if the server sends none that can be read.
    """
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if found is None or found.tzinfo is None:
        return None
    try:
        return found + ahead
    except OverflowError:  # the first or the last day that there is: it stays what it means
        return found
