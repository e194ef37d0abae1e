"""Slugs: what one looks like, and how one comes from a name.

Source: API facts, section 2.1. The first slug made from a name is the plain one, as on the
getting-started page; only a taken one gets a random ending.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

MAX_LENGTH = 100
"""Characters: the API's limit. The shortest slug has two."""

SLUG_PATTERN = "^[a-z0-9][a-z0-9-]*[a-z0-9]$"
ATTEMPTS = 5
"""Slugs tried for one object before giving up. A random ending collides once in 16 million."""

_SLUG = re.compile(SLUG_PATTERN.strip("^$"))
_OTHER = re.compile(r"[^a-z0-9]+")
_APOSTROPHES = re.compile("['’ʼ]")
_LETTERS = str.maketrans(
    {"æ": "ae", "ð": "d", "đ": "d", "ı": "i", "ł": "l", "ø": "o", "œ": "oe", "ß": "ss", "þ": "th"}
)
"""Letters that carry no mark to strip."""


def is_slug(text: str) -> bool:
    """Whether this is a slug."""
    return 2 <= len(text) <= MAX_LENGTH and _SLUG.fullmatch(text) is not None


def slug_base(name: str) -> str:
    """A name in slug characters; empty if it has none."""
    lowered = _APOSTROPHES.sub("", name.lower().translate(_LETTERS))
    split = unicodedata.normalize("NFD", lowered)
    plain = "".join(c for c in split if not unicodedata.combining(c))
    return _OTHER.sub("-", plain).strip("-")


def slug_candidates(name: str, random_hex: Callable[[], str]) -> Iterator[str]:
    """Slugs for a new object, best first: the plain one, then ones with a random ending."""
    base = slug_base(name)
    plain = base[:MAX_LENGTH].rstrip("-")
    if is_slug(plain):
        yield plain
    for _ in range(ATTEMPTS):
        ending = random_hex()
        yield with_ending(base, ending) if base else ending


def version_slug(family_slug: str, version: int) -> str:
    """The slug that a version of a family has by default."""
    return with_ending(family_slug, f"v{version}")


def with_ending(base: str, ending: str) -> str:
    """`base-ending`, with the base cut so that it fits."""
    return f"{base[: MAX_LENGTH - len(ending) - 1].rstrip('-')}-{ending}"
