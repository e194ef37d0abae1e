"""Runs an operation: reads the request, checks who asks, calls the handler in a transaction."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kaiten_sync.server.domain.refusals import (
    Fault,
    RefusalError,
    RefusalKind,
    unprocessable,
)
from kaiten_sync.server.domain.times import parse_rfc3339
from kaiten_sync.server.service.tenancy import authenticate
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.catalog import SCHEMAS
from kaiten_sync.server.web.check import RequestCheck, check_parameter
from kaiten_sync.server.web.codec import check_storable, decode_body, encode
from kaiten_sync.server.web.operations import Answer, Call, Operation, Query
from kaiten_sync.server.web.problems import refused
from kaiten_sync.server.web.transactions import Surroundings, unless_busy, work_in, write

MAX_BODY_BYTES = 1024 * 1024

CHECK = RequestCheck(SCHEMAS)

_MAX_SHOWN = 100
"""Characters of a wrong parameter that are repeated in the answer."""

_BODY_TIMEOUT_S = 30
"""For all of a body: a client that drips one byte at a time must not hold a request open."""

_INTEGER = re.compile(r"-?[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    """A request with its body read and nothing checked yet."""

    authorization: str | None
    media_type: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes | None


class Dispatcher:
    """Answers the requests to one path."""

    def __init__(self, surroundings: Surroundings, operations: Mapping[str, Operation]) -> None:
        self._surroundings = surroundings
        self._operations = operations

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        method = "GET" if request.method == "HEAD" else request.method
        operation = self._operations[method]
        try:
            received = await _receive(request, operation)
            # Handlers wait for the database, so they must not run on the event loop.
            return await run_in_threadpool(self._answer, operation, received)
        except RefusalError as error:
            return refused(error, request.url.path)

    def _answer(self, operation: Operation, received: _Received) -> Response:
        with unless_busy():
            return self._perform(operation, received)

    def _perform(self, operation: Operation, received: _Received) -> Response:
        with self._surroundings.database.reading() as connection:
            now_ms = self._surroundings.clock()
            caller = authenticate(connection, received.authorization, operation.scope, now_ms)
            call = _parse(operation, received)
            if not operation.writes:
                return _respond(
                    operation, work_in(self._surroundings, connection, caller, now_ms), call
                )
        # Only a request that may and can write takes the lock of writers. The answer is rendered
        # before the commit: what cannot be answered is not done.
        return write(self._surroundings, caller, lambda work: _respond(operation, work, call))


def _respond(operation: Operation, work: Work, call: Call) -> Response:
    result = operation.handler(work, call)
    if operation.answer is None:
        return Response(status_code=operation.status)
    if not isinstance(result, Answer):
        result = Answer(body=result, headers={})
    return Response(
        encode(result.body), operation.status, result.headers, media_type="application/json"
    )


async def _receive(request: Request, operation: Operation) -> _Received:
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return _Received(
        authorization=request.headers.get("authorization"),
        media_type=media_type,
        path=request.path_params,
        query=request.query_params,
        body=None if operation.body is None else await read_body(request),
    )


async def read_body(request: Request) -> bytes:
    """A request's body.

    Raises:
        RefusalError: it is too large, or too slow.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:20]) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise _too_large()
    except TimeoutError as error:
        raise RefusalError(
            RefusalKind.TIMEOUT, "REQUEST_TIMEOUT", f"the body took over {_BODY_TIMEOUT_S} seconds"
        ) from error
    return bytes(body)


def _too_large() -> RefusalError:
    return RefusalError(
        RefusalKind.TOO_LARGE, "PAYLOAD_TOO_LARGE", f"a body has at most {MAX_BODY_BYTES} bytes"
    )


def _parse(operation: Operation, received: _Received) -> Call:
    query = {q.name: _query_value(q, received.query.get(q.name)) for q in operation.query}
    if operation.body is None or received.body is None:
        return Call(path=received.path, query=query)
    if received.media_type not in ("", "application/json"):
        raise RefusalError(
            RefusalKind.UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body must be application/json",
        )
    body = CHECK.body(operation.body, decode_body(received.body))
    return Call(path=received.path, query=query, body=body)


def _query_value(query: Query, text: str | None) -> Any:
    place = f"query.{query.name}"
    if text is None:
        if query.required:
            fault = Fault("this query parameter is required", place)
            raise unprocessable("UNPROCESSABLE", "validation failed", [fault])
        return query.default
    check_storable(text, place)
    value: Any = text
    match query.schema:
        case {"type": "integer"}:
            if not _INTEGER.fullmatch(text):
                raise _unexpected("integer", place, text)
            value = int(text)
        case {"type": "array"}:
            value = text.split(",") if text else []
        case {"format": "date-time"}:
            moment = parse_rfc3339(text)
            if moment is None:
                raise _unexpected("date-time (RFC 3339)", place, text)
            return moment
    return check_parameter(query.schema, value, place)


def _unexpected(wanted: str, place: str, text: str) -> RefusalError:
    fault = Fault(f"expected {wanted}", place, text[:_MAX_SHOWN])
    return unprocessable("UNPROCESSABLE", "validation failed", [fault])
