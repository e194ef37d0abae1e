"""What lists have in common: the search that the URL says, and the links between pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import urlencode

from kaiten_sync.server.dashboard.fields import Choice, moment_of_day
from kaiten_sync.server.dashboard.pages import Visit
from kaiten_sync.server.db.pages import Position
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.domain.times import parse_rfc3339
from kaiten_sync.server.web.arguments import parse_query
from kaiten_sync.server.web.codec import check_storable
from kaiten_sync.server.web.operations import Query
from kaiten_sync.server.web.paging import decode_cursor, encode_cursor

ROWS = 50
"""Rows on a page of a list: as many as the API gives unless told otherwise."""

_MAX_TEXT = 200
"""Characters of a search: more than anybody types, and no link carries more."""

NONE: Mapping[str, str] = MappingProxyType({})

_SKIP = Query(
    name="skip",
    schema={"type": "integer", "minimum": 0, "maximum": 1_000_000},
    description="Rows of an ordered list that the page leaves out",
    default=0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter of a list: its name in the URL, the column it is about, and its values."""

    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list as the URL asks for it: a text, values of filters, and where the page begins.

    `sort` is one of `sorts`, with a minus in front for the last first; empty for the list's order.
    `is_declared`: with its declaration, which takes longer than the list itself. `skipped` are rows
    that the page of an ordered list leaves out. `ignored` says what the URL asks for in vain.
    """

    path: str
    text: str
    values: Mapping[str, str]
    filters: tuple[Filter, ...]
    position: Position | None
    is_declared: bool
    skipped: int = 0
    sorts: Collection[str] = ()
    sort: str = ""
    ignored: Sequence[str] = ()

    @property
    def wanted(self) -> Wanted:
        """What to look for in the database."""
        return Wanted(text=self.text, values=self.values, sort=self.sort)

    def wanted_but(self, *names: str) -> Wanted:
        """The same without filters that are not columns."""
        values = {name: value for name, value in self.values.items() if name not in names}
        return Wanted(text=self.text, values=values, sort=self.sort)

    @property
    def is_narrowed(self) -> bool:
        """Whether not everything is asked for."""
        return bool(self.text or any(self.values.values()))

    @property
    def is_first(self) -> bool:
        """Whether this is the first page."""
        return self.position is None and not self.skipped

    def first(self) -> str:
        """The URL of the first page."""
        return self._link({})

    def order_of(self, name: str) -> str:
        """How the list is sorted by what has this name: ascending, descending or empty."""
        if self.sort.removeprefix("-") != name:
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"

    def sorted_by(self, name: str) -> str:
        """The URL of the first page sorted so, or the other way round if it is."""
        turned = "-" if self.order_of(name) == "ascending" else ""
        return self._link({"sort": turned + name})

    def after(self, following: Position | None) -> str | None:
        """The URL of the page that begins there."""
        return None if following is None else self._link({"cursor": encode_cursor(following)})

    def skipping(self, rows: int) -> str:
        """The URL of the page that leaves out so many rows."""
        return self._link({"skip": str(rows)})

    def elsewhere(self, path: str) -> str:
        """The URL of another page that asks for the same."""
        return replace(self, path=path).first()

    def declared(self) -> str:
        """The URL of this page with the declaration of what is on it."""
        cursor = {"cursor": encode_cursor(self.position)} if self.position else {}
        return self._link({**cursor, "declared": "on"})

    def _link(self, more: Mapping[str, str]) -> str:
        said = {"q": self.text, **self.values, "sort": self.sort, **more}
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{self.path}?{query}" if query else self.path


def listing_of(
    visit: Visit,
    path: str,
    *filters: Filter,
    texts: Collection[str] = (),
    days: Mapping[str, str] = NONE,
    sorts: Collection[str] = (),
    skips: bool = False,
) -> Listing:
    """The list that a visit asks for.

    `texts` are filters of which a text is typed, and `days` those that are dates, with their
    labels. A list that `skips` has pages by the number of their first row. What no filter and no
    sort offers is not asked for, and the page says so.

    Raises:
        RefusalError: the text cannot be looked for, or the rows to skip are not a number.
    """
    asked = {name: visit.query.get(name, "").strip()[:_MAX_TEXT] for name in ("q", *texts)}
    for name, text in asked.items():
        check_storable(text, f"query.{name}")
    ignored = []
    for each in filters:
        asked[each.name] = visit.query.get(each.name, "")
        if asked[each.name] and asked[each.name] not in {one.value for one in each.choices}:
            ignored.append(f"{each.label}: there is no choice {_quoted(asked[each.name])}.")
            asked[each.name] = ""
    for name, label in days.items():
        asked[name] = visit.query.get(name, "").strip()
        if asked[name] and parse_rfc3339(moment_of_day(asked[name])) is None:
            ignored.append(f"{label}: {_quoted(asked[name])} is not a date such as 2026-07-26.")
            asked[name] = ""
    sort = visit.query.get("sort", "")
    if sort and sort.removeprefix("-") not in sorts:
        ignored.append(f"This list cannot be sorted by {_quoted(sort)}.")
        sort = ""
    skipped = [visit.query["skip"]] if skips and "skip" in visit.query else []
    return Listing(
        path=path,
        text=asked.pop("q"),
        values=asked,
        filters=filters,
        position=decode_cursor(visit.query.get("cursor", "")),
        is_declared=bool(visit.query.get("declared")),
        skipped=int(parse_query(_SKIP, skipped)),
        sorts=sorts,
        sort=sort,
        ignored=[f"{text} The list below leaves it out." for text in ignored],
    )


def _quoted(text: str) -> str:
    return repr(text[:_MAX_TEXT].replace("\0", "\ufffd"))
