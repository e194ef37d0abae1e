"""Pages of service accounts and their tokens: make them, see them, revoke them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kaiten_sync.licensing import isolated
from kaiten_sync.server.dashboard.fields import Choice, Field, fixed
from kaiten_sync.server.dashboard.figures import show_moment
from kaiten_sync.server.dashboard.listing import ROWS, listing_of
from kaiten_sync.server.dashboard.pages import (
    DashboardPage,
    Done,
    ExampleRequest,
    Form,
    Shown,
    Visit,
    back_to,
    call,
    edit_page,
    form_page,
    new_page,
    operation,
    show_question,
)
from kaiten_sync.server.db.accounts import ACCOUNT_SORTS, TOKEN_SORTS, ShownToken
from kaiten_sync.server.domain.refusals import not_found
from kaiten_sync.server.domain.scopes import ALL_SCOPES, MODULE_SCOPES, allows
from kaiten_sync.server.service import accounts

_READ = "read:tokens"
_ALL = "/service-accounts"
_ONE = "/service-accounts/{serviceAccountSlug}"

_NAME = Field("name", "Name", required=True, hint="Such as CI.")
_SLUG = Field("slug", "Slug", hint="Made from the name if left empty; never changes.")


_PRESETS: Mapping[str, tuple[str, Sequence[str]]] = {
    "plan": (
        "CI: plan and drift",
        ("read:entitlements", "read:licenses", "read:instances"),
    ),
    "apply": (
        "CI: apply",
        ("write:entitlements", "write:licenses", "read:instances"),
    ),
    "report": ("Report usage", ("write:instances",)),
    "support": (
        "Support",
        ("read:entitlements", "read:licenses", "read:customers", "write:instances"),
    ),
    "read": ("Read everything", ("read:*",)),
    "all": ("Everything", ("write:*",)),
}
"""What tokens are often for: the label, and the scopes that it takes."""


def _token_fields(visit: Visit) -> tuple[Field, ...]:
    """A new token may do no more, and for no longer, than the visitor may."""
    own, last_ms = visit.work.caller.scopes, visit.work.caller.expires_at
    ends = "The token is refused from then on."
    if last_ms is not None:
        ends += f" At the latest with your own, at {show_moment(last_ms)}: then if left empty."
    # A token must not be able to make one that may do more than itself.
    offered = [scope for scope in (*ALL_SCOPES, *MODULE_SCOPES) if allows(own, scope)]
    return (
        Field("name", "Name", required=True, hint="Such as pipeline."),
        Field(
            "scopes",
            "Scopes",
            kind="matrix",
            choices=[Choice(value=scope, label=scope) for scope in offered],
            hint="Writing implies reading. Only what your own token may do is offered.",
        ),
        Field("expiresAt", "Ends (UTC)", kind="day", hint=ends),
    )


def _suggested(visit: Visit) -> Mapping[str, Any] | None:
    preset = _PRESETS.get(visit.query.get("preset", ""))
    # The URL can name any preset: what the visitor may not give is not among the choices anyway.
    return {"scopes": list(preset[1])} if preset else None


def _list(visit: Visit) -> Shown:
    wanted, now_ms = listing_of(visit, _ALL, sorts=ACCOUNT_SORTS), visit.work.now_ms
    page, views = accounts.list_accounts(
        visit.work, wanted.position, ROWS, wanted.sort, wanted.text
    )
    return Shown(
        template="accounts.html",
        values={
            "listing": wanted,
            "views": [
                (
                    view.account,
                    sum(_state(token, now_ms) == "live" for token in view.tokens),
                    max((token.last_used_at or 0 for token in view.tokens), default=0) or None,
                )
                for view in views
            ],
            "following": wanted.after(page.next),
        },
        calls=(call("get-service-accounts"),),
    )


def _state(token: ShownToken, now_ms: int) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now_ms else "live"


def _stored(visit: Visit) -> Mapping[str, Any]:
    row = accounts.get_account(visit.work, visit.path["serviceAccountSlug"]).account
    return {"name": row.name, "slug": row.slug}


def _detail(visit: Visit) -> Shown:
    slug = visit.path["serviceAccountSlug"]
    view = accounts.get_account(visit.work, slug)
    wanted = listing_of(visit, f"{_ALL}/{slug}", sorts=TOKEN_SORTS)
    page = accounts.list_tokens(visit.work, slug, wanted.position, ROWS, wanted.sort)
    own = visit.work.caller.scopes
    presets = [
        (name, label)
        for name, (label, scopes) in _PRESETS.items()
        if all(allows(own, scope) for scope in scopes)
    ]
    return Shown(
        template="account.html",
        values={
            "row": view.account,
            "tokens": [(token, _state(token, visit.work.now_ms)) for token in page.rows],
            "listing": wanted,
            "following": wanted.after(page.next),
            "form": visit.fill(_TOKEN),
            "presets": presets,
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
    return show_question(
        visit,
        _REVOKE,
        "token_revoke.html",
        # Tokens that were made with this one are revoked with it.
        {"descendants": accounts.descendants_of(visit.work, token)},
        title=f"Revoke {isolated(token.name)}",
        about=view.account.name,
        back=f"{_ALL}/{slug}",
        calls=(
            call("delete-service-account-token", serviceAccountSlug=slug, tokenSlug=token.slug),
        ),
    )


def _token_made(done: Done) -> Shown:
    """The token, which is shown only once: nobody can come back to this page."""
    slug = done.path["serviceAccountSlug"]
    return Shown(
        template="token_made.html",
        values={"slug": slug, "made": done.result},
        calls=(_token_call(slug, done.result["name"], done.result["scopes"]),),
    )


def _token_call(slug: str, name: str, scopes: Sequence[str]) -> ExampleRequest:
    body = {"name": name, "scopes": list(scopes)}
    return call("create-service-account-token", body, serviceAccountSlug=slug)


_DETAIL = DashboardPage(path=_ONE, scopes=(_READ,), show=_detail)
_NEW = new_page(
    "Service Account",
    "create-service-account",
    {"name": "CI"},
    _ALL,
    fields=lambda _: (_NAME, _SLUG),
)
_EDIT = edit_page(
    _ONE,
    "update-service-account",
    lambda stored: {"name": stored["name"]},
    stored=_stored,
    fields=lambda _: (_NAME, fixed(_SLUG)),
)
_TOKEN = Form(
    path=f"{_ONE}/tokens",
    page=_DETAIL,
    operation=operation("create-service-account-token"),
    done=_token_made,
    fields=_token_fields,
    suggested=_suggested,
)
_REVOKE = form_page(
    f"{_ONE}/tokens/{{tokenSlug}}/revoke",
    _revoke,
    "delete-service-account-token",
    back_to(_ONE, "revoked"),
)

PAGES = (DashboardPage(path=_ALL, scopes=(_READ,), show=_list), _DETAIL)
FORMS = (_NEW, _EDIT, _TOKEN, _REVOKE)
