"""Answers requests for pages: who is signed in, may they, show it or do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, compile_path

from kaiten_sync.server.dashboard import guard
from kaiten_sync.server.dashboard.api_lines import curl_line
from kaiten_sync.server.dashboard.catalog import FORMS, NAVIGATION, NOTICES, PAGES, PLAN_LINK
from kaiten_sync.server.dashboard.fields import Sent
from kaiten_sync.server.dashboard.git_view import GitPlan, GitView, PlanMaker
from kaiten_sync.server.dashboard.guard import check_form_token, check_origin, session_id_of
from kaiten_sync.server.dashboard.kept import form_marks, put_along, same_again, taken_along
from kaiten_sync.server.dashboard.pages import (
    TOKEN_FIELD,
    DashboardPage,
    Done,
    Form,
    Refused,
    Shown,
    Visit,
)
from kaiten_sync.server.dashboard.receiving import receive, sent_with
from kaiten_sync.server.dashboard.redirects import lead_to, led_before, see_other, without_slash
from kaiten_sync.server.dashboard.rendering import Assets, Renderer
from kaiten_sync.server.dashboard.signed import Signed, signed_in, signed_with
from kaiten_sync.server.domain.refusals import RefusalError, RefusalKind, conflict
from kaiten_sync.server.domain.scopes import allows
from kaiten_sync.server.service import sessions
from kaiten_sync.server.service.forms import answer_once
from kaiten_sync.server.service.tenancy import is_first_organization
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.problems import STATUSES
from kaiten_sync.server.web.routes import Pages
from kaiten_sync.server.web.throttle import ThrottledError, address_of
from kaiten_sync.server.web.transactions import Surroundings, unless_unavailable, work_in, write

_SIGN_IN = "/sign-in"
_SIGN_OUT = "/sign-out"
_MAX_TOKEN = 600
"""Characters of a token that are looked at: ours have far fewer, and a form can carry megabytes."""

_RETRY = {"Retry-After": "1"}

_UNREAD = frozenset((HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT))
"""Answers to what was not read to its end."""

_SIGNED_OUT = conflict(
    "Form.SignedOut", "you were signed out before this could be done; look at it and send it again"
)

_FORMS_BY_PATH = [(compile_path(form.path)[0], form) for form in FORMS]

_PLAN_WAIT_S = 20
"""How long the page of the plan waits for one: most are made by then."""

_Answer = Callable[[Request, Sent | None], Response]


def dashboard(surroundings: Surroundings, make_plan: PlanMaker | None = None) -> Pages:
    """The routes of the dashboard, and its page for errors.

    `make_plan` returns what git would change, as a plan in JSON; None without git.
    """
    git = GitView(make_plan, surroundings.clock) if make_plan else None
    site = _Site(surroundings, git)
    return Pages(routes=site.routes(), wrong=site.wrong)


@cache
def _shared() -> tuple[Assets, Renderer]:
    """What is the same for every database: a template is compiled once in a process."""
    assets = Assets()
    return assets, Renderer(assets)


class _Site:
    """All pages on one database."""

    def __init__(self, surroundings: Surroundings, git: GitView | None) -> None:
        self._surroundings = surroundings
        self._git = git
        self._assets, self._renderer = _shared()

    def routes(self) -> list[BaseRoute]:
        """The routes: of every page and form, of signing in and out, of files."""
        by_path: dict[str, dict[str, _Answer]] = {
            _SIGN_IN: {"GET": self._ask_to_sign_in, "POST": self._sign_in},
            _SIGN_OUT: {"POST": self._sign_out},
        }
        for page in PAGES:
            by_path.setdefault(page.path, {})["GET"] = self._show_page(page)
        for form in FORMS:
            by_method = by_path.setdefault(form.path, {"GET": lead_to(form.page)})
            by_method["POST"] = self._take_form(form)
        routes: list[BaseRoute] = [self._route(path, by) for path, by in by_path.items()]
        slashed = [Route(f"{path}/", without_slash) for path in by_path if path != "/"]
        return [*routes, Route("/static/{name}", self._asset), *slashed]

    def wrong(
        self,
        request: Request,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page that says what went wrong, for whoever asks. A form can be sent again from it."""
        # If the server failed, finding out who is signed in may fail as well.
        has_failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        path, sent = request.scope["path"], sent_with(request) if has_failed else None
        if sent and path == _SIGN_IN:  # where a token is typed again
            kept = taken_along(sent)
            return self._sign_in_page(request, sent.one("next"), detail, status, kept, headers)
        again = same_again(sent) if sent and path != _SIGN_OUT else None
        values = {"status": status, "detail": detail, "again": again, "action": path}
        values["is_unread"] = request.method == "POST" and status in _UNREAD
        signed = None if has_failed else signed_in(self._surroundings, request)
        if signed is None:
            return self._renderer.page("wrong.html", {**values, "signed": None}, status, headers)
        shown = Shown(template="wrong.html", values=values)
        return self._render(request, signed, shown, status, headers=headers)

    async def _asset(self, request: Request) -> Response:
        found = self._assets.find(request.path_params["name"])
        if found is not None:
            return found
        return await run_in_threadpool(self.wrong, request, 404, "Not Found.")

    def _route(self, path: str, by_method: Mapping[str, _Answer]) -> Route:
        async def answer(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            sent = None
            try:
                if method == "POST":
                    sent = await receive(request, may_have_another=path == _SIGN_IN)
                # Pages wait for the database, so they must not be made on the event loop.
                return await run_in_threadpool(self._answer, by_method[method], request, sent)
            except RefusalError as error:
                status = STATUSES[error.kind]
                headers = _RETRY if status == HTTPStatus.SERVICE_UNAVAILABLE else None
                return await run_in_threadpool(self.wrong, request, status, error.detail, headers)

        return Route(path, answer, methods=list(by_method))

    def _answer(self, answer: _Answer, request: Request, sent: Sent | None) -> Response:
        if sent is not None:
            check_origin(request)
        with unless_unavailable():
            return answer(request, sent)

    # Signing in and out

    def _ask_to_sign_in(self, request: Request, _sent: Sent | None) -> Response:
        return self._sign_in_page(request, request.query_params.get("next", "/"))

    def _sign_in_page(
        self,
        request: Request,
        following: str,
        problem: str | None = None,
        status: int = 200,
        kept: Sent | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        values = {
            "following": guard.local_path(following),
            "problem": problem,
            "kept": put_along(kept),
            "signed": None,
            "needs_https": request.scope["scheme"] == "http" and not guard.is_loopback(request),
        }
        return self._renderer.page("sign_in.html", values, status, headers)

    def _sign_in(self, request: Request, sent: Sent | None) -> Response:
        sent = sent or Sent({})
        # Cut before it is hashed and remembered: tokens are short, and a form may have a
        # megabyte.
        token, now_ms = sent.one("token")[:_MAX_TOKEN], self._surroundings.clock()
        following, kept = guard.local_path(sent.one("next")), taken_along(sent)
        try:
            # A guess must not take the lock of writers.
            with (
                unless_unavailable(),
                self._surroundings.throttle.guarding(address_of(request), token, now_ms),
                self._surroundings.database.reading() as connection,
            ):
                sessions.check_token(connection, token, now_ms)
            with unless_unavailable(), self._surroundings.database.writing() as connection:
                session_id = sessions.sign_in(connection, token, now_ms)
        except RefusalError as error:
            if error.kind is RefusalKind.UNAVAILABLE:
                raise
            answer = self._sign_in_page(
                request, following, error.detail, STATUSES[error.kind], kept
            )
            if isinstance(error, ThrottledError):
                answer.headers["Retry-After"] = str(error.wait_s)
            return answer
        if kept is None:
            answer = see_other(following)
        else:
            answer = self._form_again(request, session_id, following, kept) or see_other("/")
        guard.set_session(request, answer, session_id)
        return answer

    def _form_again(
        self, request: Request, session_id: str, path: str, kept: Sent
    ) -> Response | None:
        """The page of a form as it was typed when nobody was signed in; None if it has none."""
        signed = signed_with(self._surroundings, session_id)
        # The path comes from the form that was sent, so only paths of forms that there are count.
        for pattern, form in _FORMS_BY_PATH:
            found = pattern.fullmatch(path)
            if found and signed:
                of_page = {"path": path, "path_params": found.groupdict(), "query_string": b""}
                there = Request({**request.scope, **of_page})
                return self._show_again(there, signed, form, kept, _SIGNED_OUT, 200)
        return None

    def _show_again(
        self,
        request: Request,
        signed: Signed,
        form: Form,
        sent: Sent,
        why: RefusalError,
        status: int | None = None,
    ) -> Response:
        """The page of a form that was not looked at, with what was typed."""
        if not allows(signed.caller.scopes, form.operation.scope):
            return self._not_allowed(request, signed, form.operation.scope)
        refused = Refused(form=form, sent=sent, error=why)
        return self._shown(request, signed, form.page, refused, status)

    def _sign_out(self, request: Request, sent: Sent | None) -> Response:
        session_id = session_id_of(request)
        if session_id is not None:
            check_form_token(session_id, (sent or Sent({})).one(TOKEN_FIELD))
            with self._surroundings.database.writing() as connection:
                sessions.sign_out(connection, session_id)
        answer = see_other(_SIGN_IN)
        guard.clear_session(request, answer)
        return answer

    # Pages and forms

    def _show_page(self, page: DashboardPage) -> _Answer:
        def answer(request: Request, _sent: Sent | None) -> Response:
            signed = signed_in(self._surroundings, request)
            if signed is None:
                # Not of `request.url`, which cannot be made if the Host header is not a host.
                here = quote(request.scope["path"])
                if query := request.scope["query_string"].decode("latin-1"):
                    here += f"?{query}"
                return see_other(f"{_SIGN_IN}?next={quote(here, safe='/')}")
            for scope in page.scopes:
                if not allows(signed.caller.scopes, scope):
                    return self._not_allowed(request, signed, scope)
            return self._shown(request, signed, page)

        return answer

    def _take_form(self, form: Form) -> _Answer:
        def answer(request: Request, sent: Sent | None) -> Response:
            signed = signed_in(self._surroundings, request)
            sent = sent or Sent({})
            if signed is None:
                problem = "you were signed out; sign in again, and what you typed comes back"
                return self._sign_in_page(request, request.scope["path"], problem, 401, sent)
            try:
                check_form_token(signed.session_id, sent.one(TOKEN_FIELD))
                sent.check()
            except RefusalError as error:
                return self._show_again(request, signed, form, sent, error)
            if not allows(signed.caller.scopes, form.operation.scope):
                return self._not_allowed(request, signed, form.operation.scope)
            reviewed = self._review(request, signed, form, sent)
            return reviewed or self._perform(request, signed, form, sent)

        return answer

    def _perform(self, request: Request, signed: Signed, form: Form, sent: Sent) -> Response:
        path = request.path_params

        def perform(work: Work) -> str | Shown:
            visit = Visit(work=work, path=path, query={})
            return answer_once(
                work,
                signed.session_id,
                request.scope["path"],
                sent.values,
                act=lambda: form.done(Done(path=path, result=form.perform(visit, sent))),
                again=lambda location: led_before(visit, location),
            )

        try:
            with unless_unavailable():
                done = write(self._surroundings, signed.caller, perform)
        except RefusalError as error:
            refused = Refused(form=form, sent=sent, error=error)
            return self._shown(request, signed, form.page, refused)
        if isinstance(done, str):
            return see_other(done)
        return self._render(request, signed, done, 201)

    def _review(self, request: Request, signed: Signed, form: Form, sent: Sent) -> Response | None:
        """The page to show before a form is done; None if it can be done."""
        review = form.review
        if review is None:
            return None
        try:
            with self._visiting(request, signed) as visit:
                shown = review(visit, sent)
        except RefusalError as error:
            refused = Refused(form=form, sent=sent, error=error)
            return self._shown(request, signed, form.page, refused)
        return None if shown is None else self._render(request, signed, shown, 200, visit.plan)

    def _shown(
        self,
        request: Request,
        signed: Signed,
        page: DashboardPage,
        refused: Refused | None = None,
        status: int | None = None,
    ) -> Response:
        wait_s = _PLAN_WAIT_S if page.waits_for_plan else 0
        with self._visiting(request, signed, wait_s) as visit:
            shown = page.show(replace(visit, refused=refused))
        if status is None:
            status = STATUSES[refused.error.kind] if refused else 200
        headers = _RETRY if status == HTTPStatus.SERVICE_UNAVAILABLE else None
        return self._render(request, signed, shown, status, visit.plan, headers, refused)

    @contextmanager
    def _visiting(self, request: Request, signed: Signed, wait_s: float = 0) -> Iterator[Visit]:
        # Before any transaction: making a plan asks this very server.
        plan = self._git.latest(wait_s) if self._git else None
        with self._surroundings.database.reading() as connection:
            now_ms = self._surroundings.clock()
            work = work_in(self._surroundings, connection, signed.caller, now_ms)
            has_git = self._git is not None and is_first_organization(work)
            yield Visit(
                work=work,
                path=request.path_params,
                query=request.query_params,
                has_git=has_git,
                plan=plan if has_git else None,
            )

    def _not_allowed(self, request: Request, signed: Signed, scope: str) -> Response:
        shown = Shown(template="not_allowed.html", values={"scope": scope})
        return self._render(request, signed, shown, 403)

    def _render(
        self,
        request: Request,
        signed: Signed,
        shown: Shown,
        status: int,
        plan: GitPlan | None = None,
        headers: Mapping[str, str] | None = None,
        refused: Refused | None = None,
    ) -> Response:
        if shown.file is not None:
            return self._renderer.file(*shown.file)

        def may(scope: str) -> bool:
            return allows(signed.caller.scopes, scope)

        links = (*NAVIGATION, PLAN_LINK) if self._git else NAVIGATION
        base_url = f"{request.scope['scheme']}://{request.headers.get('host', '')}"
        values = {
            "notice": NOTICES.get(request.query_params.get("done", "")),
            **shown.values,
            **({"is_error": True} if refused else {}),
            "signed": signed.caller,
            "now_ms": self._surroundings.clock(),
            "may": may,
            "mark": plan.mark if plan else lambda _address, _family="": None,
            "place": plan.place if plan else lambda _address: "",
            "form_marks": form_marks(signed.session_id, refused),
            "navigation": [item for item in links if item.scope is None or may(item.scope)],
            "here": request.scope["path"],
            "calls": [(call.operation.summary, curl_line(call, base_url)) for call in shown.calls],
            "declaration": shown.declaration,
            "declared_at": shown.declared_at,
            "command": shown.command(base_url) if shown.command else None,
        }
        return self._renderer.page(shown.template, values, status, headers)
