"""Hides the tokens that a process has, wherever a text leaves it: streams, files, answers.

A token is given to one server, in one header. That server may send it back, in a name or in the
detail of an error, and a person may paste it into an option or a URL. So the edges (`api`, `cli`,
`disk`) pass whatever they take in or let out through here.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

MASK = "***"

_T = TypeVar("_T")
_LOOKS_LIKE_TOKEN = re.compile(r"(?:ksh_|ksm_|whsec_)[A-Za-z0-9_+/=-]+")
_PREFIX = re.compile(r"^(?:ksh_|ksm_|whsec_)")
_SHORTEST_SECRET = 8
"""Characters. Hiding a shorter text would hide ordinary words, too."""
_SHORTEST_PART = 16
"""Characters of a token that are a secret without its prefix, or in another spelling."""
_SEPARATORS = bytes(each for each in range(256) if not re.match(rb"[A-Za-z0-9_]", bytes([each])))
"""What a token can be taken apart with and still be read: spaces, hyphens, all beyond ASCII."""

_LOWER = bytes(range(256)).lower()


class Redaction:
    """The secrets to hide. They can only become more."""

    def __init__(self, *secrets: str | None) -> None:
        self._forms: frozenset[str] = frozenset()
        self._runs: frozenset[bytes] = frozenset()
        self._short: frozenset[str] = frozenset()
        for secret in secrets:
            self.hold(secret)

    def __repr__(self) -> str:
        return "Redaction()"

    def hold(self, secret: str | None) -> None:
        """Hide this secret from now on, in every spelling that costs little to look for."""
        if secret is None or (len(secret) < _SHORTEST_SECRET and not _PREFIX.match(secret)):
            return
        forms = {form.lower() for form in _spellings(secret)}
        self._forms |= forms
        # In lines of 76 characters, or with a colon after each byte, an encoding is the same one.
        runs = {form: _run(_PREFIX.sub("", form)) for form in forms}
        self._runs |= {run for run in runs.values() if len(run) >= _SHORTEST_PART}
        self._short |= {form for form, run in runs.items() if len(run) < _SHORTEST_PART}

    def hold_all_in(self, texts: Iterable[str]) -> None:
        """Hide whatever in these texts looks like a Kaiten credential."""
        for text in texts:
            for secret in _LOOKS_LIKE_TOKEN.findall(text):
                self.hold(secret)

    def is_in(self, text: str) -> bool:
        """Whether a text contains a secret, in one piece or taken apart."""
        return self.search()(text)

    def search(self) -> Callable[[str], bool]:
        """What takes a text part by part, and returns whether there is a secret up to this part.

        Also one that is where two parts meet.
        """
        longest = max((0, *map(len, self._runs), *map(len, self._short)))
        lowered, run = "", b""

        def is_in(text: str) -> bool:
            nonlocal lowered, run
            lowered = lowered[max(0, len(lowered) - longest) :] + (
                text.lower() if self._short else ""
            )
            # A text that has a long form in one piece has its run as well.
            run = run[max(0, len(run) - longest) :] + (_run(text) if self._runs else b"")
            return any(each in run for each in self._runs) or any(
                form in lowered for form in self._short
            )

        return is_in

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if not self.is_in(text):
            return text
        for pattern in _patterns(self._forms, self._runs):
            text = pattern.sub(MASK, text)
        return text

    def of_json(self, value: _T) -> _T:
        """The JSON value without secrets in its texts and keys."""
        found: Any = value
        match value:
            case str():
                found = self(value)
            case list():
                found = [self.of_json(each) for each in value]
            case dict():
                found = {self(key): self.of_json(each) for key, each in value.items()}
        return found  # type: ignore[no-any-return]  # of the same shape


@lru_cache(maxsize=1)
def _patterns(forms: frozenset[str], runs: frozenset[bytes]) -> Sequence[re.Pattern[str]]:
    """What finds them in a text. Compiling takes 20 ms, and few commands ever meet a secret."""
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    alternatives = [
        [re.escape(form) for form in longest_first],
        [r"[^A-Za-z0-9_]*".join(run.decode()) for run in sorted(runs)],
    ]
    return [re.compile("|".join(each), re.IGNORECASE) for each in alternatives if each]


def _run(text: str) -> bytes:
    """The characters of a text that tokens have, in lower case and without what separates them."""
    # Beyond ASCII, a sign such as that of Kelvin is a letter in lower case.
    lowered = text if text.isascii() else text.lower()
    return lowered.encode("utf-8", "surrogatepass").translate(_LOWER, _SEPARATORS)


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    content = secret.encode("utf-8", "surrogateescape")
    bare = _PREFIX.sub("", secret)
    if len(bare) < _SHORTEST_PART:
        return
    yield bare
    yield quote(secret, safe="")
    yield "".join(f"%{byte:02x}" for byte in content)
    yield "".join(f"\\u{ord(character):04x}" for character in secret)
    yield content.hex()
    for before in range(3):
        # In the middle of a longer text, three bytes share four characters: those at the seams
        # depend on the neighbors.
        encoded = base64.b64encode(bytes(before) + content).decode().rstrip("=")
        seam = 1 if (before + len(content)) % 3 else 0
        inside = encoded[(0, 2, 3)[before] : len(encoded) - seam]
        yield inside
        yield inside.replace("+", "-").replace("/", "_")
