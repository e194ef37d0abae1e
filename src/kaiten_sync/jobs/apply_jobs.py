"""The jobs that apply plans in CI: one for all targets, or one each if targets wait for others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from graphlib import TopologicalSorter

from kaiten_sync.model.settings import Target

_TAKE_RECEIPTS = """
      - name: Take the receipts of the targets before
        uses: actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0
        with:
          pattern: receipt-*
          path: receipts"""
_LIST_RECEIPTS = """
receipts=()
for each in {pattern}; do
  if [ -f "$each" ]; then receipts+=(--after-receipt "$each"); fi
done"""


_APPROVAL = "approval"
"""The id of the job that finds which plans need no review."""

_BY_EFFECT = (
    "${{ contains(needs.approval.outputs.automatic, format('|{0}|', matrix.target))"
    " && format('{0}-automatic', matrix.target) || matrix.target }}"
)
"""The environment without a gate for what needs no review."""


class Forge(StrEnum):
    """Where a repository lives."""

    GITHUB = "github"
    GITLAB = "gitlab"


_GATES = {
    Forge.GITHUB: "# Targets are applied in the order of `after`; the required reviewers of an"
    " environment are its gate.",
    Forge.GITLAB: "# Targets are applied in the order of `after`; one that waits for another is"
    " started by hand.",
}


def gate_note(forge: Forge) -> str:
    """A comment on the order of targets."""
    return f"\n{_GATES[forge]}"


def is_ordered(targets: Sequence[Target]) -> bool:
    """Whether a target waits for another one."""
    return any(target.after for target in targets)


def apply_jobs(
    forge: Forge, targets: Sequence[Target], known: Mapping[str, str], *, asks: bool
) -> Iterator[Mapping[str, str]]:
    """What is filled into the template of a job, once per job.

    `known` has the prefixes of jobs (`job`) and of environments (`own`). `asks`: a job before it
    has found which plans need no review.
    """
    environment = {"environment": known["own"] + (_BY_EFFECT if asks else "${{ matrix.target }}")}
    approval = [_APPROVAL] if asks else []
    # One job with a matrix: the targets do not wait for each other.
    if not is_ordered(targets):
        job = _job(f"{known['job']}apply", [t.name for t in targets])
        yield {**job, **environment, **_without_order(), "needs": _needs(forge, approval)}
        return
    ids = {target.name: known["job"] + _id(target.name) for target in targets}
    by_name = {target.name: target for target in targets}
    ordered = TopologicalSorter({t.name: [n for n in t.after if n in by_name] for t in targets})
    for target in (by_name[name] for name in ordered.static_order()):
        job = _job(ids[target.name], [target.name])
        # A target that CI cannot reach has no job that could be waited for.
        before = [ids[name] for name in target.after if name in ids]
        order = _in_order(forge) if before else _without_order()
        yield {**job, **environment, **order, "needs": _needs(forge, [*approval, *before])}


def _job(name: str, targets: Sequence[str]) -> dict[str, str]:
    return {"id": name, "targets": json.dumps(list(targets))}


def _id(target: str) -> str:
    """A job's id: GitHub knows letters, digits, `_` and `-`, and targets may have dots too."""
    return "apply-" + re.sub(r"[^A-Za-z0-9_-]", lambda found: f"_{ord(found[0]):x}_", target)


def _without_order() -> dict[str, str]:
    names = ("take_receipts", "list_receipts", "after_receipts", "manual")
    return dict.fromkeys(names, "")


def _needs(forge: Forge, before: Sequence[str]) -> str:
    if not before:
        return ""
    return f"\n{'    ' if forge is Forge.GITHUB else '  '}needs: {json.dumps(list(before))}"


def _in_order(forge: Forge) -> dict[str, str]:
    if forge is Forge.GITHUB:
        pattern, indent = '"$GITHUB_WORKSPACE"/receipts/*/*.receipt.json', " " * 10
    else:
        pattern, indent = "*.receipt.json", " " * 6
    lines = _LIST_RECEIPTS.format(pattern=pattern).replace("\n", f"\n{indent}")
    return {
        "take_receipts": _TAKE_RECEIPTS if forge is Forge.GITHUB else "",
        "list_receipts": lines,
        "after_receipts": ' "${receipts[@]}"',
        "manual": "\n      when: manual",
    }
