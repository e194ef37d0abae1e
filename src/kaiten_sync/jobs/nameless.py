"""Takes the names of instances out of what is said, for places that everybody can read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from kaiten_sync.errors import RefusedError
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.plan import Proposal
from kaiten_sync.report.impact_words import without_names

_INSTANCE = r"\binstance/[a-z0-9-]+"
_INSTANCES = re.compile(rf"{_INSTANCE}(?:, {_INSTANCE})*(?: and ([0-9]+) more)?")
"""Names in a row, and how many are not named, as `plan.words.some` writes them."""


def unnamed(proposal: Proposal) -> Proposal:
    """The same without the names of instances and customers.

    A plan that is refused is written nowhere, so its warnings may change.
    """
    warnings = proposal.plan.warnings
    if proposal.refusals:
        warnings = tuple(map(_unnamed_text, warnings))
    return replace(
        proposal,
        plan=replace(proposal.plan, warnings=warnings),
        diagnostics=_unnamed(proposal.diagnostics),
        impact=proposal.impact and without_names(proposal.impact),
    )


@contextmanager
def unnamed_refusals(*, is_named: bool) -> Iterator[None]:
    """What is refused inside names no instance, unless instances may be named."""
    try:
        yield
    except RefusedError as error:
        if not is_named:
            error.diagnostics = _unnamed(error.diagnostics)
        raise


def _unnamed(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(
        replace(
            each,
            message=_unnamed_text(each.message),
            hint=None if each.hint is None else _unnamed_text(each.hint),
        )
        for each in diagnostics
    )


def _unnamed_text(text: str) -> str:
    def counted(found: re.Match[str]) -> str:
        count = len(re.findall(_INSTANCE, found[0])) + int(found[1] or 0)
        return f"{count:,} {'instance' if count == 1 else 'instances'}"

    return _INSTANCES.sub(counted, text)
