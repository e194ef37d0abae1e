"""`kaiten-sync rules`: the project's own rules for its plans."""

from __future__ import annotations

import click

from kaiten_sync.cli.completion import FILE
from kaiten_sync.cli.options import project_option


@click.group("rules")
def command() -> None:
    """Work with the rules of the project file (`policy.rules`).

    \b
    Examples:
      kaiten-sync rules test rules.test.yaml
    """


@command.command("test")
@click.argument("file", type=FILE, metavar="FILE")
@project_option
def test(file: str, project: str | None) -> int:
    """Judge saved plans by the rules, and compare with what FILE expects.

    FILE has cases: a plan file, whom its changes affect, and what the rules say. Needs no server.
    Exits with 1 if a case fails.

    \b
    Examples:
      kaiten-sync rules test rules.test.yaml
      kaiten-sync schema rule-test
    """
    import os
    from pathlib import Path

    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.output import TerminalNotices, print_result, say
    from kaiten_sync.cli.session import terminal_ports
    from kaiten_sync.jobs.testing_rules import rule_cases
    from kaiten_sync.jobs.workspace import open_project
    from kaiten_sync.report.numbers import counted
    from kaiten_sync.report.safe_text import safe_text

    opened = open_project(project, Path.cwd(), os.environ, TerminalNotices())
    results = rule_cases(file, opened, terminal_ports(is_offline=True).files)
    for each in results:
        print_result(f"{'ok  ' if each.is_ok else 'FAIL'} {safe_text(each.name)}")
        for sign, lines in (("expected, and not said", each.missing), ("said", each.unexpected)):
            for line in lines:
                print_result(f"     {sign}: {safe_text(line)}")
    failed = sum(not each.is_ok for each in results)
    if failed:
        say(f"{failed} of {counted(len(results), 'case')} failed")
        return ExitCode.FAILED
    say(f"{counted(len(results), 'case')} as expected")
    return ExitCode.OK
