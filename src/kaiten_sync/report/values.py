"""One value on one line. Stage 7.

Text is shown as it is where nobody can misread it, and in quotes, with escapes, everywhere else.
"""

from __future__ import annotations

import json
import re

from kaiten_sync.licensing import isolated, quantity_text
from kaiten_sync.model.value import ABSENT, Absent, Json, Unit, is_number
from kaiten_sync.report.safe_text import escaped, safe_json, safe_text

LIMIT = 80
"""Characters of a value that are shown unless told: about one line of a terminal."""

NOT_SET = "(not set)"
"""Shown for an absent side beside one that exists."""

_LOOKS_LIKE_ANOTHER_TYPE = re.compile(r"null|true|false|[-+.]?[0-9][-+.:_0-9eE]*")
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that show nothing, and that Python calls printable nevertheless.

Source: Unicode 15, `Default_Ignorable_Code_Point`; and U+2800, a Braille pattern without a dot.
"""

_OPENS_SOMETHING_ELSE = tuple("\"'[{(")


def value_text(value: Json | Absent, limit: int = LIMIT) -> str:
    """A value on one line, at most about `limit` characters; nothing for ABSENT."""
    return "" if value is ABSENT else _finished(value, _middle_cut(_whole(value), limit))


def amount_text(
    value: Json | Absent, unit: Unit, limit: int = LIMIT, *, may_scale: bool = True
) -> str:
    """As `value_text`, of a field whose numbers are amounts: `1,000`, `10 GB`."""
    if not is_number(value):
        return value_text(value, limit)
    shown = _middle_cut(quantity_text(value, unit, may_scale=may_scale), limit)
    return isolated(safe_text(shown))


def pair_texts(
    before: Json | Absent, after: Json | Absent, limit: int = LIMIT
) -> tuple[str | None, str | None]:
    """Two values on one line each, None for ABSENT.

    Long ones that differ only where they would be cut are shown around the first difference. Texts
    that look the same show the escapes of the characters that cannot be seen.
    """
    if before is ABSENT or after is ABSENT:
        return _side(before, limit), _side(after, limit)
    one, other = _whole(before), _whole(after)
    shown_one, shown_other = _middle_cut(one, limit), _middle_cut(other, limit)
    if shown_one == shown_other and one != other:
        pairs = enumerate(zip(one, other, strict=False))
        first = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
        # A quarter of the room is for what is before the difference, to find the place by.
        start = max(0, first - limit // 4)
        shown_one, shown_other = _window(one, start, limit), _window(other, start, limit)
    if (
        {type(before), type(after)} == {str}
        and one != other
        and _INVISIBLE.sub("", one) == _INVISIBLE.sub("", other)
    ):
        return _with_escapes(shown_one), _with_escapes(shown_other)
    return _finished(before, shown_one), _finished(after, shown_other)


def cut(text: str, limit: int = LIMIT) -> str:
    """Text shortened in the middle, with the number of characters left out."""
    shown = _middle_cut(text, limit)
    # It may have lost one end of an isolate.
    return isolated(shown) if shown != text and not shown.isprintable() else shown


def _side(value: Json | Absent, limit: int) -> str | None:
    return None if value is ABSENT else value_text(value, limit)


def _whole(value: Json | Absent) -> str:
    if isinstance(value, str):
        return value
    return safe_json(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _with_escapes(shown: str) -> str:
    text = _INVISIBLE.sub(lambda found: json.dumps(found[0])[1:-1], escaped(shown))
    return isolated(f'"{text}"')


def _finished(value: Json | Absent, shown: str) -> str:
    """Quotes for text that could be misread without."""
    is_plain = (
        shown.isprintable()
        and safe_text(shown) == shown
        and bool(shown)
        and shown == shown.strip()
        and not _LOOKS_LIKE_ANOTHER_TYPE.fullmatch(shown)
        and not shown.startswith(_OPENS_SOMETHING_ELSE)
        # Between two values the arrow is ours.
        and "→" not in shown
    )
    return isolated(shown if not isinstance(value, str) or is_plain else f'"{escaped(shown)}"')


def _middle_cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    # Most of the room is for the beginning, by which people recognize a value; the rest is for
    # the number that is left out.
    head, tail = limit * 2 // 3, limit // 4
    return f"{text[:head]}…[{len(text) - head - tail:,} more]…{text[len(text) - tail :]}"


def _window(text: str, start: int, limit: int) -> str:
    before = f"…[{start:,} more]…" if start else ""
    left = len(text) - start - limit
    after = f"…[{left:,} more]…" if left > 0 else ""
    return f"{before}{text[start : start + limit]}{after}"
