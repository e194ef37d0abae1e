"""Refused requests as problem documents (RFC 9457 with Kaiten's members)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from kaiten_sync.server.domain.refusals import Problem, RefusalError, RefusalKind
from kaiten_sync.server.web.codec import encode, printable
from kaiten_sync.server.web.throttle import ThrottledError

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[RefusalKind, HTTPStatus] = {
    RefusalKind.INVALID: HTTPStatus.BAD_REQUEST,
    RefusalKind.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    RefusalKind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    RefusalKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalKind.TIMEOUT: HTTPStatus.REQUEST_TIMEOUT,
    RefusalKind.CONFLICT: HTTPStatus.CONFLICT,
    RefusalKind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RefusalKind.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    RefusalKind.UNPROCESSABLE: HTTPStatus.UNPROCESSABLE_ENTITY,
    RefusalKind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    RefusalKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}

_RFC_9110 = "https://www.rfc-editor.org/rfc/rfc9110#section-"
_RFC_6585 = "https://www.rfc-editor.org/rfc/rfc6585#section-4"
_TYPES = {
    400: _RFC_9110 + "15.5.1",
    401: _RFC_9110 + "15.5.2",
    403: _RFC_9110 + "15.5.4",
    404: _RFC_9110 + "15.5.5",
    405: _RFC_9110 + "15.5.6",
    408: _RFC_9110 + "15.5.9",
    409: _RFC_9110 + "15.5.10",
    413: _RFC_9110 + "15.5.14",
    415: _RFC_9110 + "15.5.16",
    422: _RFC_9110 + "15.5.21",
    429: _RFC_6585,
    500: _RFC_9110 + "15.6.1",
    503: _RFC_9110 + "15.6.4",
}


def refused(error: RefusalError, path: str) -> Response:
    """The answer to a refused request."""
    status = STATUSES[error.kind]
    headers = {
        401: {"WWW-Authenticate": "Bearer"},
        408: {"Connection": "close"},
        503: {"Retry-After": "1"},
    }.get(status, {})
    if isinstance(error, ThrottledError):
        headers = {"Retry-After": str(error.wait_s)}
    return problem(
        status, path, code=error.code, detail=error.detail, problems=error.problems, headers=headers
    )


def problem(
    status: int,
    path: str | None,
    *,
    code: str,
    detail: str,
    problems: Sequence[Problem] = (),
    error_id: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as an answer. It names no path if the request could not be read."""
    body: dict[str, Any] = {
        "type": _TYPES.get(status, "about:blank"),
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": printable(detail),
        **({} if path is None else {"instance": quote(path, safe="/-._~")}),
        "code": code,
    }
    if error_id is not None:
        body["errorId"] = error_id
    if problems:
        body["errors"] = [
            {
                "message": printable(each.message),
                **({} if each.location is None else {"location": printable(each.location)}),
                **({} if value is None else {"value": value}),
            }
            for each in problems
            for value in [printable(each.value) if isinstance(each.value, str) else each.value]
        ]
    return Response(encode(body), status, headers, MEDIA_TYPE)
