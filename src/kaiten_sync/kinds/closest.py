"""Which known word an unknown one probably means: hints for whoever mistyped one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

COMPARISONS = 100_000
"""Pairs of words that one reading compares: a few seconds at most. Fifty mistyped slugs in a
catalog of two thousand objects get hints; a hostile file of megabytes has a billion pairs."""

LONGEST = 100
"""Characters of the words compared, as of a slug: the time grows with their product."""


class Suggestions:
    """Hints for the unknown words of one reading, as long as `COMPARISONS` last."""

    def __init__(self) -> None:
        """Begin with all comparisons left."""
        self._left = COMPARISONS

    def meant(self, word: str, known: Iterable[str]) -> str | None:
        """A hint that names the closest known word, if one is close."""
        if self._left <= 0:
            return None
        words = list(known)
        self._left -= len(words)
        return did_you_mean(word, words) if len(words) <= COMPARISONS else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest of a few known words, if one is close."""
    meant = closest(word, known)
    return f"did you mean '{meant}'?" if meant else None


def closest(word: str, known: Iterable[str]) -> str | None:
    """The closest of a few known words, letter case aside, if one is close."""
    if len(word) > LONGEST:
        return None
    others = (name for name in sorted(known) if len(name) <= LONGEST and name != word)
    by_lowered = {name.lower(): name for name in others}
    close = get_close_matches(word.lower(), by_lowered, n=1, cutoff=0.6)
    return by_lowered[close[0]] if close else None
