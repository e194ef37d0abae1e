"""The command line: parses, calls one job, prints. The only importer of click.

Command modules import nothing heavy at their top, so that `--help` answers at once.
"""

import os
import sys

__all__ = ["main"]

_INTERRUPTED = 130
"""As in `ExitCode`, which is not imported yet."""


def main() -> None:
    """Entry point of the `kaiten-sync` command.

    Ctrl-C can come at any moment, also while modules are imported or a message is written: it
    never ends in a traceback. So what the interpreter has not loaded by itself is imported below.
    SIGTERM and SIGHUP end a run as Ctrl-C does: they would leave half files, and servers that it
    started.
    """
    try:
        import gc
        import signal

        # A signal that is ignored at the start stays ignored, as `nohup` wants it.
        stops = (signal.SIGTERM, signal.SIGHUP)
        for stop in [each for each in stops if signal.getsignal(each) == signal.SIG_DFL]:
            signal.signal(stop, signal.default_int_handler)

        from kaiten_sync.cli.run import run

        # A catalog is some hundred thousand objects that live to the end: looking through them at
        # every 700 new ones is a seventh of a plan's time, and finds nothing to free.
        gc.set_threshold(100_000, 50, 50)

        # A thread that computes keeps the interpreter this long. With the 5 ms that it has by
        # default, threads that wait for the server would send their next requests too late.
        sys.setswitchinterval(0.001)

        code = run(sys.argv[1:])
        for stop in (signal.SIGINT, *stops):
            signal.signal(stop, signal.SIG_IGN)  # all is done and reported
    except KeyboardInterrupt:
        code = _INTERRUPTED
    # The interpreter would wait for requests that were given up, and free all modules and what is
    # left of a catalog: 20 to 40 ms in which nothing happens.
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105  (contextlib would have to be imported before main)
            stream.flush()
        except (OSError, ValueError, AttributeError, KeyboardInterrupt):
            pass
    os._exit(code)
