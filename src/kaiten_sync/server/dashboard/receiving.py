"""Reads the forms that browsers send, also those that cannot be taken: their page shows them again.

What is too large to be read, or comes too slowly, stays in the browser.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

from kaiten_sync.server.dashboard.fields import Sent
from kaiten_sync.server.domain.refusals import Problem, RefusalError, invalid, unprocessable
from kaiten_sync.server.web.arguments import MAX_BODY_BYTES, read_body, too_large

MAX_FIELDS = 10_000
"""Fields that one form may send: three for each grant of a license, and no license has so many."""

_MAX_READ_BYTES = 2 * MAX_BODY_BYTES
"""Of a form that is read, if only to show it again. Anybody can send one, so it is not more."""

_FACTOR_ALONG = 2
"""A form that goes along with a token has the fields of that form as well."""


async def receive(request: Request, *, may_have_another: bool) -> Sent:
    """The form that a request sends, which `sent_with` then finds again.

    Raises:
        RefusalError: it is not a form, or too large or too slow to be read.
    """
    body = await read_body(request, _MAX_READ_BYTES)
    try:
        # Unless it is told not to, Python's reader replaces what is not UTF-8, leaves out empty
        # fields, and takes any number of them.
        values = parse_qs(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS * (_FACTOR_ALONG if may_have_another else 1),
        )
    except ValueError as error:
        raise invalid("BAD_REQUEST", "the body is not a form in UTF-8") from error
    # As browsers show it, and as it can be sent again.
    shown = {
        name: [text.replace("\0", "\ufffd") for text in texts] for name, texts in values.items()
    }
    sent = Sent(shown, _refusal(values, len(body)))
    # Kept with the request even if it is refused: the page that says why shows what was typed.
    request.state.sent = sent
    return sent


def sent_with(request: Request) -> Sent | None:
    """The form that was received with a request; None if there is none."""
    sent: Sent | None = getattr(request.state, "sent", None)
    return sent


def _refusal(values: dict[str, list[str]], size_bytes: int) -> RefusalError | None:
    if size_bytes > MAX_BODY_BYTES:
        return too_large(MAX_BODY_BYTES)
    problems = [
        Problem("text must not contain NUL characters", f"body.{name}")
        for name, texts in values.items()
        if any("\0" in text for text in texts)
    ]
    return unprocessable("UNPROCESSABLE", "validation failed", problems) if problems else None
