"""Runs an operation: reads the request, checks who asks, calls the handler in a transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kaiten_sync.server.domain.refusals import RefusalError
from kaiten_sync.server.web.arguments import read_body
from kaiten_sync.server.web.group import RequestGroup
from kaiten_sync.server.web.operations import Operation
from kaiten_sync.server.web.problems import refused
from kaiten_sync.server.web.received import Received, parse, respond
from kaiten_sync.server.web.throttle import address_of
from kaiten_sync.server.web.together import Together
from kaiten_sync.server.web.transactions import (
    Surroundings,
    caller_of,
    unless_unavailable,
    work_in,
    write,
)


class Dispatcher:
    """Answers the requests to one path.

    Handlers wait for the database, so `run` calls them away from the event loop.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        operations: Mapping[str, Operation],
        run: Callable[..., Awaitable[Any]],
    ) -> None:
        self._surroundings = surroundings
        self._run = run
        self._operations = operations
        self._groups = {
            method: Together(RequestGroup(surroundings, operation).answer)
            for method, operation in operations.items()
            if operation.handle_many
        }

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        method = "GET" if request.method == "HEAD" else request.method
        operation = self._operations[method]
        try:
            # Parameters such as a charset change nothing: JSON is UTF-8.
            media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
            received = Received(
                address=address_of(request),
                authorization=request.headers.get("authorization"),
                media_type=media_type,
                coding=request.headers.get("content-encoding", "").strip().lower(),
                path=request.path_params,
                query=request.query_params,
                body=None if operation.body is None else await read_body(request),
            )
            if operation.handle_many:
                return await self._groups[method].ask(received)
            response: Response = await self._run(self._answer, operation, received)
            return response
        except RefusalError as error:
            return refused(error, request.scope["path"])

    def _answer(self, operation: Operation, received: Received) -> Response:
        with unless_unavailable():
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
                asked = parse(operation, received)
                if not operation.writes:
                    work = work_in(self._surroundings, connection, caller, now_ms)
                    return respond(operation, work, asked)
            # Only a request that may and can write takes the lock of writers. The answer is
            # rendered before the commit: what cannot be answered is not done.
            return write(self._surroundings, caller, lambda work: respond(operation, work, asked))
