"""The table of fields that a form is, and how what was typed becomes the body of a request.

A form has the fields of a request body under the same names. Only what was edited is read: a field
that comes back as it was shown keeps the stored value, whatever the browser made of its text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Literal

from kaiten_sync.server.dashboard.figures import number_of, spell_number
from kaiten_sync.server.dashboard.texts import is_same, with_line_feeds
from kaiten_sync.server.domain.refusals import Problem, RefusalError, unprocessable
from kaiten_sync.server.domain.times import parse_rfc3339
from kaiten_sync.server.web.codec import decode_body

Kind = Literal["text", "long", "number", "choice", "flag", "flags", "matrix", "day", "json"]

_WITH_LINES = frozenset({"long", "json"})
"""Kinds whose text may have several lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several values to choose from, and its label."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form. `name` is the property of the body that answers it.

    `empty` is the value of the property if nothing is typed; by default the property is left out.
    `show` makes the text of a stored value, by default as the kind wants it. Of a `matrix`, choices
    are an action, a colon and what it is about, of which each may have one.
    """

    name: str
    label: str
    _: KW_ONLY
    kind: Kind = "text"
    choices: Sequence[Choice] = ()
    hint: str = ""
    required: bool = False
    fixed: bool = False
    empty: Any = ...
    initial: str = ""
    show: Callable[[Any], str] | None = None
    units: Sequence[str] = ()
    """The names of the unit that a number can be typed with."""

    @property
    def rows(self) -> Mapping[str, Mapping[str, str]]:
        """Of a matrix: the values to choose from, by what they are about and by action."""
        found: dict[str, dict[str, str]] = {}
        for choice in self.choices:
            action, _, about = choice.value.partition(":")
            found.setdefault(about, {})[action] = choice.value
        return found

    def typed_in(self, sent: Sent) -> Sequence[str]:
        """What was typed in it. A matrix sends a field for each of its rows."""
        if self.kind != "matrix":
            return sent.values.get(self.name, ())
        names = (self.name, *(f"{self.name}:{about}" for about in self.rows))
        return [value for name in names for value in sent.all(name)]

    def typed(self, stored: Mapping[str, Any] | None) -> Sequence[str]:
        """What the field shows of what is stored, as if it had been typed."""
        if stored is None:
            return (self.initial,) if self.initial else ()
        value = stored.get(self.name)
        if value is None or value is False:
            return ()
        if self.show is not None:
            return (self.show(value),)
        match value:
            case True:
                return ("on",)
            case list():
                return tuple(str(item) for item in value)
            case int() | float():
                return (spell_number(value),)
            case dict():
                return (json.dumps(value, ensure_ascii=False, indent=2),) if value else ()
            case _:
                return (str(value)[:10],) if self.kind == "day" else (str(value),)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form sent: all values of each field.

    `refusal` is why it cannot be taken as it is, whatever its fields mean.
    """

    values: Mapping[str, Sequence[str]]
    refusal: RefusalError | None = None

    def check(self) -> None:
        """Refuse what cannot be taken.

        Raises:
            RefusalError: it is too large, or has what cannot be stored.
        """
        if self.refusal is not None:
            raise self.refusal

    def text(self, name: str) -> str:
        """The value of a field as it was sent; empty if there is none."""
        return self.values.get(name, ("",))[-1]

    def one(self, name: str) -> str:
        """The value of a field, without blanks around it; empty if there is none."""
        return self.text(name).strip()

    def all(self, name: str) -> list[str]:
        """All values of a field that can have several."""
        return [value.strip() for value in self.values.get(name, ()) if value.strip()]


def choices(values: Iterable[str], none: str | None = None) -> tuple[Choice, ...]:
    """Choices whose labels are their values; `none` is the label of choosing nothing."""
    named = tuple(Choice(value=value, label=value) for value in values)
    return named if none is None else (Choice(value="", label=none), *named)


def fixed(field: Field) -> Field:
    """A field that shows what can never change."""
    return replace(field, fixed=True, required=False)


def read_fields(
    fields: Iterable[Field], sent: Sent, stored: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A request body of what was typed, and of what is stored where nothing was edited.

    Raises:
        RefusalError: 422 with each field in which something else has to be typed.
    """
    body: dict[str, Any] = {}
    problems: list[Problem] = []
    for field in fields:
        if field.fixed:
            continue
        try:
            value = _value(field, sent, stored or {})
        except ValueError as error:
            problems.append(Problem(str(error), f"body.{field.name}"))
        else:
            if value is not ...:
                body[field.name] = value
    if problems:
        raise unprocessable("UNPROCESSABLE", "validation failed", problems)
    return body


def is_unedited(field: Field, sent: Sent, stored: Mapping[str, Any]) -> bool:
    """Whether a field came back as it is shown of what is stored."""
    shown = field.typed(stored)
    if field.kind in ("flag", "flags"):
        offered = {choice.value for choice in field.choices} or set(shown)
        return set(sent.all(field.name)) == set(shown) & offered
    has_lines = field.kind in _WITH_LINES
    return is_same(sent.text(field.name), shown[-1] if shown else "", has_lines=has_lines)


def _value(field: Field, sent: Sent, stored: Mapping[str, Any]) -> Any:
    kept = stored.get(field.name)
    if kept is not None and is_unedited(field, sent, stored):
        return kept
    if field.kind == "flag":
        # Not ticked is not an answer: what was never said to be active is not inactive.
        return True if sent.one(field.name) else field.empty if kept is None else False
    if field.kind == "flags":
        offered = {choice.value for choice in field.choices}
        return [*sent.all(field.name), *(each for each in kept or () if each not in offered)]
    if field.kind == "matrix":
        return list(field.typed_in(sent))
    text = with_line_feeds(sent.text(field.name))
    if not text.strip():
        if field.required:
            raise ValueError("this is needed")
        return field.empty
    if field.kind == "number":
        return number_of(text, field.units)
    return _PARSERS.get(field.kind, str.strip)(text)


def json_of(text: str) -> Any:
    """The JSON object that was typed.

    Raises:
        ValueError: it is not an object; the message says what to type.
    """
    try:
        value = decode_body(text.encode(), "this")
    except RefusalError as error:
        raise ValueError(f'type JSON, such as {{"region": "eu"}}: {error.detail}') from error
    if not isinstance(value, dict):
        raise ValueError('type a JSON object, such as {"region": "eu"}')
    return value


def moment_of_day(text: str) -> str:
    """A day as the API writes its first moment; a text that is not a day stays as it is."""
    first = f"{text.strip()}T00:00:00Z"
    return text if parse_rfc3339(first) is None else first


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "long": str,
    "day": moment_of_day,
    "json": json_of,
}
