"""One copy of what thousands of objects have alike."""

from __future__ import annotations

from collections.abc import Iterable


class SharedTexts:
    """Makes tuples of texts: of equal texts, and of equal tuples, there is one.

    The grants of a license wait for the same changes. A tuple for each is as large as the value.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._tuples: dict[tuple[str, ...], tuple[str, ...]] = {}

    def of(self, texts: Iterable[str]) -> tuple[str, ...]:
        """These texts."""
        found = tuple(self._texts.setdefault(each, each) for each in texts)
        return self._tuples.setdefault(found, found)
