"""Kinds of objects in the 1.0 contract that this server does not have.

A client that looks through everything, such as Kaiten's MCP server, finds none of them: their lists
are empty. Whatever else is asked of them, and of what belongs to them, is answered with a sentence
that says so.
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

_LISTS: Mapping[str, str] = {
    "components": "components",
    "connectors": "organizations",
    "deployment-zones": "deployment_zones",
    "feature-flags": "feature_flags",
    "metadata-fields": "metadata_fields",
    "releases": "releases",
}
"""The scope's module of each kind that has a list, by the first part of its path."""

_PARTS: Mapping[str, tuple[str, str]] = {
    "customers/{of}/integrations/{rest:path}": ("integrations", "customers"),
    "instances/{of}/integrations/{rest:path}": ("integrations", "instances"),
    "integration/{of}/customer/{rest:path}": ("integrations", "customers"),
    "integration/{of}/instance/{rest:path}": ("integrations", "instances"),
    "ofrep/v1/evaluate/flags": ("feature flags", "feature_flags"),
    "ofrep/v1/evaluate/flags/{rest:path}": ("feature flags", "feature_flags"),
    "openfeature/v0/manifest": ("feature flags", "feature_flags"),
    "v1/notification-preferences": ("notifications", "notifications"),
    "v1/notifications": ("notifications", "notifications"),
    "v1/notifications/{rest:path}": ("notifications", "notifications"),
}
"""What has no list, and the scope's module, by path."""

_EVALUATION = "ofrep/"
"""Below this, a POST only reads."""

_EMPTY_PAGE = encode({"items": [], "hasMore": False})
_EMPTY_ARRAY = encode([])
_WITHOUT_PAGES = frozenset({"connectors"})
"""Lists that the contract does not cut into pages."""


def routes_not_served(surroundings: Surroundings, mount: str) -> list[Route]:
    """The routes of these kinds, below the path of the API."""
    answers = {
        f"{kind}{rest}": _Answers(
            surroundings,
            kind.replace("-", " "),
            module,
            page=None if rest else _EMPTY_ARRAY if kind in _WITHOUT_PAGES else _EMPTY_PAGE,
        )
        for kind, module in _LISTS.items()
        for rest in ("", "/{rest:path}")
    }
    for path, (kind, module) in _PARTS.items():
        only_reads = path.startswith(_EVALUATION)
        answers[path] = _Answers(surroundings, kind, module, only_reads=only_reads)
    return [
        Route(f"{mount}/{path}", answer.__call__, methods=list(_METHODS))
        for path, answer in answers.items()
    ]


class _Answers:
    """Answers what is asked of one kind. `page` is the list of them, if this is its path."""

    def __init__(
        self,
        surroundings: Surroundings,
        kind: str,
        module: str,
        *,
        page: bytes | None = None,
        only_reads: bool = False,
    ) -> None:
        self._surroundings = surroundings
        self._kind = kind
        self._module = module
        self._page = page
        self._only_reads = only_reads

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            await run_in_threadpool(self._let_in, request)
            if request.method not in ("GET", "HEAD") or self._page is None:
                raise not_found(
                    "NotServed.NotFound",
                    f"this server has no {self._kind}; it serves the catalog,"
                    " customers, instances, usage, webhooks and service accounts",
                )
        except RefusalError as error:
            return refused(error, request.scope["path"])
        return Response(self._page, media_type="application/json")

    def _let_in(self, request: Request) -> None:
        reads = self._only_reads or request.method in ("GET", "HEAD")
        with unless_unavailable(), self._surroundings.database.reading() as connection:
            caller_of(
                self._surroundings,
                connection,
                request.headers.get("authorization"),
                address_of(request),
                f"{'read' if reads else 'write'}:{self._module}",
                self._surroundings.clock(),
            )
