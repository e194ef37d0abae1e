"""What keeps other sites out of a session: the cookie, and the token in every form."""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from kaiten_sync.server.domain.refusals import RefusalError, RefusalKind

_PLAIN_COOKIE = "kaiten_session"
_SECURE_COOKIE = "__Host-kaiten_session"
"""The prefix makes browsers refuse it from anywhere but this host over HTTPS."""


def session_id_of(request: Request) -> str | None:
    """The id of the session that a request belongs to, if it says one."""
    return request.cookies.get(_cookie_name(request))


def set_session(request: Request, response: Response, session_id: str) -> None:
    """Give the browser its session. The cookie ends with the browser; the session on its own."""
    response.set_cookie(
        _cookie_name(request),
        session_id,
        path="/",
        secure=not is_loopback(request),
        httponly=True,
        samesite="lax",
    )


def clear_session(request: Request, response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(
        _cookie_name(request),
        path="/",
        secure=not is_loopback(request),
        httponly=True,
        samesite="lax",
    )


def form_token(session_id: str) -> str:
    """What every form of a session carries: only who has the session can know it."""
    return hashlib.sha256(f"form {session_id}".encode()).hexdigest()


def check_form_token(session_id: str, sent: str) -> None:
    """Refuse a form that does not come from a page of this session.

    Raises:
        RefusalError: 403.
    """
    if not hmac.compare_digest(form_token(session_id).encode(), sent.encode()):
        raise RefusalError(
            RefusalKind.FORBIDDEN,
            "Form.OtherSession",
            "this form belongs to another session; go back, load the page again and repeat",
        )


def check_origin(request: Request) -> None:
    """Refuse what another site makes a browser send.

    Raises:
        RefusalError: 403.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return
    try:
        host = urlsplit(origin).netloc
    except ValueError:  # such as that of http://[evil
        host = ""
    if not host or host.lower() != request.headers.get("host", "").lower():
        raise RefusalError(
            RefusalKind.FORBIDDEN, "Form.OtherSite", "this form was sent by another site"
        )


def is_loopback(request: Request) -> bool:
    """Whether the browser reached this server by an address that stays on its machine.

    The cookie is for that host alone, so a wrong claim harms nobody but who makes it.
    """
    try:
        host = (request.url.hostname or "").lower()
    except ValueError:  # a Host header that is not a host, such as [evil
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def local_path(text: str) -> str:
    """The path to go on to after signing in; the overview where this leads elsewhere."""
    is_local = text.startswith("/") and not text.startswith("//")
    is_plain = "\\" not in text and text.isprintable() and text.isascii()
    return text if is_local and is_plain else "/"


def _cookie_name(request: Request) -> str:
    """The cookie of this server: cookies belong to a host, and a host may have several servers."""
    name = _PLAIN_COOKIE if is_loopback(request) else _SECURE_COOKIE
    try:
        port = request.url.port
    except ValueError:
        port = None
    return name if port is None else f"{name}_{port}"
