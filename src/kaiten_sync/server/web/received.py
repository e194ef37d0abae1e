"""A request to an operation as it was received, what it asks for, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response

from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.arguments import parse_body, parse_query
from kaiten_sync.server.web.codec import encode
from kaiten_sync.server.web.operations import AnswerWithHeaders, Arguments, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request with its body read and nothing checked yet."""

    address: str
    authorization: str | None
    media_type: str
    coding: str
    path: Mapping[str, str]
    query: QueryParams
    body: bytes | None


def parse(operation: Operation, received: Received) -> Arguments:
    """What a request asks for.

    Raises:
        RefusalError: it is not what the operation takes.
    """
    query = {q.name: parse_query(q, received.query.getlist(q.name)) for q in operation.query}
    body = None
    if received.body is not None:
        body = parse_body(operation, received.body, received.media_type, received.coding)
    return Arguments(path=received.path, query=query, body=body)


def respond(operation: Operation, work: Work, asked: Arguments) -> Response:
    """Do what a request asks for, and answer it."""
    return render(operation, operation.handler(work, asked))


def render(operation: Operation, result: Any) -> Response:
    """The result of an operation's handler as an answer."""
    if operation.answer is None:
        return Response(status_code=operation.status)
    if not isinstance(result, AnswerWithHeaders):
        result = AnswerWithHeaders(body=result, headers={})
    return Response(
        encode(result.body), operation.status, result.headers, media_type="application/json"
    )
