"""Reads what a request says: its body, its query, and both checked against the schemas.

The dashboard's forms pass through the same checks, so that a form can do nothing that the API
would refuse.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from starlette.requests import Request

from kaiten_sync.server.domain.refusals import Problem, RefusalError, RefusalKind, unprocessable
from kaiten_sync.server.domain.times import parse_rfc3339
from kaiten_sync.server.web.catalog import SCHEMAS
from kaiten_sync.server.web.check import RequestCheck, ValueCheck, parameter_check
from kaiten_sync.server.web.codec import check_storable, decode_body
from kaiten_sync.server.web.operations import Operation, Query

MAX_BODY_BYTES = 1024 * 1024
"""Of one request: a body is read into memory whole, before anybody knows who sent
it."""

MAX_TEXT = 10_000
"""Characters of a text in a body, as of the longest text that the contract bounds."""

MAX_NAME = 1_000
"""Characters of a name: lists show it in a line."""

_CHECK = RequestCheck(SCHEMAS)

_MAX_SHOWN = 100
"""Characters of a wrong parameter that are repeated in the answer."""

_BODY_TIMEOUT_S = 30
"""For all of a body: a client that drips one byte at a time must not hold a request open."""

_INTEGER = re.compile(r"-?[0-9]{1,12}", re.ASCII)


def too_large(most_bytes: int) -> RefusalError:
    """The refusal of a body that has more than so many bytes."""
    detail = f"a body has at most {most_bytes:,} bytes"
    return RefusalError(RefusalKind.TOO_LARGE, "PAYLOAD_TOO_LARGE", detail)


async def read_body(request: Request, most_bytes: int = MAX_BODY_BYTES) -> bytes:
    """A request's body.

    Raises:
        RefusalError: it is too large, or too slow.
    """
    declared = request.headers.get("content-length", "")
    # Cut, since Python takes quadratic time for a number of many digits. Whoever declares too
    # little is found below.
    if declared.isdecimal() and int(declared[:20]) > most_bytes:
        raise too_large(most_bytes)
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            async for chunk in request.stream():
                # Counted while it comes: a body without a declared length may never end.
                body += chunk
                if len(body) > most_bytes:
                    raise too_large(most_bytes)
    except TimeoutError as error:
        raise RefusalError(
            RefusalKind.TIMEOUT, "REQUEST_TIMEOUT", f"the body took over {_BODY_TIMEOUT_S} seconds"
        ) from error
    return bytes(body)


def parse_body(operation: Operation, raw: bytes, media_type: str, coding: str) -> Any:
    """The body of a request to an operation that takes one, checked.

    `coding` is how it is compressed, if it is.

    Raises:
        RefusalError: it is not JSON, or not what the operation's schema wants.
    """
    if media_type not in ("", "application/json"):
        raise RefusalError(
            RefusalKind.UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body must be application/json",
        )
    if coding not in ("", "identity"):
        raise RefusalError(
            RefusalKind.UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body must not be compressed; send it without Content-Encoding",
        )
    return check_body(operation, decode_body(raw))


def check_body(operation: Operation, body: Any) -> Any:
    """A body as the operation's handler takes it; None for an operation without a body.

    Raises:
        RefusalError: 422 with everything that cannot be stored, or is not as the schema wants it.
    """
    if operation.body is None:
        return None
    check_storable(body)
    # Texts that are longer than anybody reads: a page of a list has up to 200 of them.
    problems = []
    for name, value in body.items() if isinstance(body, dict) else ():
        limit = MAX_NAME if name == "name" else MAX_TEXT
        if isinstance(value, str) and len(value) > limit:
            place = f"body.{name[:_MAX_SHOWN]}"
            problems.append(Problem(f"expected at most {limit:,} characters", place))
    if problems:
        # As many as the check of a schema reports.
        raise unprocessable("UNPROCESSABLE", "validation failed", problems[:20])
    return _CHECK.body(operation.body, body)


def parse_query(query: Query, texts: Sequence[str]) -> Any:
    """The value of a query parameter, whose text the request has once or not at all.

    If it leaves it out, that is the default.

    Raises:
        RefusalError: 422 with what is wrong.
    """
    place = f"query.{query.name}"
    if len(texts) > 1:
        # Which of them is meant, clients and proxies do not agree on.
        problem = Problem("this query parameter appears more than once", place)
        raise unprocessable("UNPROCESSABLE", "validation failed", [problem])
    if not texts:
        if query.required:
            problem = Problem("this query parameter is required", place)
            raise unprocessable("UNPROCESSABLE", "validation failed", [problem])
        return query.default
    text = texts[0]
    check_storable(text, place)
    value: Any = text
    match query.schema:
        case {"type": "integer"}:
            if not _INTEGER.fullmatch(text):
                raise _unexpected("integer", place, text)
            value = int(text)
        case {"type": "array"}:
            value = text.split(",")
        case {"format": "date-time"}:
            moment = parse_rfc3339(text)
            if moment is None:
                raise _unexpected("date-time (RFC 3339)", place, text)
            return moment
    _check_of(query).refuse(value, place)
    return value


@cache
def _check_of(query: Query) -> ValueCheck:
    return parameter_check(query.schema)


def _unexpected(wanted: str, place: str, text: str) -> RefusalError:
    problem = Problem(f"expected {wanted}", place, text[:_MAX_SHOWN])
    return unprocessable("UNPROCESSABLE", "validation failed", [problem])
