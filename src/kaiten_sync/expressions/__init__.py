"""Expressions in CEL that people write in files and on the command line: typed, and bounded.

`check` finds what is wrong with expressions before anything is read, with line and column;
`judge` evaluates them on rows of values. Both run in a process of their own, because an expression
comes from a pull request and may be hostile: it has no clock, no network, no file and no secret,
and ends at a limit of time and memory. `cel.py` is the only module that knows the library.
"""

from kaiten_sync.expressions.language import (
    CheckedExpression,
    Language,
    Limits,
    Mistake,
    Unjudged,
    Verdict,
)
from kaiten_sync.expressions.process import check, judge

__all__ = [
    "CheckedExpression",
    "Language",
    "Limits",
    "Mistake",
    "Unjudged",
    "Verdict",
    "check",
    "judge",
]
