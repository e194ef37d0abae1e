"""Forms: what they ask for, how what was typed becomes a request body, and what is wrong where.

A form has the fields of a request body under the same names. What is typed wrongly is found by
the checks of the API and shown at the field; the rest of what was typed stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qs

from kaiten_sync.server.domain.refusals import Fault, RefusalError, conflict, invalid, unprocessable
from kaiten_sync.server.web.codec import check_storable, decode_body

Kind = Literal["text", "long", "number", "choice", "flag", "flags", "day", "json"]

MAX_FIELDS = 200
"""Fields that one form may send: more than any of ours has."""

_FIELD_OF_CODE = {
    "AlreadyAssociated": "entitlementSlug",
    "CustomerNotFound": "customerSlug",
    "DefaultMustBePublished": "isDefault",
    "EntitlementNotFound": "entitlementSlug",
    "ExpiresInThePast": "expiresAt",
    "FamilyNotFound": "familySlug",
    "GroupNotFound": "groupSlugs",
    "InvalidEnforcementPolicyConfiguration": "warningThresholdPercent",
    "InvalidIcon": "icon",
    "InvalidLimitCapExceededOveragePercent": "limitCapExceededOveragePercent",
    "InvalidResetConfiguration": "resetPeriod",
    "InvalidTypeConfiguration": "meterType",
    "InvalidUnitsConfiguration": "unitSingular",
    "InvalidValue": "value",
    "LicenseArchived": "licenseSlug",
    "LicenseNotFound": "licenseSlug",
    "NameConflict": "name",
    "NameTooLong": "name",
    "SlugConflict": "slug",
    "TypeRequired": "type",
    "VersionNotSettable": "version",
}
"""Which field a refusal is about that names none, by the end of its code."""

STATE_FIELD = "form_state"
"""What a form says of the state that it was made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several values to choose from, and what it is called."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of a form. `name` is the property of the body that answers it.

    `empty` is what the body says where nothing is typed; by default the property is left out.
    """

    name: str
    label: str
    kind: Kind = "text"
    choices: Sequence[Choice] = ()
    hint: str = ""
    required: bool = False
    fixed: bool = False
    empty: Any = ...
    initial: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form sent: all values of each field."""

    values: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        """The value of a field, without blanks around it; empty where there is none."""
        return self.values.get(name, ("",))[-1].strip()

    def all(self, name: str) -> list[str]:
        """All values of a field that can have several."""
        return [value.strip() for value in self.values.get(name, ()) if value.strip()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A field as it is shown: with what is typed in it, and what is wrong with that."""

    field: Field
    typed: Sequence[str]
    faults: Sequence[str] = ()

    @property
    def text(self) -> str:
        """What is typed in a field of one value."""
        return self.typed[-1] if self.typed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it is shown. `faults` are what is wrong that belongs to no field of it.

    `state` stands for what is stored of its fields; it is empty where nothing is.
    """

    entries: Sequence[Entry]
    faults: Sequence[str] = ()
    state: str = ""

    @property
    def has_faults(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.faults) or any(entry.faults for entry in self.entries)

    def entry(self, name: str) -> Entry:
        """A field by its name."""
        return next(entry for entry in self.entries if entry.field.name == name)


def parse_sent(body: bytes) -> Sent:
    """What a browser sent as a form.

    Raises:
        RefusalError: it is none, or has what cannot be stored.
    """
    try:
        values = parse_qs(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise invalid("BAD_REQUEST", "this is no form in UTF-8") from error
    for name, texts in values.items():
        for text in texts:
            check_storable(text, f"body.{name}")
    return Sent(values)


def choices(values: Iterable[str], none: str | None = None) -> tuple[Choice, ...]:
    """Choices that are called what they are; `none` is what choosing nothing is called."""
    named = tuple(Choice(value=value, label=value) for value in values)
    return named if none is None else (Choice(value="", label=none), *named)


def read_fields(fields: Iterable[Field], sent: Sent) -> dict[str, Any]:
    """A request body of what was typed.

    Raises:
        RefusalError: 422 with each field in which something else has to be typed.
    """
    body: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in fields:
        if field.fixed:
            continue
        try:
            value = _value(field, sent)
        except ValueError as error:
            faults.append(Fault(str(error), f"body.{field.name}"))
        else:
            if value is not ...:
                body[field.name] = value
    if faults:
        raise unprocessable("UNPROCESSABLE", "validation failed", faults)
    return body


def fill(
    fields: Iterable[Field],
    stored: Mapping[str, Any] | None = None,
    sent: Sent | None = None,
    error: RefusalError | None = None,
) -> Filled:
    """A form to show: with what was sent, or else with what is stored, or else empty."""
    shown = tuple(fields)
    by_field, rest = _faults_by_field({field.name for field in shown}, error)
    entries = [
        Entry(
            field=field,
            typed=sent.values.get(field.name, ()) if sent else _typed(field, stored),
            faults=by_field.get(field.name, ()),
        )
        for field in shown
    ]
    return Filled(entries=entries, faults=rest, state=_state(shown, stored) if stored else "")


def check_unchanged(now: Filled, sent: Sent) -> None:
    """Refuse a form that would undo what somebody else changed since it was shown.

    `now` is the form with what is stored now.

    Raises:
        RefusalError: 409 with each field that has something else in it than what was sent.
    """
    if sent.one(STATE_FIELD) in ("", now.state):
        return
    faults = [
        Fault(
            f"somebody else changed this meanwhile, to: {entry.text or 'nothing'}",
            f"body.{entry.field.name}",
        )
        for entry in now.entries
        if not entry.field.fixed and _lines(sent.all(entry.field.name)) != _lines(entry.typed)
    ]
    if faults:
        detail = "it was changed after you opened this page; send it again to overwrite that"
        raise conflict("Form.ChangedMeanwhile", detail, faults)


def _state(fields: Iterable[Field], stored: Mapping[str, Any]) -> str:
    said = [[field.name, *_typed(field, stored)] for field in fields if not field.fixed]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _lines(typed: Iterable[str]) -> list[list[str]]:
    """Typed texts by their lines, which browsers end in their own way."""
    return [text.strip().splitlines() for text in typed if text.strip()]


def fixed(field: Field) -> Field:
    """A field that shows what can never change."""
    return replace(field, fixed=True, required=False)


def moment_of_day(text: str) -> str:
    """A day as the API spells its first moment; what is no day stays as it is."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return text
    return f"{day:%Y-%m-%d}T00:00:00Z"


def _value(field: Field, sent: Sent) -> Any:
    if field.kind == "flag":
        return sent.one(field.name) != ""
    if field.kind == "flags":
        return sent.all(field.name)
    text = sent.one(field.name)
    if not text:
        if field.required:
            raise ValueError("this is needed")
        return field.empty
    match field.kind:
        case "number":
            return number_of(text)
        case "day":
            return moment_of_day(text)
        case "json":
            return json_of(text)
        case _:
            return text


def number_of(text: str) -> int | float:
    """The number that was typed.

    Raises:
        ValueError: it is none; the message says what to type.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("type a number, such as 1000 or 0.5")
    return value


def json_of(text: str) -> Any:
    """The JSON object that was typed.

    Raises:
        ValueError: it is none; the message says what to type.
    """
    try:
        value = decode_body(text.encode())
    except RefusalError as error:
        raise ValueError('type JSON, such as {"region": "eu"}') from error
    if not isinstance(value, dict):
        raise ValueError('type a JSON object, such as {"region": "eu"}')
    return value


def _typed(field: Field, stored: Mapping[str, Any] | None) -> Sequence[str]:
    if stored is None:
        return (field.initial,) if field.initial else ()
    value = stored.get(field.name)
    if value is None or value is False:
        return ()
    if value is True:
        return ("on",)
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    if isinstance(value, dict):
        return (json.dumps(value, ensure_ascii=False, indent=2),) if value else ()
    return (str(value)[:10],) if field.kind == "day" else (str(value),)


def _faults_by_field(
    names: set[str], error: RefusalError | None
) -> tuple[dict[str, list[str]], list[str]]:
    """What is wrong by the field that it is about, and what is about none of these fields."""
    by_field: dict[str, list[str]] = {}
    rest: list[str] = []
    if error is None:
        return by_field, rest
    found = [(_field_of(fault.location), fault.message) for fault in error.faults]
    if not any(name in names for name, _ in found):
        found = [(_FIELD_OF_CODE.get(error.code.rpartition(".")[2], ""), error.detail)]
    for name, message in found:
        if name in names:
            by_field.setdefault(name, []).append(message)
        else:
            rest.append(message)
    return by_field, rest


def _field_of(location: str | None) -> str:
    """The property that a place such as `body.scopes[0]` is in."""
    place = (location or "").removeprefix("body.")
    return place.split(".")[0].split("[")[0]
