"""All routes, and what is answered where there is none or where the server fails."""

from __future__ import annotations

import logging
import uuid
from http import HTTPStatus

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan

from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.web.catalog import OPERATIONS
from kaiten_sync.server.web.codec import encode
from kaiten_sync.server.web.dispatch import Dispatcher, Surroundings
from kaiten_sync.server.web.docs_page import docs_page
from kaiten_sync.server.web.openapi import openapi_document
from kaiten_sync.server.web.operations import Operation
from kaiten_sync.server.web.problems import problem

log = logging.getLogger(__name__)

_MOUNT = "/api"


def build_app(surroundings: Surroundings, lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    """The ASGI application on a migrated database."""
    app = Starlette(
        routes=[*_api_routes(surroundings), *_open_routes(surroundings.database)],
        lifespan=lifespan,
        exception_handlers={
            HTTPException: _no_route,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    # A redirect would make clients drop their token, or send it somewhere else.
    app.router.redirect_slashes = False
    return app


def _api_routes(surroundings: Surroundings) -> list[BaseRoute]:
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    return [
        Route(
            _MOUNT + path, Dispatcher(surroundings, operations).__call__, methods=list(operations)
        )
        for path, operations in by_path.items()
    ]


def _open_routes(database: Database) -> list[BaseRoute]:
    """What needs no token."""
    document = openapi_document()
    openapi, page = encode(document), docs_page(document)

    async def healthz(_request: Request) -> Response:
        return _json(b'{"status":"ok"}')

    async def readyz(request: Request) -> Response:
        try:
            await run_in_threadpool(database.is_ready)
        except SQLAlchemyError:
            log.exception("the database does not answer")
            return problem(
                503, request.url.path, code="UNAVAILABLE", detail="the database does not answer"
            )
        return _json(b'{"status":"ok"}')

    async def openapi_json(_request: Request) -> Response:
        return _json(openapi)

    async def docs(_request: Request) -> Response:
        return HTMLResponse(page)

    return [
        Route(f"{_MOUNT}/healthz", healthz),
        Route(f"{_MOUNT}/readyz", readyz),
        Route(f"{_MOUNT}/openapi.json", openapi_json),
        Route(f"{_MOUNT}/docs", docs),
    ]


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


async def _no_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = error.headers if isinstance(error, HTTPException) else None
    phrase = HTTPStatus(status).phrase
    return problem(
        status,
        request.url.path,
        code=phrase.upper().replace(" ", "_"),
        detail=f"{phrase}: {request.method} {request.url.path}",
        headers=headers,
    )


async def _gone(request: Request, _error: Exception) -> Response:
    # Nobody reads this answer; it only ends the request without a stack trace in the log.
    return problem(400, request.url.path, code="BAD_REQUEST", detail="the client went away")


async def _failed(request: Request, error: Exception) -> Response:
    error_id = str(uuid.uuid4())
    log.error(
        "%s %s failed, errorId %s", request.method, request.url.path, error_id, exc_info=error
    )
    return problem(
        500,
        request.url.path,
        code="INTERNAL",
        detail="the server failed; its log says more under this errorId",
        error_id=error_id,
    )
