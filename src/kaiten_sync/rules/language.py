"""What rules may name: every variable with its CEL type and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kaiten_sync.expressions import Language


class Variable(NamedTuple):
    """One variable of rules."""

    type: str
    about: str


VARIABLES: Mapping[str, Variable] = {
    "change.address": Variable("string", "The object, such as `license/growth/grant/seats`."),
    "change.kind": Variable(
        "string", "`group`, `entitlement`, `family`, `license`, `grant` or `instance`."
    ),
    "change.action": Variable("string", "What happens to it: `create`, `update`, `delete`, ..."),
    "change.effect": Variable("string", "`neutral`, `loosens`, `tightens` or `breaks`."),
    "change.fields": Variable(
        "map<string, map<string, dyn>>",
        "Its fields by name, each with `effect`, and with `before` and `after` where there is a"
        " value: `change.fields.value.after`.",
    ),
    "impact.holders": Variable("int", "How many instances hold what the change takes from."),
    "impact.over": Variable("int", "How many of them use more than is accepted afterwards."),
    "impact.near": Variable("int", "How many use 90 % of it or more."),
    "impact.within": Variable("int", "How many use less."),
    "impact.loses": Variable("int", "How many lose something that is not metered, or a license."),
    "impact.unknown": Variable("int", "Of how many it is not certain."),
    "plan.changes": Variable("int", "How many changes the plan has."),
    "plan.actions": Variable(
        "map<string, int>", "How many of each action: `plan.actions.delete`; 0 if none."
    ),
    "plan.effects": Variable(
        "map<string, int>", "How many of each effect: `plan.effects.tightens`; 0 if none."
    ),
    "plan.requests": Variable("int", "How many requests applying takes."),
    "target": Variable("string", "The target's name in the project file."),
    "target.name": Variable("string", "The same."),
    "target.url": Variable("string", "The URL of its server."),
    "declared": Variable("string", "The file that declares the object; empty if none does."),
    "declared.file": Variable("string", "The same."),
    "declared.line": Variable("int", "The line in it; 0 if none."),
}
"""In the order of the documentation. A change that takes nothing away has an impact of zeros."""

LANGUAGE = Language(variables={name: each.type for name, each in VARIABLES.items()})

OF_PLANS = frozenset({"plan", "target"})
"""Groups of variables that do not differ from change to change."""
