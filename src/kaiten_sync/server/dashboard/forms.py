"""Forms as they are shown: what is typed in them, what is wrong where, and what changed meanwhile.

What is typed wrongly is found by the checks of the API and shown at the field; the rest of what
was typed stays.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kaiten_sync.server.dashboard.fields import Choice, Field, Sent, is_unedited
from kaiten_sync.server.domain.refusals import Problem, RefusalError, conflict

STATE_FIELD = "form_state"
"""The hidden field with the state of what is stored when the form was shown."""

_CHANGED = "Form.ChangedMeanwhile"
"""The code of a refusal that says what somebody else has changed."""

_PROPERTY = re.compile(r"\b[a-z]+(?:[A-Z][a-z]+)+\b")
"""The name of a property of several words; one of a single word may be an ordinary word."""

_FIELD_OF_CODE = {
    "AlreadyAssociated": "entitlementSlug",
    "CustomerNotFound": "customerSlug",
    "DefaultMustBePublished": "isDefault",
    "EntitlementNotFound": "entitlementSlug",
    "ExpiresAfterParent": "expiresAt",
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
"""The field that a refusal is about if it names none, by the end of its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormEntry:
    """A field as it is shown: with what is typed in it, and what is wrong with that."""

    field: Field
    typed: Sequence[str]
    problems: Sequence[str] = ()

    @property
    def text(self) -> str:
        """What is typed in a field of one value."""
        return self.typed[-1] if self.typed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it is shown. `problems` are about none of its fields.

    `state` identifies what is stored of its fields; it is empty if nothing is.
    """

    entries: Sequence[FormEntry]
    problems: Sequence[str] = ()
    state: str = ""

    @property
    def has_problems(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.problems) or any(entry.problems for entry in self.entries)

    def entry(self, name: str) -> FormEntry:
        """A field by its name."""
        return next(entry for entry in self.entries if entry.field.name == name)


def fill(
    fields: Iterable[Field],
    stored: Mapping[str, Any] | None = None,
    sent: Sent | None = None,
    error: RefusalError | None = None,
) -> Filled:
    """A form to show: with what was sent, or else with what is stored, or else empty.

    What was sent still rests on what was stored when the form was first shown, until somebody was
    told what has changed since.
    """
    shown: list[Field] = []
    for field in fields:
        value = (stored or {}).get(field.name)
        offered = {choice.value for choice in field.choices}
        # What is stored is offered as well, such as an archived license.
        is_missing = field.kind == "choice" and isinstance(value, str) and value not in offered
        more = (Choice(value=str(value), label=str(value)),) if is_missing else ()
        shown.append(replace(field, choices=(*field.choices, *more)))
    by_field, rest = _problems_by_field({field.name: field.label for field in shown}, error)
    entries = [
        FormEntry(
            field=field,
            typed=field.typed_in(sent) if sent else field.typed(stored),
            problems=by_field.get(field.name, ()),
        )
        for field in shown
    ]
    state = _state(shown, stored) if stored else ""
    # Whoever was told and submits again means to overwrite: the form then rests on what is stored
    # now.
    if sent and not is_told_of_changes(error):
        state = sent.one(STATE_FIELD) or state
    return Filled(entries=entries, problems=rest, state=state)


def is_told_of_changes(error: RefusalError | None) -> bool:
    """Whether this refusal says what somebody else has changed meanwhile."""
    return error is not None and error.code == _CHANGED


def check_unchanged(fields: Iterable[Field], stored: Mapping[str, Any], sent: Sent) -> None:
    """Refuse a form that would undo what somebody else changed since it was shown.

    Raises:
        RefusalError: 409 with each field that now has another value than what was sent.
    """
    asked = tuple(fields)
    if sent.one(STATE_FIELD) in ("", _state(asked, stored)):
        return
    problems = [
        Problem(
            f"this was changed to: {', '.join(field.typed(stored)) or 'nothing'}",
            f"body.{field.name}",
        )
        for field in asked
        if not field.fixed and not is_unedited(field, sent, stored)
    ]
    if problems:
        detail = "it was changed after you opened this page; submit again to overwrite"
        raise conflict(_CHANGED, detail, problems)


def is_untouched(fields: Iterable[Field], stored: Mapping[str, Any], sent: Sent) -> bool:
    """Whether all fields of a form came back as they are shown of what is stored."""
    return all(field.fixed or is_unedited(field, sent, stored) for field in fields)


def field_of(location: str | None) -> str:
    """The property that a place such as `body.scopes[0]` is in."""
    place = (location or "").removeprefix("body.")
    return place.split(".")[0].split("[")[0]


def _state(fields: Iterable[Field], stored: Mapping[str, Any]) -> str:
    # As it is typed and not as it is stored: two spellings that look alike are no change to a
    # person. What is fixed cannot be overwritten, so it does not count.
    typed = [[field.name, *field.typed(stored)] for field in fields if not field.fixed]
    # 64 bits: nobody gains anything by finding two states with one digest.
    return hashlib.sha256(json.dumps(typed).encode()).hexdigest()[:16]


def _problems_by_field(
    labels: Mapping[str, str], error: RefusalError | None
) -> tuple[dict[str, list[str]], list[str]]:
    """What is wrong by the field that it is about, and what is about none of these fields."""
    by_field: dict[str, list[str]] = {}
    rest: list[str] = []
    if error is None:
        return by_field, rest
    found = [(field_of(problem.location), problem.message) for problem in error.problems]
    # The API names the property in most refusals. In some it has only a code, and the code says
    # which field is meant.
    if not any(name in labels for name, _ in found):
        by_code = _FIELD_OF_CODE.get(error.code.rpartition(".")[2], "")
        found = [(by_code, error.detail)] if by_code or not found else found
    for name, said in found:
        message = _PROPERTY.sub(lambda name: _label(name[0], labels), said)
        if name in labels:
            by_field.setdefault(name, []).append(message)
        else:
            # Shown above the form: what is wrong may be in a property that the form does not
            # have.
            rest.append(message)
    return by_field, rest


def _label(name: str, labels: Mapping[str, str]) -> str:
    """A property as the form shows it, or its name if the form does not have it."""
    return f'"{labels[name]}"' if name in labels else name
