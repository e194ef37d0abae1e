"""What pages and the forms on them are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kaiten_sync.server.dashboard.forms import Field, Filled, Sent, fill
from kaiten_sync.server.dashboard.git_view import GitPlan
from kaiten_sync.server.domain.refusals import RefusalError
from kaiten_sync.server.domain.scopes import allows
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.catalog import OPERATIONS
from kaiten_sync.server.web.operations import Operation

_BY_ID = {operation.id: operation for operation in OPERATIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A form that was sent and not accepted: which one, what was typed, and why."""

    form: str
    sent: Sent
    error: RefusalError


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A page that somebody who is signed in asks for.

    `path` and `query` are the parameters of the URL. `refused` is the form that brought the
    visitor back here, if one did. `has_git` says whether the server knows a project, and `plan` is
    what that project would change, if it is known yet.
    """

    work: Work
    path: Mapping[str, str]
    query: Mapping[str, str]
    refused: Refused | None = None
    has_git: bool = False
    plan: GitPlan | None = None

    def may(self, scope: str) -> bool:
        """Whether the visitor's token allows what needs this scope."""
        return allows(self.work.caller.scopes, scope)

    def sent(self, form: str) -> Refused | None:
        """The form of this name, where it was refused."""
        return self.refused if self.refused and self.refused.form == form else None

    def form(
        self, form: str, fields: Iterable[Field], stored: Mapping[str, Any] | None = None
    ) -> Filled:
        """The form of this name to show: as it was sent where it was refused, or else as stored."""
        refused = self.sent(form)
        return fill(
            fields,
            stored,
            sent=refused.sent if refused else None,
            error=refused.error if refused else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page to show: its template and what the template says.

    `calls` are the curl lines that do the same through the API; `declaration` is the YAML that
    declares what is shown, or else `declared_at` is where that can be seen; `command` makes the
    command line that does the same, of the server's URL.
    """

    template: str
    values: Mapping[str, Any]
    calls: tuple[Call, ...] = ()
    declaration: str | None = None
    declared_at: str | None = None
    command: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to the API: an operation, with its path and its body filled in."""

    operation: Operation
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page at a path, for everybody who is signed in and has all of the scopes."""

    path: str
    scopes: tuple[str, ...]
    show: Callable[[Visit], Shown]
    waits_for_plan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A form that was accepted: the parameters of its path, and what the operation gave."""

    path: Mapping[str, str]
    result: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A form: where it is sent, what it does, and where that leads.

    `body` makes the operation's body of what was sent; None where the operation takes none.
    `done` gives the path to go to, which a page after a form always is, or else a page to show
    that can be shown only once. `page` is shown again where the form is refused, under the name
    `form`. `before` is done first, in the same transaction. `now` makes the form as it would be
    shown now, where it changes something that others may change too.
    """

    path: str
    form: str
    page: Page
    operation: Operation
    done: Callable[[Done], str | Shown]
    body: Callable[[Visit, Sent], Any] | None = None
    before: Callable[[Visit], None] | None = None
    now: Callable[[Visit], Filled] | None = None


def operation(operation_id: str) -> Operation:
    """An operation of the API by its id."""
    return _BY_ID[operation_id]


def call(operation_id: str, body: Any = None, query: Any = None, **path: str) -> Call:
    """A request to the API by the operation's id."""
    return Call(operation=operation(operation_id), path=path, query=query or {}, body=body)


def back_to(pattern: str, notice: str) -> Callable[[Done], str]:
    """Leads back to the page of what a form was about, which says the notice."""
    return lambda done: f"{pattern.format(**done.path)}?done={notice}"


def on_to(path: str, name: str = "slug") -> Callable[[Done], str]:
    """Leads on to the page of what a form made, below `path`, by the property of this name."""
    return lambda done: f"{path}/{done.result[name]}?done=created"


def up_to(path: str, notice: str) -> Callable[[Done], str]:
    """Leads to a list, which says the notice."""
    return lambda _: f"{path}?done={notice}"
