"""The form of the impact of a plan, version 1."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, field

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import AddressText, Count, Digest, DoneName, TargetDocument
from kaiten_sync.model.impact import Standing

Maximum: TypeAlias = float | str | None
_LIMIT = "A number, `unlimited`, or null if nothing is granted."


class SampleDocument(JsonDocument, frozen=True):
    """The part of the holders that was looked at."""

    size: Annotated[Count, about("How many holders were asked.", 480)]
    population: Annotated[Count, about("How many there are.", 9000)]
    # Kept with the numbers: a share of a sample without it reads like a fact about everybody.
    margin: Annotated[
        float,
        Meta(ge=0, le=100),
        about("The margin of error of a share in the sample, in percentage points, at 95 %.", 4.4),
    ]


class HolderImpactDocument(JsonDocument, frozen=True):
    """One holder after the change."""

    instance: Annotated[str, about("The instance, or a number in place of its name.", "acme-prod")]
    customer: Annotated[
        str | None, about("The customer's slug; null if names are left out.", "acme", None)
    ]
    used: Annotated[
        float | None, about("Its usage in the current window; null if unknown.", 750, None)
    ]
    before: Annotated[
        float | str | None, about(f"The highest usage accepted before. {_LIMIT}", 1000)
    ]
    after: Annotated[float | str | None, about(f"The highest usage accepted after. {_LIMIT}", 500)]
    standing: Annotated[Standing, about("Where it is after the change.", "over")] = field(
        name="class"
    )
    reaches: Annotated[
        str | None,
        about(
            "When it gets to the new maximum at its present pace, UTC; a guess. Null if it does not"
            " within 30 days and the present window, or if the pace is not known.",
            "2026-12-03T08:00:00Z",
            None,
            format="date-time",
        ),
    ]


class ChangeImpactDocument(JsonDocument, frozen=True):
    """The holders that one change affects."""

    address: Annotated[AddressText, about("The object that changes.")]
    action: Annotated[DoneName, about("The action on the object, or on its holders.")]
    version: Annotated[str, about("The license version that the holders have.", "growth-v2")]
    before: Annotated[
        float | str | None, about(f"The highest usage accepted before. {_LIMIT}", 1000)
    ]
    after: Annotated[float | str | None, about(f"The highest usage accepted after. {_LIMIT}", 500)]
    holders: Annotated[Count, about("How many instances have the license.", 3)]
    looked_at: Annotated[Count, about("How many of them were looked at.", 3)]
    over: Annotated[Count, about("How many of those use more than is accepted afterwards.", 1)]
    near: Annotated[Count, about("How many use 90 % of it or more.", 1)]
    loses: Annotated[Count, about("How many lose something that is not metered, or a license.", 0)]
    unknown: Annotated[Count, about("Of how many it is not certain.", 0)]
    within: Annotated[Count, about("How many use less than 90 % of it.", 1)]
    unaffected: Annotated[Count, about("How many keep everything that they have.", 0)]
    worst: Annotated[
        tuple[HolderImpactDocument, ...], about("The first ten of those looked at, worst first.")
    ]


class RaisedLimitDocument(JsonDocument, frozen=True):
    """One limit that the plan raises, and how many holders have met it as it is now."""

    address: Annotated[AddressText, about("The object that changes.")]
    version: Annotated[str, about("The license version that the holders have.", "growth-v2")]
    before: Annotated[
        float | str | None, about(f"The highest usage accepted before. {_LIMIT}", 1000)
    ]
    after: Annotated[float | str | None, about(f"The highest usage accepted after. {_LIMIT}", 2000)]
    holders: Annotated[Count, about("How many instances have the license.", 3)]
    looked_at: Annotated[Count, about("How many of them were looked at.", 3)]
    at_limit: Annotated[Count, about("How many of those use their threshold or more.", 1)]
    refused: Annotated[
        Count | None,
        about(
            "How many had a report refused in the last 30 days, by the latest 200 refusals of each;"
            " null if the server does not report them.",
            2,
            None,
        ),
    ]


class TotalsDocument(JsonDocument, frozen=True):
    """Different holders, whichever change affects them."""

    holders: Annotated[Count, about("How many were looked at.", 3)]
    over: Annotated[Count, about("How many are over at least one new maximum.", 1)]
    near: Annotated[Count, about("How many are near at least one.", 1)]
    loses: Annotated[Count, about("How many lose something that is not metered, or a license.", 0)]
    unknown: Annotated[Count, about("Of how many at least one answer is not certain.", 0)]


class ImpactDocument(JsonDocument, frozen=True):
    """Output of `kaiten-sync impact PLAN --format json`, and the file of `plan --impact-out`.

    Usage changes all the time, so it is a separate reading and not part of the plan file.
    """

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    target: Annotated[TargetDocument, about("The server that was read.")]
    plan_digest: Annotated[Digest, about("The digest of the plan.")]
    taken_at: Annotated[
        str, about("When usage was read, UTC.", "2026-11-28T17:00:00Z", format="date-time")
    ]
    requests: Annotated[Count, about("How many requests the reading took.", 4)]
    budget: Annotated[Count, about("How many it might have taken.", 500)]
    sampled: Annotated[
        SampleDocument | None, about("The sample that was looked at; null if all holders were.")
    ]
    gap: Annotated[
        str | None,
        about(
            "Why no holders could be read; null otherwise.",
            "the server refused the token: it lacks the scope read:instances",
            None,
        ),
    ]
    changes: Annotated[
        tuple[ChangeImpactDocument, ...], about("The changes that take something away.")
    ]
    raised: Annotated[
        tuple[RaisedLimitDocument, ...],
        about("The limits that go up, those that most holders have met first."),
    ]
    totals: Annotated[TotalsDocument, about("All changes together.")]
