"""What an operation of the API is. The routes and the OpenAPI document come from these alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.check import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, parsed and checked against the operation's schemas."""

    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query parameter. Without a value the handler finds `default` in its place.

    One that is required has no default: a request without it is refused.
    """

    name: str
    schema: Schema
    description: str
    default: Any = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a handler gives where a body is not all: headers besides."""

    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one path.

    `answer` names the schema of a successful answer and `body` that of the request; None means
    that there is none. `refusals` are the statuses of problems besides those that every
    operation has. `leaves_event` is for a read that is written down.
    """

    id: str
    method: str
    path: str
    tag: str
    summary: str
    scope: str
    handler: Callable[[Work, Call], Any]
    status: int
    answer: str | None = None
    body: str | None = None
    query: tuple[Query, ...] = ()
    refusals: tuple[int, ...] = ()
    leaves_event: bool = False

    @property
    def writes(self) -> bool:
        """Whether it needs a transaction that writes."""
        return self.leaves_event or self.method != "GET"
