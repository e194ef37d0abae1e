"""Pages of lists: their parameters, their cursors, their shape. Source: API facts, section 3."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from kaiten_sync.server.db.pages import Position
from kaiten_sync.server.domain.refusals import invalid
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Arguments, Query

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
"""Items of a page, if nothing is asked for and at most. Source: API facts, section 3."""

_MAX_TIME = 2**53
"""Milliseconds: later than any date, and still exact as a number in JSON."""

_MAX_CURSOR = 300
"""Characters: more than any cursor of ours has."""

_MAX_ID = 73
"""Characters of the ids of a counter: its instance's and its entitlement's."""

CURSOR = Query(
    name="cursor",
    schema={"type": "string"},
    description="Opaque pagination cursor from a previous response's nextCursor",
)
LIMIT = Query(
    name="limit",
    schema={"type": "integer", "format": "int32", "minimum": 1, "maximum": MAX_LIMIT},
    description=f"Maximum number of entries to return (default {DEFAULT_LIMIT}, max {MAX_LIMIT})",
    default=DEFAULT_LIMIT,
)
PAGING = (CURSOR, LIMIT)


def position_of(asked: Arguments, resource: str, of: str | None = None) -> Position | None:
    """Where the page that is asked for begins; None for the first.

    `of` names the list if several are refused under the code of one resource.

    Raises:
        RefusalError: the cursor is not one that this server made for this list.
    """
    cursor = asked.query["cursor"]
    if not cursor:
        return None
    position = decode_cursor(cursor, of or resource)
    if position is None:
        detail = "the cursor is not one that this server gave for this list"
        raise invalid(f"{resource}.InvalidCursor", detail)
    return position


def page_body(
    items: Sequence[Any], following: Position | None, of: str, name: str = "items"
) -> dict[str, Any]:
    """A page of a list as the API shows it, with its items under this name."""
    body: dict[str, Any] = {name: items, "hasMore": following is not None}
    if following is not None:
        body["nextCursor"] = encode_cursor(following, of)
    return body


def page_schema(item: str) -> Schema:
    """The schema of a page of these items."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "items": {"type": "array", "items": {"$ref": f"#/components/schemas/{item}"}},
            "hasMore": {
                "type": "boolean",
                "description": "Whether more rows exist beyond this page.",
            },
            "nextCursor": {
                "type": "string",
                "description": "Opaque cursor for the next page. Absent when hasMore is false.",
            },
        },
        "required": ["items", "hasMore"],
    }


def encode_cursor(position: Position, of: str = "") -> str:
    """A position as clients send it back, in the list of this name if only it is to take it."""
    # Not signed: all that a forged cursor reaches is another page of a list that may be read
    # anyway.
    text = json.dumps({"createdAt": position.created_at, "id": position.id, "list": of})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, of: str | None = None) -> Position | None:
    """The position that a cursor means; None if this server did not make it.

    With `of`, it was made for the list of this name: in another one it would leave out, without a
    word, whatever that list has before it.
    """
    if len(cursor) > _MAX_CURSOR or not cursor.isascii():
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        value = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    match value:
        case {"createdAt": int(time), "id": str(key), "list": str(name)} if of in (None, name):
            # Before a database sees it: PostgreSQL refuses a NUL, and a number beyond its
            # columns, with 500.
            in_range = 0 <= time <= _MAX_TIME and len(key) <= _MAX_ID and key.isascii()
            is_ours = in_range and "\0" not in key and not isinstance(time, bool)
            return Position(time, key) if is_ours else None
    return None
