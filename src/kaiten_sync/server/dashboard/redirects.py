"""Answers that lead to another page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import compile_path

from kaiten_sync.server.dashboard.catalog import PAGES
from kaiten_sync.server.dashboard.fields import Sent
from kaiten_sync.server.dashboard.pages import DashboardPage, Visit
from kaiten_sync.server.domain.refusals import RefusalError, RefusalKind

_PAGES_BY_PATH = [(compile_path(page.path)[0], page) for page in PAGES]


def see_other(path: str) -> Response:
    """Leads to a path of this server; no cache keeps that."""
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})


def led_before(visit: Visit, location: str) -> str | None:
    """The path that a form led to when it was done, for whoever sends it again and must know.

    None if its page is gone, as that of an object that was deleted since.
    """
    path, _, _ = location.partition("?")
    for pattern, page in _PAGES_BY_PATH:
        if found := pattern.fullmatch(path):
            try:
                page.show(replace(visit, path=found.groupdict()))
            except RefusalError as error:
                if error.kind is RefusalKind.NOT_FOUND:
                    return None
                raise
    return f"{location.rpartition('=')[0]}=before"  # in place of the notice, which comes last


async def without_slash(request: Request) -> Response:
    """Leads whoever typed a slash too many to the page."""
    path, query = request.scope["path"].rstrip("/"), request.scope["query_string"].decode("latin-1")
    return see_other(quote(path) + (f"?{query}" if query else ""))


def lead_to(page: DashboardPage) -> Callable[[Request, Sent | None], Response]:
    """Leads whoever asks for the path of a form to the page that has it.

    The path is in the address bar once a form was refused.
    """
    return lambda request, _sent: see_other(quote(page.path.format(**request.path_params)))
