"""Starts the embedded server and says where it is."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click

from kaiten_sync.errors import KaitenSyncError, UsageError
from kaiten_sync.immutable import Immutable

READY_PREFIX = "listening on "
"""What the line begins with that names the URL; scripts may wait for it."""

_REFUSED_BY_BROWSERS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080}
).union(range(6665, 6670))
"""Ports on which browsers open no page, of those that anybody may listen on. Source: the Fetch
standard, "port blocking"."""


class ServeChoice(Immutable, frozen=True, kw_only=True):
    """What the options say of the server itself; None if they say nothing."""

    database: str | None
    bootstrap_token: str | None
    makes_token: bool
    workers: int
    reports_kept_days: int | None
    trusted_proxies: tuple[str, ...]
    allow_private_webhooks: bool
    project: str | None
    target: str | None


def serve_until_stopped(host: str, port: int, choice: ServeChoice) -> None:
    """Run the server until it is interrupted.

    Raises:
        UsageError: it cannot start, or is not installed.
    """
    require_server()
    from kaiten_sync.server.app import ServerSettings, ServerStartError, Started, serve

    def announce(started: Started) -> None:
        if started.new_token is not None:
            click.echo(f"token with all scopes (shown only once): {started.new_token}")
        click.echo(f"{READY_PREFIX}{started.url}")
        for line in about_server(started.url, started.database):
            click.echo(line, err=True)
        sys.stdout.flush()

    settings = ServerSettings(
        database_url=choice.database,
        bootstrap_token=choice.bootstrap_token,
        makes_token=choice.makes_token,
        workers=choice.workers,
        reports_kept_days=choice.reports_kept_days,
        trusted_proxies=choice.trusted_proxies,
        allow_private_webhooks=choice.allow_private_webhooks,
        plan_source=_plan_source(choice),
    )
    try:
        serve(settings, host, port, announce)
    except ServerStartError as error:
        raise UsageError(error.message, hint=error.hint) from error


def require_server() -> None:
    """Refuse if the server's extra is not installed.

    Raises:
        UsageError: it is not.
    """
    try:
        import kaiten_sync.server.app  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the embedded server is not installed ({error.name} is missing)",
            hint="install it again, from where you got it, with the extra `[server]`",
        ) from error


def about_server(url: str, database: str) -> Iterator[str]:
    """What a person does next with a server that listens."""
    port = urlsplit(url).port
    if port in _REFUSED_BY_BROWSERS:
        yield f"dashboard:  browsers refuse port {port}; start with --port 6060 to open it"
    else:
        yield f"dashboard:  {url}/"
    yield f"operations: {url}/api/docs"
    yield f"database:   {database}"
    yield "stop:       Ctrl-C"


def project_plan(project: str, target: str = "") -> str:
    """What the project would change on its target, as a plan in JSON: the dashboard's view of git.

    Beside the plan's own properties, `drift` says which side changed and `impact` whom the plan
    affects, as those commands write it; `declaredAt` says where each object is declared, and how.

    Raises:
        PlanNotMadeError: the plan cannot be made, or a guard refuses it.
    """
    from kaiten_sync.bootstrap import Flags, local_ports, open_workspace
    from kaiten_sync.jobs.declared_texts import declared_texts
    from kaiten_sync.jobs.drifting import DriftRequest, drift
    from kaiten_sync.jobs.planning import PlanRequest, plan, refuse, write_plan
    from kaiten_sync.model.ports import NeverStopped, NoNotices, NoProgress
    from kaiten_sync.redaction import Redaction
    from kaiten_sync.report.drift_json import drift_json
    from kaiten_sync.report.failure import failure_text
    from kaiten_sync.report.impact_json import impact_json
    from kaiten_sync.report.views import Look
    from kaiten_sync.server.app import PlanNotMadeError

    redaction = Redaction()
    ports = local_ports(
        notices=NoNotices(), progress=NoProgress(), stop=NeverStopped(), redaction=redaction
    )
    flags = Flags(target=target or None)
    try:
        workspace = open_workspace(
            project, flags, os.environ, redaction=redaction, notices=NoNotices()
        )
        proposal = plan(workspace, PlanRequest(), ports)
        refuse(proposal)
        (report,) = drift(workspace, DriftRequest(), ports).reports
        texts = declared_texts(workspace, ports.files)
    except KaitenSyncError as error:
        raise PlanNotMadeError(redaction(failure_text(error, Look()))) from error
    beside = {
        "drift": drift_json(report),
        "impact": impact_json(proposal.impact) if proposal.impact else None,
        "declaredAt": {str(a): {"place": t.place, "yaml": t.yaml} for a, t in texts.items()},
    }
    return json.dumps({**json.loads(write_plan(proposal.plan)), **beside})


def _plan_source(choice: ServeChoice) -> tuple[str, ...]:
    """The function that makes the project's plan: the server calls it and looks no further.

    Raises:
        UsageError: the project file cannot be read, or it does not have the target.
    """
    if choice.project is None:
        if choice.target is not None:
            raise UsageError("--target needs --project", hint="name the project file")
        return ()
    from kaiten_sync.bootstrap import check_input, check_target

    check_input(Path(choice.project))
    if choice.target is not None:
        check_target(choice.target, choice.project)
    target = () if choice.target is None else (choice.target,)
    return (f"{__name__}:{project_plan.__name__}", choice.project, *target)
