"""Runs an operation: reads the request, checks who asks, calls the handler in a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kaiten_sync.server.domain.refusals import RefusalError
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.arguments import parse_body, parse_query, read_body
from kaiten_sync.server.web.codec import encode
from kaiten_sync.server.web.operations import AnswerWithHeaders, Arguments, Operation
from kaiten_sync.server.web.problems import refused
from kaiten_sync.server.web.throttle import address_of
from kaiten_sync.server.web.transactions import (
    Surroundings,
    caller_of,
    unless_busy,
    work_in,
    write,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    """A request with its body read and nothing checked yet."""

    address: str
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
            return refused(error, request.scope["path"])

    def _answer(self, operation: Operation, received: _Received) -> Response:
        with unless_busy():
            with self._surroundings.database.reading() as connection:
                now_ms = self._surroundings.clock()
                caller = caller_of(
                    self._surroundings,
                    connection,
                    received.authorization,
                    received.address,
                    operation.scope,
                    now_ms,
                )
                asked = _parse(operation, received)
                if not operation.writes:
                    work = work_in(self._surroundings, connection, caller, now_ms)
                    return _respond(operation, work, asked)
            # Only a request that may and can write takes the lock of writers. The answer is
            # rendered before the commit: what cannot be answered is not done.
            return write(self._surroundings, caller, lambda work: _respond(operation, work, asked))


async def _receive(request: Request, operation: Operation) -> _Received:
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return _Received(
        address=address_of(request),
        authorization=request.headers.get("authorization"),
        media_type=media_type,
        path=request.path_params,
        query=request.query_params,
        body=None if operation.body is None else await read_body(request),
    )


def _parse(operation: Operation, received: _Received) -> Arguments:
    query = {q.name: parse_query(q, received.query.get(q.name)) for q in operation.query}
    body = None
    if received.body is not None:
        body = parse_body(operation, received.body, received.media_type)
    return Arguments(path=received.path, query=query, body=body)


def _respond(operation: Operation, work: Work, asked: Arguments) -> Response:
    result = operation.handler(work, asked)
    if operation.answer is None:
        return Response(status_code=operation.status)
    if not isinstance(result, AnswerWithHeaders):
        result = AnswerWithHeaders(body=result, headers={})
    return Response(
        encode(result.body), operation.status, result.headers, media_type="application/json"
    )
