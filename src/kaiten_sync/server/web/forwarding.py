"""Handlers that only forward: what a request says goes to a use case, its result to a shape.

A use case gets the parameters of the path in their order. What else it takes is given by keyword:
the name of a property of the body (of the query, for operations without a body), or a function
that reads the whole body.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.operations import Arguments, Handler
from kaiten_sync.server.web.paging import page_body, position_of

T = TypeVar("T")
Source = str | Callable[[Mapping[str, Any]], Any]
Items = tuple[Iterable[Any], Position | None]
"""The items of one page as the API shows them, and where the next page begins."""

_UNLIKE = {"overage_percent": "limitCapExceededOveragePercent"}
"""Properties that are not called like the field that they are read into."""


def forward(
    use: Callable[..., Any], shape: Callable[[Any], Any] | None = None, **takes: Source
) -> Handler:
    """A handler that calls a use case and shapes its result; without `shape` there is no body."""

    def handle(work: Work, asked: Arguments) -> Any:
        result = use(work, *asked.path.values(), **_taken(asked, takes))
        return None if shape is None else shape(result)

    return handle


def paged(
    resource: str,
    use: Callable[..., Any],
    shape: Callable[[Any], Items],
    items: str = "items",
    of: str | None = None,
    **takes: Source,
) -> Handler:
    """A handler that answers with one page of a list.

    `resource` is the first part of the code that refuses a wrong cursor, and `items` the property
    of the answer that has the items. `of` names the list if another has the same `resource`.
    """

    def handle(work: Work, asked: Arguments) -> dict[str, Any]:
        position = position_of(asked, resource, of)
        limit = asked.query["limit"]
        result = use(work, *asked.path.values(), position, limit, **_taken(asked, takes))
        shown, following = shape(result)
        return page_body(list(shown), following, of or resource, items)

    return handle


def each(shape: Callable[[Any], Any]) -> Callable[[RowPage[Any]], Items]:
    """Shapes every row of a page."""
    return lambda page: (map(shape, page.rows), page.next)


def each_view(shape: Callable[[Any], Any]) -> Callable[[tuple[RowPage[Any], Iterable[Any]]], Items]:
    """Shapes every view of a page that comes with views of its rows."""
    return lambda found: (map(shape, found[1]), found[0].next)


def reads(kind: type[T]) -> Callable[[Mapping[str, Any]], T]:
    """Reads a body into the fields of a dataclass: `start_date` is the property `startDate`.

    A property that is left out leaves its field at the default.
    """
    names = {property_of(field.name): field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]

    def read(body: Mapping[str, Any]) -> T:
        return kind(**{field: body[name] for name, field in names.items() if name in body})

    return read


def property_of(field: str) -> str:
    """The property of a body that is read into a field of this name."""
    first, *rest = field.split("_")
    return _UNLIKE.get(field, first + "".join(word.capitalize() for word in rest))


def _taken(asked: Arguments, takes: Mapping[str, Source]) -> dict[str, Any]:
    said = asked.query if asked.body is None else asked.body
    return {
        name: said.get(source) if isinstance(source, str) else source(asked.body)
        for name, source in takes.items()
    }
