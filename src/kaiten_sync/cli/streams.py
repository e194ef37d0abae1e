"""The process's streams: without secrets, and ready for any text and any reader that is gone."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO, cast

from kaiten_sync.redaction import Redaction


class GuardedStream:
    """A text stream that shows no secret, and whose reader may go away.

    A run does not end because nobody reads on, or because a disk is full: what it does to a server
    is worth more than what it prints. `lost` is why nothing more arrives. Everything else is the
    stream's own.
    """

    def __init__(self, stream: TextIO, redaction: Redaction) -> None:
        self._stream = stream
        self._redaction = redaction
        self.lost: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # whoever writes bytes would pass by here
            raise AttributeError(name)
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write the text without secrets."""
        try:
            self._stream.write(self._redaction(text))
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Hand over what was written."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        """Lead the stream nowhere: Python would complain at exit, and change the exit code."""
        self.lost = self.lost or error
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextlib.contextmanager
def guarded_streams(redaction: Redaction, *, is_text: bool) -> Iterator[GuardedStream]:
    """Guard standard output and standard error for as long as a run lasts; yields the former.

    Text follows the locale, with `?` for characters that it lacks; a document for a machine is
    UTF-8 everywhere. To Python, a stream that the caller closed is None: nobody reads it.
    """
    before = sys.stdout, sys.stderr
    result = _guarded(sys.stdout, redaction, encoding=None if is_text else "utf-8")
    messages = _guarded(sys.stderr, redaction, encoding=None)
    sys.stdout, sys.stderr = cast("TextIO", result), cast("TextIO", messages)
    try:
        yield result
    finally:
        sys.stdout, sys.stderr = before


def rescue_result(render: Callable[[], str]) -> None:
    """Write a result to standard error if it did not arrive on standard output.

    For results that cannot be had again, such as what was written to a server. It is rendered only
    if it has to be.
    """
    if isinstance(sys.stdout, GuardedStream) and sys.stdout.lost is not None:
        sys.stdout.lost = None
        sys.stderr.write(render())
        sys.stderr.flush()


def _guarded(stream: TextIO | None, redaction: Redaction, *, encoding: str | None) -> GuardedStream:
    if stream is None:
        stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (until the end)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=encoding, errors="replace")
    return GuardedStream(stream, redaction)
