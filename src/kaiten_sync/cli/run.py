"""Runs a command and maps every way it can end to an exit code. The one place that does."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Sequence

import click

from kaiten_sync.cli.completion import answer_shell
from kaiten_sync.cli.elsewhere import usage_message
from kaiten_sync.cli.exit_codes import ExitCode, code_of
from kaiten_sync.cli.options import chosen_format
from kaiten_sync.cli.root import root
from kaiten_sync.cli.streams import guarded_streams
from kaiten_sync.errors import KaitenSyncError, StoppedError, UsageError
from kaiten_sync.redaction import Redaction

PROGRAM = "kaiten-sync"
_BUG_HINT = "this is a bug: please report it with the lines above (KAITEN_SYNC_DEBUG=1 adds more)"


def run(args: Sequence[str]) -> int:
    """Run one command line.

    click would end a usage error with 2, which here means that there is a difference; so its
    own exits are switched off and mapped like all others.
    """
    answered = answer_shell(root, PROGRAM)
    if answered is not None:
        return answered
    output_format = chosen_format(args)
    redaction = Redaction()
    redaction.hold_all_in((*args, *os.environ.values()))
    with guarded_streams(redaction, is_text=output_format == "text") as result:
        code = _run(args, output_format, redaction)
        if result.lost is None or code not in (ExitCode.OK, ExitCode.DIFFERENCE):
            return code
        if not isinstance(result.lost, BrokenPipeError):  # whoever closed a pipe knows
            click.echo(f"error: the result was not written: {result.lost.strerror}", err=True)
        return ExitCode.FAILED


def _run(args: Sequence[str], output_format: str, redaction: Redaction) -> int:
    context: click.Context | None = None
    try:
        # Not click's standalone mode, which exits with 2 for a wrong command line: here 2 means
        # that there are differences.
        context = root.make_context(PROGRAM, list(args), obj=redaction)
        with context:
            result = root.invoke(context)
            return result if isinstance(result, int) else ExitCode.OK
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.WRONG_INPUT
    except click.ClickException as error:
        return _report_usage(error, output_format, context)
    except (click.Abort, KeyboardInterrupt):
        stopped = StoppedError("interrupted: nothing more was started")
        _print_error(stopped, output_format)
        click.echo(stopped.message, err=True)
        return code_of(stopped)
    except KaitenSyncError as error:
        _report(error, output_format, context)
        return code_of(error)
    except OSError as error:
        # A full disk, too many open files or the like: nobody's bug.
        return _failed(_of_system(error), output_format, context)
    except Exception as error:  # noqa: BLE001  (the one place: no traceback for a user)
        bug = KaitenSyncError(f"{type(error).__name__}: {error}", hint=_BUG_HINT)
        return _failed(bug, output_format, context)


def _report_usage(
    error: click.ClickException, output_format: str, context: click.Context | None
) -> int:
    """Report what click finds wrong with a command line, and the command whose help to read."""
    of_command = getattr(error, "ctx", None) or _present(context)
    wrong = UsageError(usage_message(error), hint=f"{of_command.command_path} --help")
    _print_error(wrong, output_format)
    click.echo(of_command.get_usage(), err=True)
    click.echo(f"error: {wrong.message}\n  help: {wrong.hint}", err=True)
    return ExitCode.WRONG_INPUT


def _present(context: click.Context | None) -> click.Context:
    """The context of the chosen command. click has none for an option without its value."""
    if context is None:
        return click.Context(root, info_name=PROGRAM)
    name = context.invoked_subcommand
    command = root.get_command(context, name) if name is not None else None
    return context if command is None else click.Context(command, context, info_name=name)


def _of_system(error: OSError) -> KaitenSyncError:
    try:
        os.getcwd()  # every path is read from there
    except OSError:
        return UsageError(
            "the folder in which this runs was removed",
            hint="change to a folder that is there, and run it again",
        )
    if error.errno == errno.ENAMETOOLONG:  # nothing can have that name, whoever gave it
        return UsageError(
            f"a path is longer than the system takes: {error.filename}",
            hint="correct it where it is given: on the command line, or in the project file",
        )
    return KaitenSyncError(f"the system said: {error}")


def _report(error: KaitenSyncError, output_format: str, context: click.Context | None) -> None:
    from kaiten_sync.cli.output import make_sayable, say_failure

    make_sayable(error, context)
    _print_error(error, output_format)
    say_failure(error)


def _print_error(error: KaitenSyncError, output_format: str) -> None:
    """Write an error to standard output as well, in the formats that others read from there."""
    from kaiten_sync.report.failure_formats import failure_output

    click.echo(failure_output(error, code_of(error), output_format), nl=False)


def _failed(error: KaitenSyncError, output_format: str, context: click.Context | None) -> int:
    """Report what no class of ours describes; the traceback of what was raised is for us."""
    # Not an option: whoever reports a bug can set it without another command line.
    if os.environ.get("KAITEN_SYNC_DEBUG"):
        from kaiten_sync.report.safe_text import safe_text

        # What was raised may repeat the text of a file or a server.
        for line in traceback.format_exc().splitlines():
            click.echo(safe_text(line, in_place=True), err=True)
    _report(error, output_format, context)
    return code_of(error)
