"""The composition root: a caller's flags and environment become a workspace and ports."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.credentials import api_base, check_token
from kaiten_sync.api.identity import server_key
from kaiten_sync.api.network import Certificates, network_of
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.disk import Disk, check_input, check_output, read_regular
from kaiten_sync.errors import CredentialError, DeclarationError, UsageError
from kaiten_sync.git import GitHistory
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.workspace import Workspace, load_project, open_project
from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.kinds.spec import Generation
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import Connection, NoNotices, Notices, Ports, Progress, StopSignal
from kaiten_sync.model.reading import CONNECTIONS, MOST_CONNECTIONS
from kaiten_sync.model.settings import TOKEN_VARIABLE, Project, Target
from kaiten_sync.redaction import Redaction

__all__ = [
    "AD_HOC",
    "RATE_VARIABLE",
    "URL_VARIABLE",
    "Flags",
    "HttpConnection",
    "check_input",
    "check_output",
    "check_target",
    "check_token",
    "connect",
    "local_ports",
    "open_workspace",
    "read_regular",
]

URL_VARIABLE = "KAITEN_BASE_URL"
RATE_VARIABLE = "KAITEN_SYNC_MAX_REQUESTS_PER_MINUTE"
CONNECTIONS_VARIABLE = "KAITEN_SYNC_CONNECTIONS"
_MOST = {RATE_VARIABLE: 999_999_999, CONNECTIONS_VARIABLE: MOST_CONNECTIONS}
"""The largest number that each of them takes."""

AD_HOC = "default"
"""The name of a target that no project file names."""

TOKEN_FILE_LIMIT_BYTES = 4096
"""Far more than a token has: a larger file is the wrong one."""
_FILE_HINT = (
    "write the token into that file, and nothing else, or name another one with `token: {file:"
    " PATH}` in the project file: a relative path begins where that is"
)


class Flags(Immutable, frozen=True, kw_only=True):
    """What the command line says about the server; None if it says nothing.

    `asks_generation`: the server is asked for its generation, whatever the project file says.
    """

    target: str | None = None
    base_url: str | None = None
    auth_token: str | None = None
    generation: Generation | None = None
    asks_generation: bool = False
    allow_http: bool = False
    max_requests_per_minute: int | None = None
    connections: int | None = None


class HttpConnection(Immutable, frozen=True, kw_only=True):
    """A target, and all it takes to reach it. Implements `Connection` of `model/ports.py`."""

    target: TargetRef
    settings: ConnectionSettings
    overlays: tuple[str, ...] = ()

    def open(self) -> HttpCatalog:
        """A catalog to read and write, to be used as a context manager."""
        return HttpCatalog(self.settings)


def open_workspace(
    project_file: str | None,
    flags: Flags,
    environment: Mapping[str, str],
    *,
    redaction: Redaction,
    notices: Notices,
) -> Workspace:
    """The working directory with its project, and the way to its targets.

    `redaction` is told every token that is used.

    Raises:
        DeclarationError: the project file is wrong. UsageError: it is named and not there, or is
            somebody else's.
    """
    folder = Path.cwd()
    project = open_project(project_file, folder, environment, notices)

    def connect_to(target: str | None) -> Connection:
        is_chosen = target is None or flags.target is not None
        chosen = flags if is_chosen else flags.changed(target=target)
        return connect(chosen, environment, project, redaction, notices)

    def connect_to_other(target: str) -> Connection:
        # What the flags say of a server and its token is meant for the chosen one alone.
        other = flags.changed(
            target=target, base_url=None, auth_token=None, generation=None, asks_generation=False
        )
        return connect(other, environment, project, redaction)

    return Workspace(
        folder=folder,
        project=project,
        connect=connect_to,
        connect_to_other=connect_to_other,
        takes_plans_only=lambda: _takes_plans_only(flags, environment, project),
        left_out=GitHistory().left_out,
    )


def check_target(name: str, project_file: str) -> None:
    """Make sure that a project file has a target, unless the file is wrong by now.

    Raises:
        UsageError: it has none of this name.
    """
    with suppress(DeclarationError):  # whoever reads it later shows what is wrong
        _named(Flags(target=name), load_project(Path(project_file)))


def local_ports(
    *, notices: Notices, progress: Progress, stop: StopSignal, redaction: Redaction | None = None
) -> Ports:
    """The ports of a job in this process: its disk, its git, its clock, and what the caller has.

    No file is written that contains what `redaction` hides.
    """
    return Ports(
        files=Disk(redaction),
        history=GitHistory(),
        notices=notices,
        progress=progress,
        stop=stop,
        clock=lambda: datetime.now(UTC),
    )


def connect(
    flags: Flags,
    environment: Mapping[str, str],
    project: Project | None,
    redaction: Redaction | None = None,
    notices: Notices | None = None,
) -> HttpConnection:
    """Choose the target and find its credential: flag, environment, project file.

    A target named by `-t` is a flag: its URL and credential then come from the project file,
    and the environment only fills what the file leaves open. So a token that is exported for
    one server is never sent to another.

    Raises:
        UsageError: no such target, no server at all, a token that is for another server or part of
            the URL, or a rate that is none.
        CredentialError: the credential's place is empty, or its value is not a Kaiten token.
    """
    target = _choose(flags, environment, project)
    url = flags.base_url or target.url
    base = api_base(url, allow_http=flags.allow_http)
    if flags.auth_token is None:
        _check_same_server(target, base)
    token = flags.auth_token or _token(target, environment, project)
    held = redaction or Redaction()
    held.hold(token)
    if held.is_in(base):
        raise UsageError(
            f"the URL of {target.name} has a token in it",
            hint="write it without; the token goes into a header",
        )
    network = network_of(base, environment, _certificates(target, project))
    if network.proxy is not None:
        held.hold(urlsplit(network.proxy).password)
    settings = ConnectionSettings(
        url=url,
        token=None if token is None else check_token(token),
        generation=None if flags.asks_generation else flags.generation or target.generation,
        allow_http=flags.allow_http,
        max_requests_per_minute=flags.max_requests_per_minute or _count(RATE_VARIABLE, environment),
        connections=flags.connections or _count(CONNECTIONS_VARIABLE, environment) or CONNECTIONS,
        network=network,
        notify=(notices or NoNotices()).notify,
    )
    return HttpConnection(
        target=TargetRef(target.name, base.removesuffix("/api")),
        settings=settings,
        overlays=target.overlays,
    )


def _takes_plans_only(
    flags: Flags, environment: Mapping[str, str], project: Project | None
) -> TargetRef | None:
    """The chosen target, if any target of the project that means its server takes plans only."""
    target = _choose(flags, environment, project)
    base = api_base(flags.base_url or target.url, allow_http=flags.allow_http)
    for each in (target, *(project.targets.values() if project else ())):
        with suppress(ValueError):  # a URL that is wrong is that of no server
            if each.require_plan and (each is target or server_key(each.url) == server_key(base)):
                return TargetRef(target.name, base.removesuffix("/api"))
    return None


def _choose(flags: Flags, environment: Mapping[str, str], project: Project | None) -> Target:
    targets = project.targets if project else {}
    if flags.target is not None:
        return _named(flags, project)
    url = flags.base_url or environment.get(URL_VARIABLE)
    if url:
        return Target(name=AD_HOC, url=url)
    # With several, a wrong guess would plan for production.
    if len(targets) == 1:
        return next(iter(targets.values()))
    if targets:
        raise UsageError(
            "which target? the project file has " + ", ".join(sorted(targets)),
            hint="choose one with -t",
        )
    raise UsageError(
        "no server is named",
        hint=f"set {URL_VARIABLE} and {TOKEN_VARIABLE}, or name a target in kaiten-sync.yaml,"
        " or that file with --project",
    )


def _check_same_server(target: Target, base: str) -> None:
    """A target's token is for the target's server (ADR 5).

    Raises:
        UsageError: it would be sent to another one.
    """
    has_token = target.token_env is not None or target.token_file is not None
    if has_token and base != api_base(target.url, allow_http=True):
        raise UsageError(
            f"the token of target {target.name} is for {target.url}, and --base-url names another"
            " server",
            hint="pass that server's token with --auth-token, or leave out -t or --base-url",
        )


def _named(flags: Flags, project: Project | None) -> Target:
    name, targets = str(flags.target), project.targets if project else {}
    if name in targets:
        return targets[name]
    if flags.base_url:
        return Target(name=name, url=flags.base_url)
    if not targets:
        missing = "no project file (kaiten-sync.yaml) was found here or in a folder above"
        no_targets = missing if project is None else "the project file has no targets"
        raise UsageError(
            f"there is no target {name!r}: {no_targets}",
            hint="name the project file with --project, or the server with --base-url",
        )
    known = ", ".join(sorted(targets))
    raise UsageError(
        f"there is no target {name!r}; the project file has: {known}",
        hint=did_you_mean(name, targets)
        or "targets are listed under `targets:` in kaiten-sync.yaml",
    )


def _count(variable: str, environment: Mapping[str, str]) -> int | None:
    """A number of requests that the environment says; None if it says nothing."""
    text, most = environment.get(variable), _MOST[variable]
    if not text:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text) or int(text) > most:
        raise UsageError(
            f"{variable} takes a number of requests from 1 to {most}, not {text!r}",
            hint="set another number, or unset the variable",
        )
    return int(text)


def _token(target: Target, environment: Mapping[str, str], project: Project | None) -> str | None:
    if target.token_env is not None:
        token = environment.get(target.token_env)
        if not token:
            state = "not set" if token is None else "empty"
            raise CredentialError(
                f"target {target.name} takes its token from {target.token_env}, which is {state}",
                hint=f"export {target.token_env}, or let CI set it from its secrets",
            )
        return token
    if target.token_file is not None:
        return _token_from_file(target, Path(project.root if project else "."))
    # An empty variable is how CI systems pass a secret that is not set.
    return environment.get(TOKEN_VARIABLE) or None


def _certificates(target: Target, project: Project | None) -> Certificates | None:
    """Those that the project file names for the target; they win over the environment's."""
    if target.ca is None:
        return None
    # Unlike Path.expanduser, this leaves the name of an unknown user as it is.
    path = Path(project.root if project else ".") / os.path.expanduser(target.ca)
    return Certificates(named_by=f"`ca` of target {target.name}", file=str(path))


def _token_from_file(target: Target, root: Path) -> str:
    path = root / os.path.expanduser(str(target.token_file))
    place = f"target {target.name} takes its token from {target.token_file}"
    try:
        content = read_regular(path, TOKEN_FILE_LIMIT_BYTES)
        token = content.removeprefix(codecs.BOM_UTF8).decode("ascii").strip()
    except (UsageError, ValueError) as error:
        if path.exists() and not path.is_file():  # a pipe, a device
            raise
        reason = error.message if isinstance(error, UsageError) else "it is not ASCII text"
        raise CredentialError(f"{place}: {reason}", hint=_FILE_HINT) from None
    if not token:
        raise CredentialError(f"{place}, which is empty", hint=_FILE_HINT)
    return token
