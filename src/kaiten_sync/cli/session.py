"""From options to values: the project file, the declaration, the connection.

Imported by commands when they run, not when they are listed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kaiten_sync.bootstrap import Connection, Flags, connect
from kaiten_sync.cli.options import PolicyChoice, ServerChoice
from kaiten_sync.declare import find_project, read_project
from kaiten_sync.errors import DeclarationError, UsageError
from kaiten_sync.kinds.spec import Generation
from kaiten_sync.model.settings import Limit, Policy, Project, Prune, Scope, parse_limit_option
from kaiten_sync.pipeline import CatalogSource


def flags_of(server: ServerChoice) -> Flags:
    """The target options as values."""
    is_asked = server.generation in (None, "auto")
    return Flags(
        target=server.target,
        base_url=server.base_url,
        auth_token=server.auth_token,
        generation=None if is_asked else Generation(str(server.generation)),
        allow_http=server.allow_http,
        max_requests_per_minute=server.max_requests_per_minute,
    )


def load_project(path: str | None) -> Project | None:
    """The project file that is named, or found from here upwards; None where there is none.

    Raises:
        DeclarationError: it is wrong. UsageError: it is named and not there.
    """
    found = Path(path) if path else find_project(Path.cwd())
    if found is None:
        return None
    if not found.is_file():
        raise UsageError(f"there is no project file {path}")
    project, findings = read_project(found)
    if project is None:
        raise DeclarationError(findings)
    return project


def source_of(
    files: Sequence[str], project: Project | None, overlays: Sequence[str] = ()
) -> CatalogSource:
    """Where the declaration is.

    Raises:
        UsageError: neither an option nor a project file says so.
    """
    scope = project.scope if project else Scope()
    if files:
        root, catalog = Path.cwd(), tuple(files)
        overlays = tuple(str(Path(project.root) / o) for o in overlays) if project else ()
    elif project is not None:
        root, catalog = Path(project.root), project.catalog
    else:
        raise UsageError(
            "no catalog is named",
            hint="pass -f PATH, or start a project with `kaiten-sync init`",
        )
    return CatalogSource(root=root, catalog=catalog, overlays=overlays, scope=scope)


def connection_to(flags: Flags, project: Project | None) -> Connection:
    """The server to talk to. Raises as `bootstrap.connect` does."""
    return connect(flags, os.environ, project)


def policy_of(project: Project | None, limits: PolicyChoice) -> Policy:
    """What a plan may do: options before the project file."""
    policy = project.policy if project else Policy()
    if limits.prune is not None:
        policy = replace(policy, prune=Prune(limits.prune))
    if limits.max_deletes is not None:
        policy = replace(policy, max_deletes=_limit(limits.max_deletes, "--max-deletes"))
    if limits.max_updates is not None:
        policy = replace(policy, max_updates=_limit(limits.max_updates, "--max-updates"))
    return policy


def _limit(text: str, option: str) -> Limit:
    try:
        return parse_limit_option(text)
    except ValueError as error:
        raise UsageError(f"{option} takes a share such as 30%, or a count, not {text!r}") from error
