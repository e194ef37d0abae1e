"""Keeps the receipt of an apply in a file that is whole JSON at every moment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kaiten_sync.errors import (
    DeclarationError,
    KaitenSyncError,
    PlanFileError,
    RefusedError,
    StoppedError,
    UsageError,
)
from kaiten_sync.jobs.overwriting import Output, check_replaces
from kaiten_sync.model.outcome import ApplyResult, Outcome, RunState
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import Clock, Ports
from kaiten_sync.report.receipt_json import (
    End,
    end_of,
    receipt_frame,
    receipt_outcome,
)


class Receipt:
    """A receipt file, written as the outcomes come in. It is the journal of one apply.

    What has ended replaces the end of the file with its outcomes and a new end, in one write: a
    process that is killed leaves every outcome up to then.
    """

    def __init__(self, path: str, plan: Plan, ports: Ports) -> None:
        """Begin the file.

        Raises:
            UsageError: it cannot be written there, or something else is there. Nothing was sent.
        """
        check_replaces(path, ports.files, Output.RECEIPT)
        self._plan, self._started_at = plan, _now(ports.clock)
        head = _bytes(receipt_frame(plan, self._started_at, End())[0])
        self._path = path
        self._ports = ports
        self._is_first = True
        self._waiting = b""
        self._write_error: OSError | None = None
        self._end = len(head)
        try:
            self._file = ports.files.grow(Path(path), head + self._tail(End()))
        except OSError as error:
            raise UsageError(
                f"cannot write the receipt {path}: {error.strerror}",
                hint="name another file with --receipt; nothing was applied",
            ) from error

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Add outcomes. A full disk does not end a run: they wait for the next ones."""
        for outcome in outcomes:
            self._waiting += _bytes(receipt_outcome(outcome, is_first=self._is_first))
            self._is_first = False
        self._write(End())

    def close(self, result: ApplyResult | KaitenSyncError) -> None:
        """End the file with the result of the run, and give notice if outcomes are missing.

        A file without all outcomes never says how the run ended: it stays `running`.
        """
        now = _now(self._ports.clock)
        if isinstance(result, ApplyResult):
            end = end_of(result, now)
        else:
            end = End(
                state=_state_of(result),
                finished_at=now,
                message=result.message,
                diagnostics=result.diagnostics
                if isinstance(result, RefusedError | DeclarationError | PlanFileError)
                else (),
            )
        is_whole = self._write(end)
        try:
            self._file.close()
        except OSError as error:
            self._warn("is lost", error)
        else:
            if not is_whole and self._write_error is not None:
                self._warn("is incomplete", self._write_error)

    def _warn(self, is_what: str, why: OSError) -> None:
        self._ports.notices.notify(f"warning: the receipt {self._path} {is_what}: {why.strerror}")

    def _write(self, end: End) -> bool:
        """Write what waits, and a new end. The file stays as it was if that is not possible."""
        try:
            self._file.replace_end(self._end, self._waiting + self._tail(end))
        except OSError as error:
            self._write_error = error
            return False
        self._end += len(self._waiting)
        self._waiting = b""
        return True

    def _tail(self, end: End) -> bytes:
        return _bytes(receipt_frame(self._plan, self._started_at, end)[1])


def _state_of(error: KaitenSyncError) -> RunState:
    if isinstance(error, StoppedError):
        return RunState.INTERRUPTED
    return RunState.REFUSED if isinstance(error, RefusedError) else RunState.FAILED


def _bytes(text: str) -> bytes:
    """JSON as UTF-8. Half a surrogate pair, which a server may send, is an escape in JSON too."""
    return text.encode(errors="backslashreplace")


def _now(clock: Clock) -> str:
    return clock().isoformat(timespec="seconds").replace("+00:00", "Z")
