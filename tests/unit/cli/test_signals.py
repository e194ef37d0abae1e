"""How a run is stopped from outside, whatever its process was started with."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kaiten_sync.cli.signals import TerminalStop


@contextmanager
def disposition(number: signal.Signals, handler: signal.Handlers) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
def test_the_first_signal_asks_to_finish_and_the_second_stops(first: signal.Signals) -> None:
    said: list[str] = []
    with (
        disposition(signal.SIGINT, signal.SIG_DFL),
        disposition(signal.SIGTERM, signal.SIG_DFL),
        TerminalStop(said.append).listening() as is_stopped,
    ):
        assert not is_stopped()
        os.kill(os.getpid(), first)
        assert is_stopped()
        assert ["finishing what is under way" in line for line in said] == [True]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_terminal_that_is_closed_asks_to_finish_however_often_it_says_so() -> None:
    """The kernel sends a SIGHUP, and so does the shell."""
    with (
        disposition(signal.SIGHUP, signal.SIG_DFL),
        TerminalStop(lambda _: None).listening() as is_stopped,
    ):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
        assert is_stopped()


def test_an_ignored_interrupt_stays_ignored_and_a_termination_still_stops() -> None:
    with (
        disposition(signal.SIGINT, signal.SIG_IGN),
        disposition(signal.SIGTERM, signal.SIG_DFL),
    ):
        with TerminalStop(lambda _: None).listening() as is_stopped:
            os.kill(os.getpid(), signal.SIGINT)
            assert not is_stopped()
            os.kill(os.getpid(), signal.SIGTERM)
            assert is_stopped()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
