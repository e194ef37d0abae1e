"""What the dashboard is made of: pages, the forms on them, and visits to both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kaiten_sync.server.dashboard.fields import Field, Sent, read_fields
from kaiten_sync.server.dashboard.forms import Filled, check_unchanged, fill, is_untouched
from kaiten_sync.server.dashboard.git_view import GitPlan
from kaiten_sync.server.domain.refusals import RefusalError
from kaiten_sync.server.domain.scopes import allows
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.arguments import check_body
from kaiten_sync.server.web.catalog import OPERATIONS
from kaiten_sync.server.web.operations import Arguments, Operation

TOKEN_FIELD = "form_token"  # noqa: S105  a name, not a secret
"""The hidden field with what only a page of the same session knows."""

_BY_ID = {operation.id: operation for operation in OPERATIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A form that was sent and not accepted: which one, what was typed, and why."""

    form: Form
    sent: Sent
    error: RefusalError


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A page that somebody who is signed in asks for.

    `path` and `query` are the parameters of the URL. `refused` is the form that brought the
    visitor back here, if one did, and `sent` what was typed in one that is shown again. `has_git`
    is whether the server has a project, and `plan` is what that project would change, if that is
    known yet.
    """

    work: Work
    path: Mapping[str, str]
    query: Mapping[str, str]
    refused: Refused | None = None
    sent: Sent | None = None
    has_git: bool = False
    plan: GitPlan | None = None

    def may(self, scope: str) -> bool:
        """Whether the visitor's token allows what needs this scope."""
        return allows(self.work.caller.scopes, scope)

    def refusal_of(self, *forms: Form) -> Refused | None:
        """The refused form, if it is one of these."""
        refused = self.refused
        # A page may have several forms. Only the one that was sent shows what was typed, and why
        # not.
        return refused if refused and any(refused.form is form for form in forms) else None

    def fill(self, form: Form) -> Filled:
        """A form to show: as it was sent if it was refused, or else as stored or suggested."""
        refused = self.refusal_of(form)
        # A form that changes something shows what is stored, whatever the URL suggests.
        shown = form.stored or form.suggested
        return fill(
            form.fields(self),
            shown(self) if shown else None,
            sent=refused.sent if refused else None,
            error=refused.error if refused else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRequest:
    """A request to the API to copy: an operation, with its path and its body filled in."""

    operation: Operation
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page to show: its template and the values in it.

    `calls` are requests that do the same through the API; `declaration` is the YAML that declares
    what is shown, or else `declared_at` is the URL where that can be seen; `command` makes the
    command line that does the same from the server's URL. A `file` is sent instead of a page: its
    name, and what is in it as CSV.
    """

    template: str
    values: Mapping[str, Any]
    calls: tuple[ExampleRequest, ...] = ()
    declaration: str | None = None
    declared_at: str | None = None
    file: tuple[str, str] | None = None
    command: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardPage:
    """A page at a path, for everybody who is signed in and has all of the scopes."""

    path: str
    scopes: tuple[str, ...]
    show: Callable[[Visit], Shown]
    waits_for_plan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A form that was accepted: the parameters of its path, and the operation's result."""

    path: Mapping[str, str]
    result: Any


UNTOUCHED = object()
"""The result of a form that came back as it was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form: the table of its fields, the operation that it does, and where that leads.

    `page` is where the form is, and is shown again if it is refused. `done` returns the path to go
    to, or a page that can be shown only once. `stored` is what is stored of the fields of a form
    that changes something, and `suggested` what an empty form begins with. `complete` makes the
    operation's body of what was read. `before` is done first, in the same transaction. `act` is
    done instead, by a form that does its operation several times, or something beside it.
    `review` returns a page to show before anything is done, or None if nothing is left to ask.
    """

    path: str
    page: DashboardPage
    operation: Operation
    done: Callable[[Done], str | Shown]
    fields: Callable[[Visit], Sequence[Field]] = lambda _visit: ()
    stored: Callable[[Visit], Mapping[str, Any]] | None = None
    suggested: Callable[[Visit], Mapping[str, Any] | None] | None = None
    complete: Callable[[Visit, dict[str, Any]], dict[str, Any]] = lambda _visit, body: body
    before: Callable[[Visit], None] | None = None
    act: Callable[[Visit, Sent], Any] | None = None
    review: Callable[[Visit, Sent], Shown | None] | None = None

    def perform(self, visit: Visit, sent: Sent) -> Any:
        """Do what was sent, as the API would do it, with the same checks.

        A form that came back as it was shown does nothing: each PUT is an event.

        Raises:
            RefusalError: something is wrong, or somebody else changed what the form changes.
        """
        # Its own checks of what was stored come with it, such as the digest of what was reviewed.
        if self.act:
            return self.act(visit, sent)
        fields, stored = self.fields(visit), self.stored(visit) if self.stored else None
        if stored is not None:
            check_unchanged(fields, stored, sent)
            if is_untouched(fields, stored, sent):
                return UNTOUCHED
        if self.before:
            self.before(visit)
        # Checked again as a request to the API is, after the form: fields are made for people,
        # and a browser can send anything.
        body = self.complete(visit, read_fields(fields, sent, stored))
        asked = Arguments(path=visit.path, query={}, body=check_body(self.operation, body))
        return self.operation.handler(visit.work, asked)


def form_page(
    path: str,
    show: Callable[[Visit], Shown],
    operation_id: str,
    done: Callable[[Done], str | Shown],
    **more: Any,
) -> Form:
    """A form with a page of its own, at the same path. `more` are further fields of `Form`."""
    does = operation(operation_id)
    page = DashboardPage(path=path, scopes=(does.scope,), show=show)
    return Form(path=path, page=page, operation=does, done=done, **more)


def new_page(
    kind: str,
    operation_id: str,
    example: Mapping[str, Any],
    listing: str,
    *,
    declaration: str | None = None,
    known_by: str = "slug",
    titled: Callable[[Visit], str] | None = None,
    **more: Any,
) -> Form:
    """The form of a new object, such as `Service Account`, with an example of the request.

    `listing` is the list that it is added to, below which it then has its page, `known_by` its
    slug or its id. `titled` makes another title than its kind. `more` are further fields of `Form`.
    """
    calls = (call(operation_id, example),)

    def show(visit: Visit) -> Shown:
        title = titled(visit) if titled else f"New {kind}"
        return show_form(
            visit, form, title, "Create", listing, calls=calls, declaration=declaration
        )

    path = f"/new/{kind.lower().replace(' ', '-')}"
    form = form_page(path, show, operation_id, on_to(listing, known_by), **more)
    return form


def edit_page(
    pattern: str,
    operation_id: str,
    written: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    *,
    stored: Callable[[Visit], Mapping[str, Any]],
    kind: str | None = None,
    about: str | None = None,
    declaration: Callable[[Visit], str | None] | None = None,
    done: Callable[[Done], str | Shown] | None = None,
    **more: Any,
) -> Form:
    """The form that changes a stored object, at `/edit` below the page of the object.

    `written` makes the example of the request from what is `stored`. `kind` is the catalog's if git
    may declare it, `about` what the title names if it has no name. `more` are fields of `Form`.
    """

    def show(visit: Visit) -> Shown:
        found, page = stored(visit), pattern.format(**visit.path)
        _, _, address = page.rpartition("/")
        return show_form(
            visit,
            form,
            f"Edit {about or found['name']}",
            "Save",
            page,
            address=f"{kind}/{address}" if kind else None,
            # The path names its object as the API does, so the example takes all of it.
            calls=(call(operation_id, written(found), **visit.path),),
            declaration=declaration(visit) if declaration else None,
        )

    saved = unless_untouched(pattern, done or back_to(pattern, "saved"))
    form = form_page(f"{pattern}/edit", show, operation_id, saved, stored=stored, **more)
    return form


def unless_untouched(
    pattern: str, saved: Callable[[Done], str | Shown]
) -> Callable[[Done], str | Shown]:
    """Where a form leads that changes what the page shows: to that page if nothing was edited."""
    untouched = back_to(pattern, "unchanged")
    return lambda done: (untouched if done.result is UNTOUCHED else saved)(done)


def show_form(
    visit: Visit,
    form: Form,
    title: str,
    submit: str,
    back: str,
    *,
    address: str | None = None,
    **more: Any,
) -> Shown:
    """The page of a form that has a page of its own. `back` is where cancelling leads.

    `address` is that of the object that it changes, if git may declare it.
    """
    # Of the path that the page was asked by, so that a form goes to the object that was looked
    # at.
    action = form.path.format(**visit.path)
    values = {
        "title": title,
        "submit": submit,
        "back": back,
        "action": action,
        "address": address,
    }
    return Shown(template="form.html", values={**values, "form": visit.fill(form)}, **more)


def show_question(
    visit: Visit,
    form: Form,
    template: str,
    values: Mapping[str, Any],
    *,
    title: str,
    about: str,
    back: str,
    address: str | None = None,
    **more: Any,
) -> Shown:
    """The page that asks before a form does what cannot be undone.

    The title is the question without its mark, such as `Delete Growth`, and its first word is the
    button's. `back` is the page of what the question is about, and `address` that of what git may
    declare.
    """
    asked = {
        "title": title,
        "about": about,
        "back": back,
        "action": form.path.format(**visit.path),
        "refused": visit.refused,
        "address": address,
    }
    return Shown(template=template, values={**asked, **values}, **more)


def operation(operation_id: str) -> Operation:
    """An operation of the API by its id."""
    return _BY_ID[operation_id]


def call(operation_id: str, body: Any = None, query: Any = None, **path: str) -> ExampleRequest:
    """A request to the API by the operation's id."""
    return ExampleRequest(
        operation=operation(operation_id), path=path, query=query or {}, body=body
    )


def back_to(pattern: str, notice: str) -> Callable[[Done], str]:
    """Leads back to the page that a form is about, which shows the notice."""
    return lambda done: f"{pattern.format(**done.path)}?done={notice}"


def on_to(path: str, name: str = "slug") -> Callable[[Done], str]:
    """Leads on to the page of what a form made, below `path`, by the property of this name."""
    return lambda done: f"{path}/{done.result[name]}?done=created"


def up_to(path: str, notice: str) -> Callable[[Done], str]:
    """Leads to a list, which shows the notice."""
    return lambda _: f"{path}?done={notice}"
