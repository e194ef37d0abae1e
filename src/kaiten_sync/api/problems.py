"""Refusals: problem documents (RFC 9457 with Kaiten's members) as our errors."""

from __future__ import annotations

import json
from urllib.parse import unquote

import httpx

from kaiten_sync.api.paths import INSTANCES
from kaiten_sync.errors import (
    BilledError,
    ContradictedError,
    CredentialError,
    HeldError,
    KaitenSyncError,
    ProblemError,
    ServerError,
)
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.redaction import Redaction

NO_SERVER_HINT = (
    "is this a Kaiten server? Its URL is written as https://kaiten.example.com, without the path of"
    " a page"
)

MIXED_UP_HINT = "something between here and the server mixes answers up: run it again"
NEWER_SERVER_HINT = (
    "is this a Kaiten server? One that is newer than this program may need a newer program"
)
_REDIRECTED_HINT = (
    "use the URL that it redirects to, which `curl --head` shows; if that is a login page, a proxy"
    " in front of the server wants a login of its own"
)
_PART_HINT = (
    "something between here and the server, such as a cache, answers in its place: look there, or"
    " run it again"
)
_FAILED_HINT = "the server failed at this: look into its log, or run it again later"
_LATER_HINT = "the server does not take this now: run it again later"
_REFUSED_HINT = "check the URL and what the message says: the server refuses this as it is"

_BILLED = ".BillingActive"
"""How codes end by which servers newer than the 1.0 contract keep what they bill as it is. Which
operations do so follows from no contract (API facts, 2.5)."""

_HELD = ".InUseConflict"
"""How codes end by which servers keep what is granted, used or held. Source: API facts, 2.2."""

_GRANTS = "licenseGrants"
"""Among the counts of such a problem, the grants. Source: API facts, 2.2."""

_MADE = (".SlugConflict", ".AlreadyAssociated", ".AlreadyMember", ".NotADraft")
"""How codes end by which servers refuse to make what they have. Source: API facts, 2.2 to 2.5."""

_KEEP = "keep it declared until nothing uses it any more"

_NEW_VERSION = (
    "make the change a new version of the family, with its prices, on the server, publish it and"
    " make it the default; then `kaiten-sync adopt` takes it over"
)
_NO_WAY_OUT = "leave it as it is until no subscription bills it any more"

_TEXT_LIMIT = 500
"""Characters kept of each text a server sends for people: enough to read, too few to flood."""


_WHOLE = frozenset({200, 203})
"""Statuses of a GET whose answer has all that was asked for: as it is, and through a proxy that
changes it. Source: RFC 9110, section 15."""


def is_whole(method: str, status: int) -> bool:
    """Whether an answer says all that a GET asks for, or that a write was accepted."""
    return status in _WHOLE if method == "GET" else status < 300


def refusal(
    method: str,
    path: str,
    status: int,
    headers: httpx.Headers,
    content: bytes,
    *,
    hide: Redaction,
) -> KaitenSyncError:
    """The error that a refused request becomes, by its status. Its texts are without the token."""
    request = f"{method} {path}"
    problem = _texts(document := _document(headers, content, hide))
    if not _is_about(problem.get("instance"), path):
        return ServerError(
            f"{request}: the answer is about another request, {problem['instance']}",
            hint=MIXED_UP_HINT,
        )
    code, detail = problem.get("code"), problem.get("detail")
    if status in (401, 403):
        told = detail or problem.get("title")
        said = f": {told}" if told else ""
        return CredentialError(
            f"{request} was refused: {status}{f' {code}' if code else ''}{said}",
            hint="check the token" if status == 401 else "give the token the missing scope",
            status=status,
        )
    if status < 400:
        return _without_content(request, status)
    # A billed holder is not a reason to stop: the others of a migration move.
    is_billed = code is not None and code.endswith(_BILLED) and not path.startswith(INSTANCES)
    if is_billed:
        # Only what a version sells can go into a new one, and not whether it is sold.
        is_content = method == "PUT" or GRANT.path in path
        has_way = is_content and path.startswith(f"{LICENSE.path}/")
        way_out = _NEW_VERSION if has_way else _NO_WAY_OUT
        detail = f"{detail or 'a subscription bills this version'}; {way_out}"
    is_held = method == "DELETE" and code is not None and code.endswith(_HELD)
    if is_held:
        detail = f"{detail or 'something refers to it'}; {_KEEP}"
    is_made = method == "POST" and code is not None and code.endswith(_MADE)
    detail = detail or problem.get("title")
    kinds = ((is_billed, BilledError), (is_held, HeldError), (is_made, ContradictedError))
    kind = next((kind for is_of_kind, kind in kinds if is_of_kind), ProblemError)
    traced = problem.get("errorId")
    refused = kind(request, status=status, code=code, detail=detail, error_id=traced)
    refused.hint = _next_step(refused, path)
    if isinstance(refused, HeldError):
        refused.is_used = _is_used(document)
    return refused


def _without_content(request: str, status: int) -> ServerError:
    if status < 300 or status == 304:
        return ServerError(
            f"{request}: the answer is {status}, which is not all that was asked for",
            hint=_PART_HINT,
        )
    redirected = f"{request}: the server redirects, and a token is not sent along"
    return ServerError(redirected, hint=_REDIRECTED_HINT)


def _is_used(document: dict[str, object]) -> bool:
    """Whether what refers to an object, by the counts in its problem, is not grants alone."""
    match document:
        case {"errors": [{"value": dict(counts)}, *_]}:
            return any(count for name, count in counts.items() if name != _GRANTS)
    return False


def _next_step(refused: ProblemError, path: str) -> str:
    # There is always a list, so only another server, or a path below this one, has none.
    if refused.status == 404 and (refused.code is None or _is_list(path)):
        return NO_SERVER_HINT
    if refused.is_final:
        return _REFUSED_HINT
    return _FAILED_HINT if refused.status >= 500 else _LATER_HINT


def _is_list(path: str) -> bool:
    return "/" not in path.partition("?")[0].strip("/")


def _is_about(instance: str | None, path: str) -> bool:
    """Whether a problem is about this path, as far as it says; servers mount the API anywhere.

    A "not found" of another object must never be taken for this one's.
    """
    if instance is None:
        return True
    said, asked = (unquote(text.split("?")[0]) for text in (instance, path))
    return len(said) >= _TEXT_LIMIT or said.endswith(asked) or asked.endswith(said)


def _document(headers: httpx.Headers, content: bytes, hide: Redaction) -> dict[str, object]:
    if "json" not in headers.get("content-type", ""):
        return {}
    try:
        body = hide.of_json(json.loads(content))  # before a text is cut: half a token is one too
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _texts(document: dict[str, object]) -> dict[str, str]:
    """What a problem says, its first error beside its detail."""
    texts = {key: value[:_TEXT_LIMIT] for key, value in document.items() if isinstance(value, str)}
    errors = document.get("errors")
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        first = None
    else:
        place, message = errors[0].get("location"), errors[0].get("message")
        first = f"{place}: {message}"[:_TEXT_LIMIT] if place and message else None
    if first:
        texts["detail"] = f"{texts['detail']} ({first})" if "detail" in texts else first
    return texts
