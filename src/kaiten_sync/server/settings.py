"""What the server is started with, and the errors that keep it from starting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_dir


class ServerStartError(Exception):
    """The server cannot start. The message says why, `hint` what to do."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class PlanNotMadeError(Exception):
    """What git would change here cannot be said now. The text says why, for a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Settings of one server.

    `database_url` is an SQLAlchemy URL; None means a file in the user data folder.
    `bootstrap_token` is the token that the first organization gets; None means a made one.
    `makes_token` makes another token with all scopes, for when nobody has one any more.
    `workers` is the number of processes that answer; more than one need PostgreSQL.
    `reports_kept_days` is how long the events of usage reports are kept; None means for ever.
    `trusted_proxies` are addresses and networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are
    believed.
    `allow_private_webhooks` lets webhooks go to addresses that the internet does not reach.
    `plan_source` names a function as `module:name`, and the texts to call it with: it returns what
    git would change here, as a plan in JSON, or raises `PlanNotMadeError`. A name and not a
    function, because workers are processes of their own. Empty for no git.
    """

    database_url: str | None = None
    bootstrap_token: str | None = None
    makes_token: bool = False
    workers: int = 1
    reports_kept_days: int | None = None
    trusted_proxies: tuple[str, ...] = ()
    allow_private_webhooks: bool = False
    plan_source: tuple[str, ...] = ()


def default_database_url() -> str:
    """An SQLite file in the folder where this system keeps user data, for its owner alone.

    Raises:
        ServerStartError: there can be no such folder, as in a container without a home.
    """
    folder = Path(user_data_dir("kaiten-sync"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)  # also one that an earlier version created
    except OSError as error:
        raise ServerStartError(
            f"there can be no data folder {folder}: {error.strerror}",
            hint="name a place with --database sqlite:///PATH, or set XDG_DATA_HOME",
        ) from error
    return f"sqlite:///{folder / 'kaiten.db'}"
