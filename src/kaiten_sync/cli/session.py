"""From options to what jobs take: a workspace, requests, and the ports of a terminal.

Imported by commands when they run, not when they are listed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from kaiten_sync.bootstrap import Flags, local_ports, open_workspace
from kaiten_sync.cli.impact_options import may_name
from kaiten_sync.cli.next_command import PLACE, PROJECT, given
from kaiten_sync.cli.options import (
    NO_EXCEPTIONS,
    CatalogChoice,
    PolicyChoice,
    RevertChoice,
    ServerChoice,
)
from kaiten_sync.cli.output import TerminalNotices
from kaiten_sync.cli.progress import terminal_progress
from kaiten_sync.cli.signals import TerminalStop
from kaiten_sync.errors import UsageError
from kaiten_sync.jobs.agreed import NO_PLAN
from kaiten_sync.jobs.drifting import DriftRequest
from kaiten_sync.jobs.naming import addresses_of, holders_named, meant_address
from kaiten_sync.jobs.planning import PlanRequest, PolicyOverrides
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.address import Address
from kaiten_sync.model.generation import Generation
from kaiten_sync.model.ports import Ports
from kaiten_sync.model.settings import Limit, Prune, parse_limit_option
from kaiten_sync.redaction import Redaction

_SUCH_AS = "such as license/growth/grant/api-calls"


def terminal_ports(*, has_bar: bool = True, is_offline: bool = False) -> Ports:
    """The ports of a job that a person started from a shell.

    `has_bar` allows a progress bar; a command whose result shows how far it is needs none.
    `is_offline`: no server is asked, so a person who waits does not wait for one.
    """
    notices = _notices()
    return local_ports(
        notices=notices,
        progress=terminal_progress(has_bar=has_bar, is_offline=is_offline),
        stop=TerminalStop(notices.notify),
        redaction=_redaction(),
    )


def workspace_of(project_file: str | None, server: ServerChoice) -> Workspace:
    """The working directory, its project, and the server that the options mean.

    Raises:
        DeclarationError: the project file is wrong. UsageError: it is named and not there.
    """
    asks = server.generation == "auto"
    flags = Flags(
        target=server.target,
        base_url=server.base_url,
        auth_token=server.auth_token,
        generation=None if asks or server.generation is None else Generation(server.generation),
        asks_generation=asks,
        allow_http=server.allow_http,
        max_requests_per_minute=server.max_requests_per_minute,
        connections=server.connections,
    )
    workspace = open_workspace(
        project_file, flags, os.environ, redaction=_redaction(), notices=_notices()
    )
    return workspace.changed(words=given(*PROJECT))


def plan_request(
    declaration: CatalogChoice, limits: PolicyChoice, out: str | None = None
) -> PlanRequest:
    """What the options ask to plan.

    Raises:
        UsageError: an option has a value that it does not take.
    """
    # Said without a plan it could mean any server, and what is then deleted is not what was
    # meant.
    if limits.moved and limits.previous in (None, NO_PLAN):
        raise UsageError(
            "--moved applies to an earlier plan, and none is named",
            hint="name the plan of the server at its old URL with --previous",
        )
    return PlanRequest(
        files=declaration.files,
        overrides=PolicyOverrides(
            prune=None if limits.prune is None else Prune(limits.prune),
            max_deletes=limit_of(limits.max_deletes, "--max-deletes"),
            max_updates=limit_of(limits.max_updates, "--max-updates"),
        ),
        previous=limits.previous,
        is_moved=limits.moved,
        allowed=_allowed(limits.allow),
        out=out,
    )


def drift_request(
    declaration: CatalogChoice,
    server: ServerChoice,
    prune: str | None = None,
    limits: RevertChoice = NO_EXCEPTIONS,
    *,
    plan: str | None,
    addresses: Sequence[str],
    is_all: bool = False,
) -> DriftRequest:
    """What the options ask to compare.

    Raises:
        UsageError: an address is not one, or `--all` goes together with one target.
    """
    only = _addresses(addresses, "", "a catalog is named with -f, a target with -t")
    is_one = server.target is not None or server.base_url is not None or plan is not None
    if is_all and is_one:
        raise UsageError(
            "--all takes every target of the project: no -t, --base-url or --plan",
            hint="leave them out, or leave out --all for one target",
        )
    return DriftRequest(
        files=declaration.files,
        plan=plan,
        only=only,
        is_all=is_all,
        prune=None if prune is None else Prune(prune),
        overrides=PolicyOverrides(max_updates=limit_of(limits.max_updates, "--max-updates")),
        allowed=_allowed(limits.allow),
        words=given(*PLACE),
    )


def limit_of(text: str | None, option: str) -> Limit | None:
    """The share or the count that an option names; None if it is not given.

    Raises:
        UsageError: it names neither.
    """
    if text is None:
        return None
    try:
        return parse_limit_option(text)
    except ValueError as error:
        raise UsageError(
            f"{option} takes a share from 0% to 100%, or a count, not {text!r}",
            hint=f"such as {option} 30%, or {option} 5",
        ) from error


def _redaction() -> Redaction:
    """What the streams of this run hide, which learns every token that is found."""
    return click.get_current_context().find_object(Redaction) or Redaction()


def _notices() -> TerminalNotices:
    """The notices of this run, which name holders only if that is wanted."""
    return TerminalNotices(is_named=may_name(click.get_current_context()))


def _allowed(texts: Sequence[str]) -> frozenset[Address]:
    return _addresses(texts, "--allow: ", "each --allow names one object of the catalog")


def _addresses(texts: Sequence[str], option: str, rule: str) -> frozenset[Address]:
    try:
        return addresses_of(texts)
    except ValueError as error:
        hint = meant_address(texts) or f"{_SUCH_AS}; {rule}"
        raise UsageError(f"{option}{error}", hint=hint) from error


def instances_of(texts: Sequence[str], option: str) -> frozenset[Address]:
    """The instances that an option names.

    Raises:
        UsageError: one is not the address of an instance.
    """
    try:
        return holders_named(texts)
    except ValueError as error:
        raise UsageError(f"{option}: {error}", hint="such as instance/acme-prod") from error
