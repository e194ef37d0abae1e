"""Kinds of objects in the 1.0 contract that this server does not have.

A client that looks through everything, such as Kaiten's MCP server, finds none of them: their lists
are empty. Whatever else is asked of them is answered with a sentence that says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kaiten_sync.server.domain.refusals import RefusalError, not_found
from kaiten_sync.server.web.codec import encode
from kaiten_sync.server.web.problems import refused
from kaiten_sync.server.web.throttle import address_of
from kaiten_sync.server.web.transactions import Surroundings, caller_of, unless_unavailable

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_SCOPES: Mapping[str, str] = {
    "components": "components",
    "connectors": "organizations",
    "deployment-zones": "deployment_zones",
    "feature-flags": "feature_flags",
    "metadata-fields": "metadata_fields",
    "releases": "releases",
}
"""The scope's module of each, by the first part of its path."""

_EMPTY_PAGE = encode({"items": [], "hasMore": False})
_EMPTY_ARRAY = encode([])
_WITHOUT_PAGES = frozenset({"connectors"})
"""Lists that the contract does not cut into pages."""


def routes_not_served(surroundings: Surroundings, mount: str) -> list[Route]:
    """The routes of these kinds, below the path of the API."""
    return [
        Route(
            f"{mount}/{kind}{rest}", _Answers(surroundings, kind).__call__, methods=list(_METHODS)
        )
        for kind in _SCOPES
        for rest in ("", "/{rest:path}")
    ]


class _Answers:
    """Answers what is asked of one kind."""

    def __init__(self, surroundings: Surroundings, kind: str) -> None:
        self._surroundings = surroundings
        self._kind = kind

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            await run_in_threadpool(self._let_in, request)
            is_list = "rest" not in request.path_params
            if request.method not in ("GET", "HEAD") or not is_list:
                raise not_found(
                    "NotServed.NotFound",
                    f"this server has no {self._kind.replace('-', ' ')}; it serves the catalog,"
                    " customers, instances, usage, webhooks and service accounts",
                )
        except RefusalError as error:
            return refused(error, request.scope["path"])
        body = _EMPTY_ARRAY if self._kind in _WITHOUT_PAGES else _EMPTY_PAGE
        return Response(body, media_type="application/json")

    def _let_in(self, request: Request) -> None:
        action = "read" if request.method in ("GET", "HEAD") else "write"
        with unless_unavailable(), self._surroundings.database.reading() as connection:
            caller_of(
                self._surroundings,
                connection,
                request.headers.get("authorization"),
                address_of(request),
                f"{action}:{_SCOPES[self._kind]}",
                self._surroundings.clock(),
            )
