"""What an operation of the API is, and what a request asks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.check import Schema

_MODULES = {
    "entitlement-groups": "entitlements",
    "license-families": "licenses",
    "service-accounts": "tokens",
}
"""The scope's module for paths whose first part has another name."""

_STATUSES = {"GET": 200, "POST": 201, "PUT": 204, "PATCH": 204, "DELETE": 204}
"""The status of success, unless the row of an operation has another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What a request asks an operation for, parsed and checked against its schemas.

    `path` has the parameters of the path in their order. `query` has every query parameter that
    the operation knows, with its default if the request leaves it out.
    """

    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None


Handler = Callable[[Work, Arguments], Any]
"""Does what an operation does, and returns the body of the answer."""

ManyHandler = Callable[
    [Sequence[tuple[Work, Arguments]], Callable[[Any], Response]], list[Response | Exception]
]
"""Does what an operation does for several requests in one transaction, in their order.

It returns for each what the second argument makes of its result, or what it raised.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Query:
    """A query parameter, known by itself. A request that leaves out a required one is refused."""

    name: str
    schema: Schema
    description: str
    default: Any = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWithHeaders:
    """The result of a handler that sets headers beside the body."""

    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one path.

    `answer` is the schema of a successful answer, and `body` that of the request; None if there
    is none. `refuses` are the statuses of problems besides those that every operation has.
    `leaves_event` is for a read that writes an event. `handle_many` is for what is asked for so
    often that requests share a transaction.
    """

    id: str
    method: str
    path: str
    summary: str
    handler: Handler
    status: int
    answer: str | None = None
    body: str | None = None
    query: tuple[Query, ...] = ()
    refuses: tuple[int, ...] = ()
    leaves_event: bool = False
    handle_many: ManyHandler | None = None

    @property
    def writes(self) -> bool:
        """Whether it needs a transaction that writes."""
        return self.leaves_event or self.method != "GET"

    @property
    def tag(self) -> str:
        """The first part of the path, which groups operations in the document."""
        return self.path.split("/")[1]

    @property
    def scope(self) -> str:
        """The scope that a token needs."""
        verb = "read" if self.method == "GET" else "write"
        return f"{verb}:{_MODULES.get(self.tag, self.tag)}"


def operation(
    id: str,  # noqa: A002  the document's own word
    request: str,
    summary: str,
    handler: Handler,
    *,
    status: int | None = None,
    **more: Any,
) -> Operation:
    """An operation as a row of a table: `request` is a method and a path.

    The status of success follows from the method unless it is given, as do tag and scope from
    method and path. `more` are further fields of `Operation`.
    """
    method, path = request.split(" ")
    return Operation(
        id=id,
        method=method,
        path=path,
        summary=summary,
        handler=handler,
        status=_STATUSES[method] if status is None else status,
        **more,
    )
