"""Runs a command and maps every way it can end to an exit code. The one place that does."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from kaiten_sync.cli.exit_codes import ExitCode, code_of
from kaiten_sync.cli.options import chosen_format
from kaiten_sync.cli.root import root
from kaiten_sync.errors import DeclarationError, KaitenSyncError, RefusedError

PROGRAM = "kaiten-sync"
_BUG_HINT = "this is a bug: please report it with the lines above (KAITEN_SYNC_DEBUG=1 adds more)"


def run(args: Sequence[str]) -> int:
    """Run one command line.

    click would end a usage error with 2, which here means that there is a difference; so its
    own exits are switched off and mapped like all others.
    """
    context: click.Context | None = None
    try:
        context = root.make_context(PROGRAM, list(args))
        with context:
            return _as_code(root.invoke(context))
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        return _usage(error)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: nothing more was started", err=True)
        return ExitCode.INTERRUPTED
    except KaitenSyncError as error:
        _report(error, chosen_format(args))
        return code_of(error)
    except BrokenPipeError:
        _silence_stdout()
        return ExitCode.FAILED
    except Exception as error:  # noqa: BLE001  (the one place: no traceback for a user)
        return _bug(error)


def _as_code(result: Any) -> int:
    return int(result) if isinstance(result, int) else ExitCode.OK


def _usage(error: click.ClickException) -> int:
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
    click.echo(f"error: {error.format_message()}", err=True)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(f"  help: {error.ctx.command_path} --help", err=True)
    return ExitCode.WRONG_INPUT


def _report(error: KaitenSyncError, output_format: str) -> None:
    if output_format == "json":
        click.echo(json.dumps({"error": _error_json(error)}, ensure_ascii=False, indent=2))
    if isinstance(error, DeclarationError):
        _report_findings(error, output_format)
        return
    click.echo(f"error: {_clean(error.message)}", err=True)
    for finding in getattr(error, "findings", ()):
        click.echo(f"  - {_clean(finding)}", err=True)
    if error.hint:
        click.echo(f"  help: {_clean(error.hint)}", err=True)


def _report_findings(error: DeclarationError, output_format: str) -> None:
    from kaiten_sync.cli.output import use_color
    from kaiten_sync.report.diagnostics import render_github, render_text

    if output_format == "github":
        click.echo(render_github(error.diagnostics), nl=False)
    click.echo(render_text(error.diagnostics, color=use_color(sys.stderr)), nl=False, err=True)


def _error_json(error: KaitenSyncError) -> dict[str, Any]:
    from kaiten_sync.report.diagnostics import diagnostic_json

    document: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": error.message,
        "exitCode": int(code_of(error)),
    }
    if error.hint:
        document["hint"] = error.hint
    if isinstance(error, RefusedError):
        document["findings"] = list(error.findings)
    if isinstance(error, DeclarationError):
        document["diagnostics"] = [diagnostic_json(each) for each in error.diagnostics]
    return document


def _clean(text: str) -> str:
    from kaiten_sync.report.safe_text import safe_text

    return safe_text(text)


def _silence_stdout() -> None:
    """Keep Python from complaining about the closed pipe at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _bug(error: Exception) -> int:
    if os.environ.get("KAITEN_SYNC_DEBUG"):
        traceback.print_exc()
    click.echo(f"error: {type(error).__name__}: {_clean(str(error))}", err=True)
    click.echo(f"  help: {_BUG_HINT}", err=True)
    return ExitCode.FAILED
