"""Whom a migration may move: by name, and by an expression in CEL that each holder is judged by."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from difflib import get_close_matches
from typing import NamedTuple

from kaiten_sync.errors import UsageError
from kaiten_sync.expressions import Language, Unjudged, Verdict, check, judge
from kaiten_sync.kinds.instance import HELD, METADATA
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import Json


class HolderVariable(NamedTuple):
    """One variable of `--where`."""

    type: str
    about: str


HOLDER_VARIABLES: Mapping[str, HolderVariable] = {
    "instance.slug": HolderVariable("string", "The instance's slug."),
    "instance.name": HolderVariable("string", "Its name."),
    "instance.license": HolderVariable("string", "The version that it holds: `growth-v2`."),
    "instance.metadata": HolderVariable(
        "map<string, dyn>", "Its metadata: `instance.metadata.region == 'eu'`."
    ),
    "customer": HolderVariable("string", "The slug of its customer."),
    "customer.slug": HolderVariable("string", "The same."),
    "usage": HolderVariable(
        "map<string, dyn>",
        "What it uses now of each metered entitlement that its version grants: `usage.seats`,"
        " `usage['api-calls']`.",
    ),
    "dates.start": HolderVariable("timestamp", "When its license began."),
    "dates.end": HolderVariable(
        "timestamp", "When its license ends: `dates.end < timestamp('2027-01-01T00:00:00Z')`."
    ),
}
"""In the order of the documentation."""

_LANGUAGE = Language(variables={name: each.type for name, each in HOLDER_VARIABLES.items()})
_DATES = {"dates.start": "startLicenseDate", "dates.end": "endLicenseDate"}


def check_named(
    option: str, named: Collection[Address], known: Collection[Address], *, is_named: bool
) -> None:
    """Make sure that the instances exist that an option names: a slip would move the wrong ones.

    Without `is_named`, no other instance is proposed.

    Raises:
        UsageError: one of them does not.
    """
    for address in sorted(named, key=lambda each: each.sort_key):
        if address not in known:
            slugs = [each.slug for each in known] if is_named else []
            close = get_close_matches(address.slug, slugs, n=1)
            left_out = f"leave out {option} {address}"
            raise UsageError(
                f"{option} {address}: there is no such instance",
                hint=f"did you mean instance/{close[0]}?" if close else left_out,
            )


def check_where(where: str | None) -> None:
    """Make sure that an expression can be judged.

    Raises:
        UsageError: it is not one, or the library for expressions is not installed.
    """
    found = check([where], _LANGUAGE)[0].mistakes if where is not None else ()
    if found:
        first = found[0]
        raise UsageError(
            f"--where is wrong at line {first.line}, column {first.column}: {first.message}",
            hint=f"variables: {', '.join(HOLDER_VARIABLES)}",
        )


def chosen(
    where: str | None, holders: Sequence[LiveResource], used: Sequence[Mapping[str, float]]
) -> tuple[Verdict, ...]:
    """Whether each holder is one of those whom an expression means. `used` is what each uses now.

    Raises:
        UsageError: the library for expressions is not installed.
    """
    # Without starting the process that judges: most migrations have no expression.
    if where is None or not holders:
        return (True,) * len(holders)
    rows = [_row(each, usage) for each, usage in zip(holders, used, strict=True)]
    return judge([where], _LANGUAGE, rows)[0]


def unanswered(verdicts: Mapping[str, Verdict]) -> Iterator[Diagnostic]:
    """The holders for whom an expression has no answer: nobody of them is moved."""
    found = {name: each.reason for name, each in verdicts.items() if isinstance(each, Unjudged)}
    if found:
        name, reason = min(found.items())
        more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
        stay = "stay" if more else "stays"
        yield Diagnostic(
            rule="unanswered",
            message=f"--where has no answer for {name}{more}, which {stay}: {reason}",
            severity=Severity.NOTE,
        )


def _row(holder: LiveResource, used: Mapping[str, float]) -> Mapping[str, Json | datetime]:
    fields = holder.fields
    customer = str(fields.get("customer") or "")
    dates: dict[str, datetime] = {}
    for name, field in _DATES.items():
        # A date that the server does not show, or shows without a zone, is not known.
        with suppress(ValueError):
            at = datetime.fromisoformat(str(fields.get(field)))
            if at.tzinfo is not None:
                dates[name] = at
    return {
        "instance.slug": holder.address.slug,
        "instance.name": str(fields.get("name") or ""),
        "instance.license": str(fields[HELD]),
        "instance.metadata": fields.get(METADATA) or {},
        "customer": customer,
        "customer.slug": customer,
        "usage": dict(used),
        **dates,
    }
