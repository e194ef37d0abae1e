"""Pages of service accounts and their tokens: make them, see them, revoke them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaiten_sync.server.dashboard.forms import Choice, Field, Filled, Sent, fixed, read_fields
from kaiten_sync.server.dashboard.listing import ROWS, listing_of
from kaiten_sync.server.dashboard.pages import (
    Action,
    Call,
    Done,
    Page,
    Shown,
    Visit,
    back_to,
    call,
    on_to,
    operation,
)
from kaiten_sync.server.db.accounts import ShownToken
from kaiten_sync.server.domain.refusals import not_found
from kaiten_sync.server.domain.scopes import ALL_SCOPES, MODULE_SCOPES, allows
from kaiten_sync.server.service import accounts

READ, WRITE = "read:tokens", "write:tokens"

_ALL = "/service-accounts"
_ONE = "/service-accounts/{serviceAccountSlug}"
_TOKEN = f"{_ONE}/tokens/{{tokenSlug}}"

_NAME = Field(name="name", label="Name", required=True, hint="Such as CI.")
_SLUG = Field(name="slug", label="Slug", hint="Made from the name where empty; never changes.")
_NEW_FIELDS = (_NAME, _SLUG)
_EDIT_FIELDS = (_NAME, fixed(_SLUG))


def _token_fields(visit: Visit) -> tuple[Field, ...]:
    """What a new token may do is no more than what the visitor may."""
    own = visit.work.caller.scopes
    offered = [scope for scope in (*ALL_SCOPES, *MODULE_SCOPES) if allows(own, scope)]
    return (
        Field(name="name", label="Name", required=True, hint="Such as pipeline."),
        Field(
            name="scopes",
            label="Scopes",
            kind="flags",
            choices=[Choice(value=scope, label=scope) for scope in offered],
            hint="Writing implies reading.",
        ),
        Field(
            name="expiresAt", label="Ends (UTC)", kind="day", hint="From then on it opens nothing."
        ),
    )


def _list(visit: Visit) -> Shown:
    wanted = listing_of(visit, _ALL)
    page, views = accounts.list_accounts(visit.work, wanted.position, ROWS)
    return Shown(
        template="accounts.html",
        values={
            "listing": wanted,
            "views": [(view.account, _count_live(view.tokens, visit)) for view in views],
            "following": wanted.after(page.next),
        },
        calls=(call("get-service-accounts"),),
    )


def _count_live(tokens: Any, visit: Visit) -> int:
    return sum(_state(token, visit.work.now_ms) == "live" for token in tokens)


def _state(token: ShownToken, now_ms: int) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now_ms else "live"


def _new(visit: Visit) -> Shown:
    form = visit.form("new", _NEW_FIELDS)
    return Shown(
        template="account_form.html",
        values={"form": form, "row": None},
        calls=(call("create-service-account", {"name": "CI"}),),
    )


def _edit_form(visit: Visit) -> Filled:
    row = accounts.get_account(visit.work, visit.path["serviceAccountSlug"]).account
    return visit.form("edit", _EDIT_FIELDS, {"name": row.name, "slug": row.slug})


def _edit(visit: Visit) -> Shown:
    row = accounts.get_account(visit.work, visit.path["serviceAccountSlug"]).account
    return Shown(
        template="account_form.html",
        values={"form": _edit_form(visit), "row": row},
        calls=(call("update-service-account", {"name": row.name}, serviceAccountSlug=row.slug),),
    )


def _detail(visit: Visit) -> Shown:
    slug = visit.path["serviceAccountSlug"]
    view = accounts.get_account(visit.work, slug)
    wanted = listing_of(visit, f"{_ALL}/{slug}")
    page = accounts.list_tokens(visit.work, slug, wanted.position, ROWS)
    form = visit.form("token", _token_fields(visit))
    return Shown(
        template="account.html",
        values={
            "row": view.account,
            "tokens": [(token, _state(token, visit.work.now_ms)) for token in page.rows],
            "listing": wanted,
            "following": wanted.after(page.next),
            "form": form,
        },
        calls=(
            call("get-service-account-tokens", serviceAccountSlug=slug),
            _token_call(slug, "pipeline", ["write:entitlements", "write:licenses"]),
        ),
    )


def _revoke(visit: Visit) -> Shown:
    slug, token_slug = visit.path["serviceAccountSlug"], visit.path["tokenSlug"]
    view = accounts.get_account(visit.work, slug)
    token = next((each for each in view.tokens if each.slug == token_slug), None)
    if token is None:
        raise not_found("DeleteToken.NotFound", f"there is no token {token_slug!r}")
    return Shown(
        template="token_revoke.html",
        values={"row": view.account, "token": token, "refused": visit.refused},
        calls=(
            call("delete-service-account-token", serviceAccountSlug=slug, tokenSlug=token.slug),
        ),
    )


def _account_body(_visit: Visit, sent: Sent) -> dict[str, Any]:
    return read_fields(_NEW_FIELDS, sent)


def _edit_body(_visit: Visit, sent: Sent) -> dict[str, Any]:
    return read_fields(_EDIT_FIELDS, sent)


def _token_body(visit: Visit, sent: Sent) -> dict[str, Any]:
    return read_fields(_token_fields(visit), sent)


def _token_made(done: Done) -> Shown:
    """The token, which can be read this once: the page is not one to come back to."""
    slug = done.path["serviceAccountSlug"]
    return Shown(
        template="token_made.html",
        values={"slug": slug, "made": done.result},
        calls=(_token_call(slug, done.result["name"], done.result["scopes"]),),
    )


def _token_call(slug: str, name: str, scopes: Sequence[str]) -> Call:
    body = {"name": name, "scopes": list(scopes)}
    return call("create-service-account-token", body, serviceAccountSlug=slug)


_NEW_PAGE = Page(path="/new/service-account", scopes=(WRITE,), show=_new)
_EDIT_PAGE = Page(path=f"{_ONE}/edit", scopes=(WRITE,), show=_edit)
_DETAIL_PAGE = Page(path=_ONE, scopes=(READ,), show=_detail)
_REVOKE_PAGE = Page(path=f"{_TOKEN}/revoke", scopes=(WRITE,), show=_revoke)

PAGES = (
    Page(path=_ALL, scopes=(READ,), show=_list),
    _NEW_PAGE,
    _DETAIL_PAGE,
    _EDIT_PAGE,
    _REVOKE_PAGE,
)
ACTIONS = (
    Action(
        path="/new/service-account",
        form="new",
        page=_NEW_PAGE,
        operation=operation("create-service-account"),
        body=_account_body,
        done=on_to(_ALL),
    ),
    Action(
        path=f"{_ONE}/edit",
        form="edit",
        page=_EDIT_PAGE,
        operation=operation("update-service-account"),
        body=_edit_body,
        now=_edit_form,
        done=back_to(_ONE, "saved"),
    ),
    Action(
        path=f"{_ONE}/tokens",
        form="token",
        page=_DETAIL_PAGE,
        operation=operation("create-service-account-token"),
        body=_token_body,
        done=_token_made,
    ),
    Action(
        path=f"{_TOKEN}/revoke",
        form="revoke",
        page=_REVOKE_PAGE,
        operation=operation("delete-service-account-token"),
        done=back_to(_ONE, "revoked"),
    ),
)
