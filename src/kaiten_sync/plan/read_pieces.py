"""Reads a plan file piece by piece, if it has the form in which plans are written.

As JSON, all of it takes several times the memory of the plan. Whoever calls compares the file with
what is written of the plan that is found, so nothing is checked here that this shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kaiten_sync.documents import from_bytes
from kaiten_sync.documents.plan import ChangeDocument, ObservedDocument, PlanDocument
from kaiten_sync.model.address import Address
from kaiten_sync.model.managed import Managed
from kaiten_sync.model.plan import ObservedObjects, Plan
from kaiten_sync.plan.plan_codec import fingerprint_of, plan_of
from kaiten_sync.plan.read_parts import PartReader

_LONG = re.compile(rb'\n  "(changes|managed|observed)": (?:\[\n    \{|\{\n    ")')
"""How what has a part for each object begins. No text in JSON has a line feed."""

_LONGEST_BEGIN = 40
"""Bytes; no beginning is longer."""


def plan_of_pieces(pieces: Iterable[bytes]) -> Plan:
    """The plan that a file describes.

    Raises:
        ValueError: it has another form, or does not describe a plan.
    """
    text, reader, frame = _Pieces(pieces), PartReader(), bytearray()
    changes, observed, managed = [], ObservedObjects(()), Managed(())
    while True:
        before, name = text.up_to(_LONG)
        frame += before
        match name:
            case b"changes":
                found = text.parts(b"\n    },\n    {", b"\n    }\n  ]")
                changes = [reader.change(from_bytes(ChangeDocument, b"{%b}" % e)) for e in found]
                frame += b'\n  "changes": []'
            case b"observed":
                found = text.parts(b"\n    },\n    {", b"\n    }\n  ]")
                documents = (from_bytes(ObservedDocument, b"{%b}" % e) for e in found)
                observed = ObservedObjects(map(reader.observed, documents))
                frame += b'\n  "observed": []'
            case b"managed":
                managed = Managed(_marks(reader, text.parts(b',\n    "', b"\n  }")))
                frame += b'\n  "managed": {}'
            case _:
                break
    document = from_bytes(PlanDocument, bytes(frame))
    del reader  # what it shares between parts takes a tenth of their memory
    return plan_of(document, tuple(changes), observed, managed)


def _marks(reader: PartReader, parts: Iterable[bytes]) -> Iterator[tuple[Address, str]]:
    for part in parts:
        for text, mark in from_bytes(dict[str, str], b'{"%b}' % part).items():
            yield reader.address(text), fingerprint_of(mark)


class _Pieces:
    """A text that comes in pieces, of which no more is kept than what is looked at.

    No byte is looked at twice, but for a mark that two pieces share: a part may be as long as the
    file.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._text = bytearray()

    def up_to(self, mark: re.Pattern[bytes]) -> tuple[bytes, bytes]:
        """What comes before a mark, and the group of it; all of it and nothing without one."""
        before = bytearray()
        while (found := mark.search(self._text)) is None:
            whole = max(0, len(self._text) - _LONGEST_BEGIN)
            before += self._text[:whole]
            del self._text[:whole]
            if not self._more():
                return bytes(before + self._text), b""
        before += self._text[: found.start()]
        name = found[1]
        self._text = self._text[found.end() :]
        return bytes(before), name

    def parts(self, separator: bytes, end: bytes) -> Iterator[bytes]:
        """What is between separators, up to an end.

        Raises:
            ValueError: there is none.
        """
        seen = 0
        while (place := self._text.find(end, seen)) < 0:
            if self._text.find(separator, seen) >= 0:
                *whole, self._text = self._text.split(separator)
                yield from map(bytes, whole)
            seen = max(0, len(self._text) - max(len(separator), len(end)) + 1)
            if not self._more():
                raise ValueError("it ends too early")
        last, self._text = self._text[:place], self._text[place + len(end) :]
        yield from map(bytes, last.split(separator))

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        self._text += piece or b""
        return piece is not None
