"""What is wrong with words that are none of those a request may choose from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from kaiten_sync.server.domain.refusals import Problem

_MAX_SHOWN = 100
"""Characters of an unknown word that are compared, and repeated in the answer."""

_MAX_COMPARED = 20
"""Unknown words of a request that are compared with the known ones: a body has room for many."""


def unknown_words(
    message: str, words: Iterable[tuple[str, str]], known: Collection[str]
) -> list[Problem]:
    """A problem for each of these words, which have their place; it names what is nearest."""
    problems: list[Problem] = []
    for place, word in words:
        shown = word[:_MAX_SHOWN]
        near = _nearest(shown, known) if len(problems) < _MAX_COMPARED else None
        meant = f"; did you mean {near}?" if near else ""
        problems.append(Problem(f"{message}{meant}", place, shown))
    return problems


def _nearest(word: str, known: Collection[str]) -> str | None:
    by_lowered = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), by_lowered, n=1)
    return by_lowered[close[0]] if close else None
