"""`plan --check`: whether the committed plan is the one that catalog and live give now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from kaiten_sync.bootstrap import AD_HOC
from kaiten_sync.cli.output import say
from kaiten_sync.cli.planning import read_committed
from kaiten_sync.errors import PlanFileError, UsageError
from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.plan.committed import Reason, reasons
from kaiten_sync.plan.plan_file import check_target, read_plan, write_plan
from kaiten_sync.report.safe_text import safe_text

_FINDINGS_LIMIT = 20
"""Lines per cause: a new server differs in everything, and a log has to be read."""

_WRITTEN_OTHERWISE = Reason(
    cause="it says the same in other bytes: something has reformatted it, or its line ends",
    findings=(),
)


class Committed:
    """A committed plan file, as it was when planning began.

    `path` is the file; `allowed` are the objects whose protection it lifts. They are allowed
    again when it is made again: that they stand in a reviewed file is what allows them.
    """

    def __init__(self, path: str, target: TargetRef) -> None:
        """Read the file.

        Raises:
            PlanFileError: it is no plan, was edited, or is another target's.
            UsageError: it cannot be read.
        """
        self.path = path
        self._target = target
        self._content = read_committed(path)
        self._plan = None if self._content is None else _read(path, self._content, target)
        self.allowed: frozenset[Address] = self._plan.guards.allowed if self._plan else frozenset()

    def is_same_as(self, made: Plan) -> bool:
        """Compare it byte by byte with the plan that is made now, and say what differs."""
        content = write_plan(made)
        if content == self._content:
            say(f"{self.path} is the plan that the catalog and {self._target.name} give")
            return True
        for line in self._explanation(read_plan(content)):
            say(line)
        return False

    def _explanation(self, made: Plan) -> Iterator[str]:
        if self._plan is None:
            yield f"there is no {self.path} yet"
        else:
            yield f"{self.path} is not the plan that the catalog and {self._target.name} give now:"
            for reason in reasons(self._plan, made) or (_WRITTEN_OTHERWISE,):
                yield from _lines(reason)
        named = "" if self._target.name == AD_HOC else f" -t {self._target.name}"
        yield f"  help: make it and commit it: kaiten-sync plan{named} -o {self.path}"


def check_options(out: str | None, *, detailed_exitcode: bool) -> None:
    """`--check` takes a file, and exit code 2 for itself.

    Raises:
        UsageError: there is no -o, or --detailed-exitcode wants the code too.
    """
    if out is None:
        raise UsageError(
            "--check compares with a committed plan, and none is named",
            hint="name it with -o, such as -o plans/prod.plan.json; it is not written",
        )
    if detailed_exitcode:
        raise UsageError(
            "--check and --detailed-exitcode both end with 2, and could not be told apart",
            hint="leave out --detailed-exitcode",
        )


def _read(path: str, content: bytes, target: TargetRef) -> Plan:
    try:
        plan = read_plan(content)
        check_target(plan, target)
    except PlanFileError as error:
        raise PlanFileError(f"{path}: {error.message}", hint=error.hint) from error
    return plan


def _lines(reason: Reason) -> Iterator[str]:
    yield f"  {reason.cause}{':' if reason.findings else ''}"
    for finding in islice(reason.findings, _FINDINGS_LIMIT):
        yield f"  - {safe_text(finding)}"
    yield from _more(reason.findings)


def _more(findings: Sequence[str]) -> Iterator[str]:
    if len(findings) > _FINDINGS_LIMIT:
        yield f"  - and {len(findings) - _FINDINGS_LIMIT:,} more"
