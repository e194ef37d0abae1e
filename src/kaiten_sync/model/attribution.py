"""Who wrote a declared line, and when."""

from __future__ import annotations

from kaiten_sync.immutable import Immutable


class Attribution(Immutable, frozen=True, kw_only=True):
    """The commit that a line comes from. `date` is RFC 3339, with the author's zone.

    `commit` is None for a line that is not committed yet, and for one that is older than a shallow
    clone reaches (`is_cut_off`); then so are author and date.
    """

    commit: str | None = None
    author: str | None = None
    date: str | None = None
    is_cut_off: bool = False
