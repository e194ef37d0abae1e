"""The command that answers each difference. Stage 7."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from kaiten_sync.model.drift import Difference, DriftReport, Verdict

_ADOPTABLE = frozenset(set(Verdict) - {Verdict.GIT_AHEAD})
_REVERTIBLE = frozenset({Verdict.MISSING, Verdict.SERVER_EDITED, Verdict.CHANGED})


def next_steps(difference: Difference, report: DriftReport) -> Iterator[tuple[str, str]]:
    """What can be done about a difference: a word, and the command that does it."""
    name = str(difference.address)
    if difference.verdict in _ADOPTABLE:
        yield "adopt", _command("adopt", report.words, name)
    is_split = difference.verdict is Verdict.CONFLICT and difference.server_edited
    if difference.verdict in _REVERTIBLE or is_split:
        file = f"{report.target.name}.revert.plan.json"
        yield "revert", _command("drift", report.words, name, "--revert", "-o", file)
    if difference.verdict is Verdict.GIT_AHEAD:
        file = report.agreed or f"{report.target.name}.plan.json"
        yield "plan", _command("plan", report.words, "-o", file)


def _command(name: str, words: tuple[str, ...], *more: str) -> str:
    return shlex.join(["kaiten-sync", name, *words, *more])
