"""The outcomes of an apply on standard output, as they happen."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence

from kaiten_sync.cli.next_command import pasteable
from kaiten_sync.cli.output import look_of, print_result
from kaiten_sync.cli.streams import rescue_result
from kaiten_sync.model.outcome import ApplyResult, Outcome, Status
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.apply_text import action_width_of, apply_ending, outcome_lines
from kaiten_sync.report.formats import APPLY


class OutcomeLines:
    """Prints each outcome once all before it in the plan are known.

    So the lines have the order of the plan, which does not depend on which answer was faster.
    """

    def __init__(self, plan: Plan) -> None:
        self._waiting = deque(plan.changes)
        self._known: dict[str, Outcome] = {}
        self._width = action_width_of(change.action for change in plan.changes)
        self._color = look_of(sys.stdout).color

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Print what can be printed now."""
        self._known |= {outcome.change_id: outcome for outcome in outcomes}
        lines: list[str] = []
        while self._waiting and (name := self._waiting[0].id) in self._known:
            self._waiting.popleft()
            found = self._known.pop(name)
            if found.status is not Status.ALREADY_DONE:
                if found.message is not None:
                    found = found.changed(message=pasteable(found.message))
                lines += outcome_lines(found, color=self._color, action_width=self._width)
        if lines:
            print_result("\n".join(lines))


def print_applied(result: ApplyResult, output_format: str) -> None:
    """Print the result of an apply; as text, what follows the lines that are printed already.

    A reader that is gone does not lose it: then it is on standard error.
    """
    look = look_of(sys.stdout)
    is_text = output_format == "text"
    print_result(
        apply_ending(result, color=look.color) if is_text else APPLY[output_format](result, look)
    )
    rescue_result(lambda: APPLY[output_format](result, look_of(sys.stderr)))
