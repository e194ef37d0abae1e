"""Keeps the receipt of an apply in a file that is whole JSON at every moment."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from kaiten_sync.cli.output import say
from kaiten_sync.errors import KaitenSyncError, RefusedError, UsageError
from kaiten_sync.model.outcome import ApplyResult, Outcome, RunState
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.receipt_json import (
    End,
    end_of,
    receipt_frame,
    receipt_outcome,
)


class Receipt:
    """A receipt file, written as the outcomes come in.

    Each outcome overwrites the end of the file with itself and a new end, by one system call: a
    process that is killed leaves every outcome up to then.
    """

    def __init__(self, path: str, plan: Plan) -> None:
        """Begin the file.

        Raises:
            UsageError: it cannot be written there, or something else is there. Nothing was sent.
        """
        _check_is_receipt(Path(path))
        self._plan, self._started_at = plan, _now()
        head, _ = receipt_frame(plan, self._started_at, End())
        self._path = path
        self._is_first = True
        self._fault: OSError | None = None
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
            self._end = os.pwrite(self._file, head.encode(), 0)
            os.pwrite(self._file, self._tail(End()), self._end)
        except OSError as error:
            raise UsageError(f"cannot write the receipt {path}: {error.strerror}") from error

    def record(self, outcome: Outcome) -> None:
        """Add one outcome. A full disk must not end a run: it is told at the end."""
        line = receipt_outcome(outcome, is_first=self._is_first).encode()
        if self._write(line + self._tail(End())):
            self._end += len(line)
            self._is_first = False

    def close(self, result: ApplyResult | KaitenSyncError) -> None:
        """End the file with what became of the run, and say if it is not all there."""
        end = end_of(result, _now()) if isinstance(result, ApplyResult) else _refusal(result)
        self._write(self._tail(end))
        os.close(self._file)
        if self._fault is not None:
            say(f"warning: the receipt {self._path} is incomplete: {self._fault.strerror}")

    def _tail(self, end: End) -> bytes:
        return receipt_frame(self._plan, self._started_at, end)[1].encode()

    def _write(self, text: bytes) -> bool:
        try:
            os.pwrite(self._file, text, self._end)
            os.truncate(self._file, self._end + len(text))
        except OSError as error:
            self._fault = error
            return False
        return True


def _check_is_receipt(path: Path) -> None:
    """Only a receipt is replaced: a catalog, by a slip, must not be."""
    try:
        if not path.is_file() or not (content := path.read_bytes()):
            return
        found = json.loads(content)
    except OSError:
        return  # whether it can be written shows in a moment
    except (ValueError, RecursionError):
        found = None
    if not (isinstance(found, dict) and "planDigest" in found):
        raise UsageError(
            f"{path} is there and is no receipt; it was left as it is",
            hint="name another file with --receipt",
        )


def _refusal(error: KaitenSyncError) -> End:
    is_refused = isinstance(error, RefusedError)
    return End(
        state=RunState.REFUSED if is_refused else RunState.FAILED,
        finished_at=_now(),
        message=error.message,
        findings=error.findings if isinstance(error, RefusedError) else (),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
