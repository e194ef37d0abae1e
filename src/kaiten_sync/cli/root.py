"""The command group. Commands are loaded when they are asked for."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

import click

from kaiten_sync import __version__
from kaiten_sync.cli.elsewhere import COMMANDS, refuse_single_dash

_COMMANDS = (
    "init",
    "validate",
    "plan",
    "show",
    "impact",
    "table",
    "apply",
    "migrate",
    "drift",
    "adopt",
    "freeze",
    "rules",
    "export",
    "compare",
    "doctor",
    "schema",
    "serve",
    "demo",
)
"""In the order in which a person meets them."""


class LazyGroup(click.Group):
    """A group whose commands live in `kaiten_sync.cli.<name>_command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order of a first day with the tool."""
        return list(_COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or name the one that was probably meant."""
        is_unknown = bool(args) and args[0] not in _COMMANDS and not args[0].startswith("-")
        if is_unknown and not ctx.resilient_parsing:  # a shell that asks for words gets no error
            # First what other tools call it, such as `deploy`; then what is spelled like it.
            meant = COMMANDS.get(args[0]) or " or ".join(get_close_matches(args[0], _COMMANDS))
            ctx.fail(f"no such command: {args[0]!r}.{f' Did you mean {meant}?' if meant else ''}")
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not ctx.resilient_parsing:
            refuse_single_dash(command, rest, ctx)
        return name, command, rest

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """Load a command's module."""
        if cmd_name not in _COMMANDS:
            return None
        # Only the one that runs: together they load half of the program, which every completion
        # would wait for.
        command = import_module(f"kaiten_sync.cli.{cmd_name}_command").command
        assert isinstance(command, click.Command)  # noqa: S101  (narrows for the type checker)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="kaiten-sync %(version)s")
def root() -> None:
    """GitOps for a Kaiten licensing catalog.

    YAML in git declares licenses, entitlements and thresholds. Validate it, plan against a live
    server, review the plan, apply exactly that, and watch for drift.

    \b
    A first look, without any account:
      kaiten-sync demo
    A day's work:
      kaiten-sync validate
      kaiten-sync plan -t staging -o plans/staging.plan.json
      kaiten-sync apply plans/staging.plan.json
      kaiten-sync drift -t staging
    """
