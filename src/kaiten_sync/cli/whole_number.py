"""Whole numbers on the command line."""

from __future__ import annotations

import re
from typing import Any

import click


class WholeNumber(click.IntRange):
    """A number in digits, as the environment and files write it.

    Python's `int` reads blanks, `1_000`, `+5` and the digits of other scripts too.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        if isinstance(value, str) and not re.fullmatch(r"-?(0|[1-9][0-9]*)", value):
            self.fail(f"{value!r} is not a whole number.", param, ctx)
        return super().convert(value, param, ctx)
