"""What is rendered, and how text for a person is laid out. Stage 7."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from kaiten_sync.immutable import Immutable
from kaiten_sync.report.origin import Origin

if TYPE_CHECKING:
    from kaiten_sync.documents.parts import ErrorDocument
    from kaiten_sync.model.diagnostic import Diagnostic
    from kaiten_sync.model.drift import DriftReport
    from kaiten_sync.model.examination import Examination
    from kaiten_sync.model.impact import Impact
    from kaiten_sync.model.plan import Plan
    from kaiten_sync.model.policy_rule import ApprovalLevel
    from kaiten_sync.report.notice import Notice


class Look(Immutable, frozen=True, kw_only=True):
    """How text for a person is laid out. Formats for machines ignore it."""

    color: bool = False
    width: int = 100
    """Columns; 100 if there is no terminal to measure."""


class PlanView(Immutable, frozen=True, kw_only=True):
    """A plan to render. `write` makes the plan file, which belongs to the stage that plans.

    `diagnostics` are about the plan: errors are why it is refused. A plan file holds none of them.
    `notices` are for markdown and HTML, which are read elsewhere; a terminal has them on standard
    error. `impact` is whom the plan affects; the plan file is the same with and without it.
    `origin` is what the plan comes from, and `file` the plan file as the next command names it.
    """

    plan: Plan
    write: Callable[[Plan], bytes]
    diagnostics: Sequence[Diagnostic] = ()
    notices: Sequence[Notice] = ()
    impact: Impact | None = None
    approval: ApprovalLevel | None = None
    origin: Origin = Origin.COMPARISON
    file: str = "PLAN"

    @property
    def json(self) -> str:
        """The plan file, and beside the plan what it needs, if that was judged."""
        text = self.write(self.plan).decode()
        if self.approval is None:
            return text
        # At the beginning of the text and not in the plan: its digest is of what was planned, not
        # of who has to look at it.
        return text.replace("{", f'{{\n  "approval": "{self.approval}",', 1)

    @property
    def is_refused(self) -> bool:
        """Whether the plan may not be carried out."""
        return any(each.severity == "error" for each in self.diagnostics)


class DriftView(Immutable, frozen=True, kw_only=True):
    """Drift reports to render. `is_all`: of every target, so that JSON is a list even of one.

    `failed` is the error of each target that could not be read.
    """

    reports: Sequence[DriftReport]
    failed: Mapping[str, ErrorDocument] = {}
    is_all: bool = False


class ExaminationView(Immutable, frozen=True, kw_only=True):
    """What `doctor` found out. `codes` are the exit codes of the targets that have an error."""

    examination: Examination
    codes: Mapping[str, int] = {}
