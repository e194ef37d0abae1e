"""All grants of a license as one form: what is typed of each, and what that would change.

A grant that was not edited is not sent back: its place says what it was made from, so that two
people who edit different grants of a license do not hold each other up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kaiten_sync.licensing import is_read_with_prefix
from kaiten_sync.server.dashboard.fields import Field, Sent, read_fields
from kaiten_sync.server.dashboard.figures import unit_names
from kaiten_sync.server.dashboard.forms import (
    Filled,
    FormEntry,
    field_of,
    fill,
    is_told_of_changes,
)
from kaiten_sync.server.dashboard.granted import (
    GRANT_FIELDS,
    grant_body,
    granted_text,
    stored_grant,
    typed_text,
)
from kaiten_sync.server.dashboard.texts import showable, with_line_feeds
from kaiten_sync.server.db.grants import NamedGrant
from kaiten_sync.server.domain.grants import settle_grant
from kaiten_sync.server.domain.refusals import Problem, RefusalError, conflict, unprocessable
from kaiten_sync.server.service.previews import GrantTerms, ProposedGrant, terms_of
from kaiten_sync.server.web.arguments import check_body
from kaiten_sync.server.web.operations import Operation

_STATE = "state"
_PREFIXES = {"value": "value", "limitCapExceededOveragePercent": "overage"}
"""What the names of fields begin with, by the property; the slug follows after a colon."""

_FIELD_OF_CODE = {"InvalidLimitCapExceededOveragePercent": "overage"}
"""The field that a refusal is about if it names none, by the end of its code; else the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantOnPage:
    """A grant in the table: what is stored, what is typed, and what it was made from."""

    row: NamedGrant
    value: FormEntry
    overage: FormEntry | None
    state: str

    @property
    def unit(self) -> str:
        """The unit to show beside what is typed; empty if that names it, or has none."""
        is_number = self.row.value["type"] == "number"
        names = unit_names(self.row) if is_number else ()
        return names[-1] if names and not is_read_with_prefix((names[0], names[-1])) else ""

    @property
    def problems(self) -> Sequence[str]:
        """What is wrong with it."""
        return [*self.value.problems, *(self.overage.problems if self.overage else ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTable:
    """The table: its rows, and what is wrong in them or about none of them."""

    rows: Sequence[GrantOnPage]
    form: Filled


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantEdit:
    """A grant that was edited, with the body of the request that stores it."""

    proposed: ProposedGrant
    body: Mapping[str, Any]


def grant_table(
    granted: Iterable[NamedGrant], sent: Sent | None, error: RefusalError | None = None
) -> GrantTable:
    """The grants as they are stored, but those that were edited as they were sent."""
    rows = list(granted)
    stored = {name: value for row in rows for name, value in _stored(row).items()}
    by_grant = [(row, _fields(row)) for row in rows]
    typed: dict[str, Sequence[str]] = {}
    states: dict[str, str] = {}
    for row, fields in by_grant:
        is_edited = sent is not None and _is_edited(row.entitlement_slug, sent)
        if sent and is_edited and not is_told_of_changes(error):
            states[row.entitlement_slug] = sent.one(_name(_STATE, row))
        for field in fields:
            texts = sent.values.get(field.name, ()) if sent and is_edited else None
            typed[field.name] = field.typed(stored) if texts is None else texts
    every = [field for _, fields in by_grant for field in fields]
    form = fill(every, sent=Sent(typed), error=error)
    entries = {entry.field.name: entry for entry in form.entries}
    return GrantTable(
        rows=[
            GrantOnPage(
                row=row,
                value=entries[_name("value", row)],
                overage=entries.get(_name("overage", row)),
                state=states.get(row.entitlement_slug) or _state(row),
            )
            for row in rows
        ],
        form=form,
    )


def read_edits(
    granted: Iterable[NamedGrant], sent: Sent, operation: Operation
) -> Sequence[GrantEdit]:
    """What would be stored, of grants that were edited and then differ from what is stored.

    Raises:
        RefusalError: 422 with each field in which something else has to be typed; or 409 with each
            that somebody else has changed since the form was shown.
    """
    rows = {row.entitlement_slug: row for row in granted}
    wrong: list[Problem] = []
    slugs = (name.partition(":")[2] for name in sent.values if name.startswith("value:"))
    theirs = [
        Problem(f"{slug} was removed", f"body.value:{slug}")
        for slug in slugs
        if slug not in rows and _is_edited(slug, sent)
    ]
    edits = []
    for row in rows.values():
        if not _is_edited(row.entitlement_slug, sent):
            continue
        try:
            edit = _read(row, sent, operation)
        except RefusalError as error:
            wrong += _placed(row, error)
            continue
        # Typed in another spelling, such as 1k for 1000: nothing to store, and nothing to ask
        # about.
        if edit.proposed.before == edit.proposed.after:
            continue
        edits.append(edit)
        # Only for grants that were edited: what others change beside them is not a
        # matter of this form.
        if sent.one(_name(_STATE, row)) not in ("", _state(row)):
            now = granted_text(row)
            message = f"this was changed to: {now}"
            theirs.append(Problem(message, f"body.{_name('value', row)}"))
    if wrong:
        raise unprocessable("UNPROCESSABLE", "validation failed", [*wrong, *theirs])
    if theirs:
        detail = "it was changed after you opened this page; review again to overwrite"
        raise conflict("Form.ChangedMeanwhile", detail, theirs)
    return edits


def digest_of(proposed: Iterable[ProposedGrant]) -> str:
    """What identifies proposed grants, so that what is saved is what was reviewed."""
    said = [
        [
            each.entitlement_slug,
            *(side.fields if side else None for side in (each.before, each.after)),
        ]
        for each in proposed
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def carried(granted: Iterable[NamedGrant], sent: Sent) -> list[tuple[str, str]]:
    """The fields of the edited grants, to be sent again from another page."""
    return [
        (name, sent.text(name))
        for row in granted
        if _is_edited(row.entitlement_slug, sent)
        for name in (_name(_STATE, row), *(field.name for field in _fields(row)))
    ]


def _read(row: NamedGrant, sent: Sent, operation: Operation) -> GrantEdit:
    named = read_fields(_fields(row), sent, _stored(row))
    typed = {
        name: named[_name(prefix, row)]
        for name, prefix in _PREFIXES.items()
        if _name(prefix, row) in named
    }
    body = check_body(operation, grant_body(row.entitlement_type, typed, row))
    overage = settle_grant(
        "UpdateLicenseEntitlement",
        row.entitlement_type,
        body["value"],
        body.get("limitCapExceededOveragePercent"),
    )
    return GrantEdit(
        proposed=ProposedGrant(
            entitlement_slug=row.entitlement_slug,
            entitlement_name=row.entitlement_name,
            before=terms_of(row),
            after=GrantTerms(value=body["value"], overage_percent=overage),
            unit_singular=row.unit_singular,
            unit_plural=row.unit_plural,
        ),
        body=body,
    )


def _placed(row: NamedGrant, error: RefusalError) -> list[Problem]:
    """What is wrong, at the fields of this grant."""
    by_code = _FIELD_OF_CODE.get(error.code.rpartition(".")[2], "value")
    found = [
        (_PREFIXES.get(field_of(each.location).partition(":")[0]), each.message, each.location)
        for each in error.problems
    ]
    if not found:
        return [Problem(error.detail, f"body.{_name(by_code, row)}")]
    return [
        Problem(message, f"body.{_name(prefix, row)}" if prefix else location)
        for prefix, message, location in found
    ]


def _fields(row: NamedGrant) -> list[Field]:
    labels = {"value": "threshold", "limitCapExceededOveragePercent": "overage in percent"}
    is_number = row.value["type"] == "number"
    return [
        replace(
            field,
            name=_name(_PREFIXES[field.name], row),
            label=f"{row.entitlement_name}: {labels[field.name]}",
            hint="",
            show=partial(typed_text, of=row) if field.name == "value" else field.show,
        )
        for field in GRANT_FIELDS
        if is_number or field.name == "value"
    ]


def _stored(row: NamedGrant) -> dict[str, Any]:
    stored = stored_grant(row.value, row.overage_percent)
    return {_name(prefix, row): stored[name] for name, prefix in _PREFIXES.items()}


def _is_edited(slug: str, sent: Sent) -> bool:
    """Whether other texts were sent of a grant than the form was shown with."""
    names = [f"{prefix}:{slug}" for prefix in _PREFIXES.values()]
    texts = [sent.text(name) for name in names if name in sent.values]
    return bool(texts) and _hash(texts) != sent.one(f"{_STATE}:{slug}")


def _state(row: NamedGrant) -> str:
    stored = _stored(row)
    return _hash((*field.typed(stored), "")[0] for field in _fields(row))


def _hash(texts: Iterable[str]) -> str:
    said = [with_line_feeds(showable(text)).strip() for text in texts]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _name(prefix: str, row: NamedGrant) -> str:
    return f"{prefix}:{row.entitlement_slug}"
