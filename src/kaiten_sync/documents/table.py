"""The form of a pricing table, version 1."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import Count, EffectName


class TableColumnDocument(JsonDocument, frozen=True):
    """One license, or the version that a family sells."""

    slug: Annotated[str, about("The license's slug.", "growth-v3")]
    name: Annotated[
        str,
        about("The license's name for people; its slug if a plan does not contain it.", "Growth"),
    ]
    replaces: (
        Annotated[str, about("The version that a new one is compared with.", "growth-v2")]
        | UnsetType
    ) = UNSET
    family: (
        Annotated[str, about("The family as whose version the license is declared.", "growth")]
        | UnsetType
    ) = UNSET


class TableGrantDocument(JsonDocument, frozen=True):
    """The value of a grant."""

    value: Annotated[
        Any, about("A number, `unlimited`, true or false, or an object for CONFIG.", 1000)
    ]
    overage_percent: (
        Annotated[int | None, about("By how many percent usage may go over the number.", 20)]
        | UnsetType
    ) = UNSET


class TableCellDocument(JsonDocument, frozen=True, kw_only=True):
    """The grant of one license. `before`, `effect` and `over` are there if a plan changes it."""

    before: (
        Annotated[TableGrantDocument | None, about("The current grant; null if there is none.")]
        | UnsetType
    ) = UNSET
    after: Annotated[TableGrantDocument | None, about("The grant; null if there is none.")]
    effect: (
        Annotated[EffectName, about("The effect of the change on holders of the license.")]
        | UnsetType
    ) = UNSET
    over: (
        Annotated[Count, about("How many holders use more than they may afterwards.", 2)]
        | UnsetType
    ) = UNSET


class TableRowDocument(JsonDocument, frozen=True):
    """One entitlement."""

    entitlement: Annotated[str, about("The entitlement's slug.", "api-calls")]
    name: Annotated[
        str,
        about(
            "The entitlement's name for people; its slug if a plan does not contain it.",
            "API Calls",
        ),
    ]
    group: Annotated[
        str | None,
        about(
            "The name of its group; null without one, or if a plan does not contain it.", "Quotas"
        ),
    ]
    unit: Annotated[str | None, about("The unit of its numbers; null without one.", "calls")]
    cells: Annotated[
        tuple[TableCellDocument | None, ...],
        about("One for each column, in the same order; null if the license does not grant it."),
    ]


class TableDocument(JsonDocument, frozen=True):
    """Output of `kaiten-sync table --format json`."""

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    columns: Annotated[
        tuple[TableColumnDocument, ...], about("The licenses, in the order of the table.")
    ]
    rows: Annotated[tuple[TableRowDocument, ...], about("The entitlements, by group.")]
