"""All routes, and the answers to requests without a route or that the server fails at."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan

from kaiten_sync.server.db import Database, log_failure
from kaiten_sync.server.web.catalog import OPERATIONS
from kaiten_sync.server.web.codec import encode
from kaiten_sync.server.web.dispatch import Dispatcher
from kaiten_sync.server.web.docs_page import DOCS_HEADERS, docs_page
from kaiten_sync.server.web.not_served import routes_not_served
from kaiten_sync.server.web.openapi import openapi_document
from kaiten_sync.server.web.operations import Operation
from kaiten_sync.server.web.problems import problem
from kaiten_sync.server.web.transactions import Surroundings
from kaiten_sync.server.web.turns import Turns

log = logging.getLogger(__name__)

_MOUNT = "/api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What people see beside the API: routes, and the page that says what went wrong.

    `wrong` gets the request, the status, what to say, and the headers that belong to it. It
    may wait for the database, unless the server failed.
    """

    routes: Sequence[BaseRoute]
    wrong: Callable[[Request, int, str, Mapping[str, str] | None], Response]


def build_app(
    surroundings: Surroundings,
    lifespan: Lifespan[Starlette] | None = None,
    pages: Pages | None = None,
) -> Starlette:
    """The ASGI application on a migrated database; with `pages`, for people too."""
    wrong = _Wrong(pages)
    more = pages.routes if pages else ()
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    run = run_in_threadpool if surroundings.database.is_postgresql else Turns().run
    # Routes are tried one after another: first those that are asked for most.
    often = {each.path for each in OPERATIONS if each.handle_many}
    app = Starlette(
        routes=[
            *[
                Route(
                    _MOUNT + path,
                    Dispatcher(surroundings, operations, run).__call__,
                    methods=list(operations),
                )
                for path, operations in sorted(
                    by_path.items(), key=lambda item: item[0] not in often
                )
            ],
            *routes_not_served(surroundings, _MOUNT),
            *_open_routes(surroundings.database),
            *more,
        ],
        lifespan=lifespan,
        exception_handlers={
            HTTPException: wrong.no_route,
            ClientDisconnect: _gone,
            Exception: wrong.failed,
        },
    )
    # A redirect would make clients drop their token, or send it somewhere else.
    app.router.redirect_slashes = False
    return app


def _open_routes(database: Database) -> list[BaseRoute]:
    """What needs no token."""
    openapi, page = _documents()

    async def healthz(_request: Request) -> Response:
        return _json(b'{"status":"ok"}')

    async def readyz(request: Request) -> Response:
        try:
            await run_in_threadpool(database.is_ready)
        except SQLAlchemyError as error:
            log_failure(log, "the database does not answer", error)
            return problem(
                503, _path(request), code="UNAVAILABLE", detail="the database does not answer"
            )
        return _json(b'{"status":"ok"}')

    async def openapi_json(_request: Request) -> Response:
        return _json(openapi)

    async def docs(_request: Request) -> Response:
        return HTMLResponse(page, headers=DOCS_HEADERS)

    return [
        Route(f"{_MOUNT}/healthz", healthz),
        Route(f"{_MOUNT}/readyz", readyz),
        Route(f"{_MOUNT}/openapi.json", openapi_json),
        Route(f"{_MOUNT}/docs", docs),
    ]


@cache
def _documents() -> tuple[bytes, str]:
    """The OpenAPI document and its page, which are the same for every database."""
    document = openapi_document()
    return encode(document), docs_page(document)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


async def _gone(request: Request, _error: Exception) -> Response:
    # Nobody reads this answer; it only ends the request without a stack trace in the log.
    return problem(400, _path(request), code="BAD_REQUEST", detail="the client went away")


_CLOSED = {"Connection": "close"}
"""uvicorn closes the connection after a failure; a client that was not told would use it again."""


class _Wrong:
    """Answers requests without a route, and those that fail: to programs or to people."""

    def __init__(self, pages: Pages | None) -> None:
        self._pages = pages

    async def no_route(self, request: Request, error: Exception) -> Response:
        """There is nothing here, or not for this method."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        headers = error.headers if isinstance(error, HTTPException) else None
        phrase = HTTPStatus(status).phrase
        if self._pages and _is_for_people(request):
            return await run_in_threadpool(
                self._pages.wrong, request, status, f"{phrase}.", headers
            )
        return problem(
            status,
            _path(request),
            code=phrase.upper().replace(" ", "_"),
            detail=f"{phrase}: {request.method} {_path(request)}",
            headers=headers,
        )

    async def failed(self, request: Request, error: Exception) -> Response:
        """The server failed."""
        error_id = str(uuid.uuid4())
        log.error(
            "%s %s failed, errorId %s", request.method, _path(request), error_id, exc_info=error
        )
        detail = "the server failed; its log says more under this errorId"
        if self._pages and _is_for_people(request):
            return self._pages.wrong(request, 500, f"{detail}: {error_id}", _CLOSED)
        return problem(
            500,
            _path(request),
            code="INTERNAL",
            detail=detail,
            headers=_CLOSED,
            error_id=error_id,
        )


def _path(request: Request) -> str:
    # Not that of `request.url`, which cannot be made if the Host header is not a host.
    return str(request.scope["path"])


def _is_for_people(request: Request) -> bool:
    # A client with a slash too many in its base URL misses the API, and is still a program: no
    # browser sends a bearer token.
    first = _path(request).lstrip("/").partition("/")[0]
    scheme = request.headers.get("authorization", "").partition(" ")[0]
    return f"/{first}" != _MOUNT and scheme.lower() != "bearer"
