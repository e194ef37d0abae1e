"""The question before a plan is applied that was made in the same run."""

from __future__ import annotations

import sys

import click

from kaiten_sync.cli.plan_output import print_plan, say_plan
from kaiten_sync.cli.progress import nothing_said
from kaiten_sync.errors import UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.impact import Impact
from kaiten_sync.model.plan import Plan


class TerminalApproval(Immutable, frozen=True, kw_only=True):
    """Shows the plan and asks on the terminal.

    `is_given_already`: by an option. `has_document`: standard output is for another document, so
    the plan goes to standard error.
    """

    is_given_already: bool
    has_document: bool

    def show(self, plan: Plan, impact: Impact | None) -> None:
        """Print the plan as text, and whom it affects."""
        if not self.has_document:
            print_plan(plan, "text", impact=impact)
        elif not self.is_given_already:  # a program that answers itself reads the document
            say_plan(plan, impact)

    def is_given(self, plan: Plan) -> bool:
        """Ask the person on the terminal; no is the default.

        Raises:
            UsageError: standard input is not a terminal. click.Abort: Ctrl-C, or end of input.
        """
        if self.is_given_already:
            return True
        if sys.stdin is None or not sys.stdin.isatty():  # None: the caller closed it
            raise UsageError(
                "cannot ask for approval: standard input is not a terminal",
                hint="pass --yes, or write a plan with `plan -o FILE` and apply that",
            )
        with nothing_said():
            return click.confirm(f"Apply to {plan.target.name} at {plan.target.url}?", err=True)
