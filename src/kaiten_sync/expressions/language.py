"""What an expression may name, and what becomes of it: values only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from kaiten_sync.immutable import Immutable


class Language(Immutable, frozen=True, kw_only=True):
    """The variables that expressions may use, by name, with their types as CEL writes them.

    A name may have a dot: `change.effect` is checked as a whole, so that a misspelled field is a
    mistake of the expression. The word before the dot is the variable's group.
    """

    variables: Mapping[str, str]

    @property
    def groups(self) -> frozenset[str]:
        """The first words of all variables."""
        return frozenset(map(group_of, self.variables))

    def without(self, group: str) -> Language:
        """The language without the variables of a group."""
        return Language(variables={n: t for n, t in self.variables.items() if group_of(n) != group})


def group_of(variable: str) -> str:
    """The word before a variable's dot."""
    return variable.partition(".")[0]


class Limits(Immutable, frozen=True, kw_only=True):
    """Bounds of one process that checks and judges expressions.

    `cpu_s` is processor time in seconds, of the fixed part; each judgment adds `JUDGMENT_CPU_S`.
    `memory_bytes` is address space, and comes on top of what the rows themselves need.
    """

    cpu_s: int = 10
    memory_bytes: int = 512 * 1024**2


JUDGMENT_CPU_S = 0.0005
"""Seconds for one expression on one row: an ordinary one takes 12 µs."""


class Mistake(Immutable, frozen=True, order=True):
    """Something that is wrong with an expression; line and column count from 1."""

    line: int
    column: int
    message: str


class CheckedExpression(Immutable, frozen=True, kw_only=True):
    """What a check found: mistakes, or else the groups of variables that the expression uses."""

    mistakes: tuple[Mistake, ...] = ()
    uses: frozenset[str] = frozenset()


class Unjudged(Immutable, frozen=True, kw_only=True):
    """Why an expression has no answer; `lacks` is the variable that has no value in this row."""

    reason: str
    lacks: str | None = None


Verdict: TypeAlias = bool | Unjudged
