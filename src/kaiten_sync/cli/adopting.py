"""Adopting: what to take over, where it is written, and the proof that it says what is live."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kaiten_sync.cli.drifting import Request
from kaiten_sync.cli.exporting import worth_declaring
from kaiten_sync.cli.output import write_file
from kaiten_sync.cli.progress import terminal_progress
from kaiten_sync.declare.adopt import Adopter, FileChange, default_file
from kaiten_sync.errors import KaitenSyncError, RefusedError, UsageError
from kaiten_sync.model.address import Address
from kaiten_sync.model.drift import Difference, DriftClass, Verdict
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import Fields
from kaiten_sync.pipeline import compare, load

_EDITS = frozenset({Verdict.SERVER_EDITED, Verdict.CHANGED})
"""What is adopted where nothing is named: what somebody changed on the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What is taken over, by which changes of files, and what is left alone."""

    adopted: tuple[Difference, ...]
    left: tuple[Difference, ...]
    changes: tuple[FileChange, ...]
    live: LiveState


def adoption_of(request: Request, into: str | None) -> Adoption:
    """What adopting would write. Nothing is written yet.

    Raises:
        UsageError: an object that is named does not differ.
        RefusedError: a place shares its text with others.
    """
    desired = load(request.source)
    with request.connection.open() as catalog:
        live, diff = compare(desired, catalog, request.case, terminal_progress())
    chosen = tuple(d for d in diff.differences if request.only or d.verdict in _EDITS)
    _check_named(request, chosen)
    source = request.source
    adopter = Adopter([*source.catalog, *source.overlays], source.root)
    target = default_file(source.catalog, source.root) if into is None else into
    objects = _objects(live)
    for difference in chosen:
        adopter.adopt(difference, objects, target)
    return Adoption(
        adopted=chosen,
        left=tuple(d for d in diff.differences if d not in chosen),
        changes=tuple(adopter.changes()),
        live=live,
    )


def carry_out(request: Request, adoption: Adoption) -> None:
    """Write the files, and put them back where they do not say what is live then.

    Raises:
        RefusedError: they do not. UsageError: one cannot be written.
    """
    written: list[FileChange] = []
    try:
        for change in adoption.changes:
            write_file(change.path.resolve(), change.after)
            written.append(change)
        _prove(request, adoption)
    except BaseException:
        for change in written:
            _put_back(change)
        raise


def unified_diff(changes: Sequence[FileChange]) -> Iterator[str]:
    """The changes as `diff -u` shows them, line by line."""
    for change in changes:
        yield from difflib.unified_diff(
            (change.before or b"").decode().splitlines(keepends=True),
            change.after.decode().splitlines(keepends=True),
            change.shown if change.before is not None else "/dev/null",
            change.shown,
        )


def _objects(live: LiveState) -> Mapping[Address, Fields]:
    return {address: worth_declaring(found) for address, found in live.resources.items()}


def _check_named(request: Request, chosen: Sequence[Difference]) -> None:
    found = {difference.address for difference in chosen}
    same = sorted(str(address) for address in request.only - found)
    if same:
        raise UsageError(
            f"nothing to adopt: {', '.join(same)} does not differ from the server",
            hint="`kaiten-sync drift` shows what does",
        )


def _prove(request: Request, adoption: Adoption) -> None:
    """Read the files again: what was adopted must not differ from what was live."""
    from kaiten_sync.diff.compare import diff_catalog

    try:
        desired = load(request.source)
    except KaitenSyncError as error:
        raise RefusedError(
            "the files would not be valid any more, so nothing was changed",
            [getattr(each, "message", str(each)) for each in getattr(error, "diagnostics", ())],
            hint="change the files by hand",
        ) from error
    differing = {
        d.address for d in diff_catalog(desired, adoption.live, request.source.scope).differences
    }
    wrong = [
        str(d.address)
        for d in adoption.adopted
        if d.address in differing
        or (d.address in desired.resources) == (d.drift is DriftClass.MISSING)
    ]
    if wrong:
        raise RefusedError(
            "the files would not say what is on the server, so nothing was changed",
            wrong,
            hint="is the file of --into part of the catalog? Otherwise change the files by hand",
        )


def _put_back(change: FileChange) -> None:
    if change.before is None:
        change.path.unlink(missing_ok=True)
    else:
        write_file(change.path.resolve(), change.before)
