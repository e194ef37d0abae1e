"""Reads a list to its end, whichever of the API's two shapes it has, or refuses to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kaiten_sync.api.bounds import TooLargeError
from kaiten_sync.api.client import Answer, Client
from kaiten_sync.api.settings import ANSWER_LIMIT_BYTES
from kaiten_sync.errors import IncompleteReadingError
from kaiten_sync.model.reading import PAGE_SIZE

MAX_PAGES = 10_000
"""Two million objects: far more than a catalog has, and an end to a list that has none."""

LIST_LIMIT_BYTES = 8 * ANSWER_LIMIT_BYTES
"""Of all pages together, unpacked: what a list has is in memory at once, and pages that are packed
cost a server nothing. A catalog of 20,000 grants has about 10 MB."""

_MOST_CURSOR = 2_000
"""Characters of a cursor, which goes into the next URL; Kaiten's have about 100."""

_HINT = "someone may be changing the catalog right now: run it again"


class ListPage(NamedTuple):
    """One page of a list."""

    items: list[Any]
    has_more: bool


def read_all(client: Client, path: str) -> Iterator[Any]:
    """Every item of a list. Raises as `read_pages` does."""
    for page in read_pages(client, path):
        yield from page.items


def read_pages(client: Client, path: str) -> Iterator[ListPage]:
    """Every page of a list, each read when it is asked for.

    Understands cursor pages `{items, nextCursor, hasMore}` and the older bare arrays (API
    facts, sections 3 and 5).

    Raises:
        IncompleteReadingError: the pages repeat, do not add up, or are too many or too large.
    """
    seen: set[str] = set()
    params: dict[str, str | int] = {"limit": PAGE_SIZE}
    size_bytes = count = 0
    while True:
        answer = _page(client, path, params)
        body, size_bytes = answer.body, size_bytes + answer.size_bytes
        if size_bytes > LIST_LIMIT_BYTES:
            raise IncompleteReadingError(
                f"GET {path}: the list is larger than {LIST_LIMIT_BYTES / 1024 / 1024:g} MiB",
                hint="is this a Kaiten server?",
            )
        # The getting-started generation answers with the whole list at once.
        if isinstance(body, list):
            yield ListPage(body, has_more=False)
            return
        items = _items(body, path)
        count += len(items)
        cursor = _next_cursor(body, path, count)
        yield ListPage(items, has_more=cursor is not None)
        if cursor is None:
            return
        # A page that comes again, and an empty one that promises more, would be read for ever.
        if cursor in seen or not items:
            repeated = "repeats a page" if cursor in seen else "sends an empty page and has more"
            raise IncompleteReadingError(f"GET {path}: the server {repeated}", hint=_HINT)
        seen.add(cursor)
        if len(seen) >= MAX_PAGES:
            raise IncompleteReadingError(
                f"GET {path}: the list has not ended after {MAX_PAGES:,} pages",
                hint="is this a Kaiten server?",
            )
        params["cursor"] = cursor


def _page(client: Client, path: str, params: dict[str, str | int]) -> Answer:
    """One page, in smaller pages from here on if it is too large."""
    while True:
        try:
            return client.get(path, params)
        except TooLargeError:
            size = int(params["limit"])
            if size == 1:
                raise
            params["limit"] = size // 2


def _items(body: object, path: str) -> list[Any]:
    if isinstance(body, dict):
        items = body.get("items")
        if isinstance(items, list):
            return items
        if items is None and body.get("hasMore") is False:
            return []
    raise IncompleteReadingError(
        f"GET {path}: the answer is not a list", hint="is this a Kaiten server?"
    )


def _next_cursor(body: dict[str, Any], path: str, count: int) -> str | None:
    """Where the list goes on, None at its end; `count` items of it are read."""
    cursor = body.get("nextCursor")
    has_more = body.get("hasMore")
    # Half a list that is taken for a whole one would have its other half made again, or let go.
    if not (has_more is None or isinstance(has_more, bool)) or (has_more is False and cursor):
        raise IncompleteReadingError(
            f"GET {path}: the server contradicts itself about whether there is another page",
            hint="is this a Kaiten server? The last page has `hasMore: false` and no `nextCursor`",
        )
    # A server that leaves `hasMore` out and names a next page has one.
    if cursor if has_more is None else has_more:
        if isinstance(cursor, str) and 0 < len(cursor) <= _MOST_CURSOR:
            return cursor
        raise IncompleteReadingError(
            f"GET {path}: the server has more and does not say how to get it", hint=_HINT
        )
    total = body.get("total")
    if isinstance(total, int) and total > count:
        raise IncompleteReadingError(
            f"GET {path}: the server gave {count} of {total} and no way to the rest", hint=_HINT
        )
    return None
