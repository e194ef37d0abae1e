"""`kaiten-sync serve`: the embedded server."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import click

from kaiten_sync.cli.completion import complete_target
from kaiten_sync.cli.whole_number import WholeNumber
from kaiten_sync.cli.word import WORD


def _networks(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            raise click.BadParameter(f"not an address or a network: {error}") from error
    return values


@click.command("serve")
@click.option(
    "--host", type=WORD, default="127.0.0.1", show_default=True, help="Address to listen on."
)
@click.option(
    "--port",
    default=6060,
    show_default=True,
    type=WholeNumber(0, 65535),
    help="0 picks one. Browsers refuse some, such as 6000 of Kaiten's getting-started page.",
)
@click.option(
    "--database",
    type=WORD,
    metavar="URL",
    envvar="KAITEN_DATABASE_URL",
    help="Database, such as sqlite:///kaiten.db or postgresql://user:password@host/database."
    " Default: a file in your user data folder. Environment: KAITEN_DATABASE_URL.",
)
@click.option(
    "--bootstrap-token",
    type=WORD,
    metavar="TOKEN",
    envvar="KAITEN_BOOTSTRAP_TOKEN",
    help="Token (ksh_...) of the first service account. Default: made and shown once."
    " Environment: KAITEN_BOOTSTRAP_TOKEN.",
)
@click.option(
    "--new-token",
    "makes_token",
    is_flag=True,
    help="Make another token with all scopes and show it once, for when the last one is lost.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=WholeNumber(min=1),
    metavar="N",
    help="Processes that answer requests. More than one requires PostgreSQL.",
)
@click.option(
    "--keep-reports",
    "reports_kept_days",
    type=WholeNumber(min=30, max=36_500),
    metavar="DAYS",
    help="Delete what is recorded of single usage reports after so many days. Default: never."
    " Counters, and what was used on each day, stay.",
)
@click.option(
    "--trust-proxy",
    "trusted_proxies",
    metavar="CIDR",
    multiple=True,
    callback=_networks,
    help="Address or network of a proxy whose X-Forwarded-For is believed; may be repeated.",
)
@click.option(
    "--allow-private-webhooks",
    is_flag=True,
    help="Let webhooks go to addresses of private networks and of this machine.",
)
@click.option(
    "--project",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Project file: the dashboard shows what it declares, what has drifted, and its plan.",
)
@click.option(
    "-t",
    "--target",
    type=WORD,
    metavar="NAME",
    shell_complete=complete_target,
    help="Target of the project file that is this server.",
)
def command(host: str, port: int, **settings: Any) -> None:
    """Run a licensing server that speaks Kaiten's API.

    The first start creates an organization and a token with all scopes, and shows it once. The
    dashboard is at the URL that it prints. Port 6000 works for curl, and no browser opens it.

    \b
    Examples:
      kaiten-sync serve
      kaiten-sync serve --port 8080 --database sqlite:///demo.db
      kaiten-sync serve --new-token
      kaiten-sync serve --database postgresql:///kaiten --workers 4
      kaiten-sync serve --project kaiten-sync.yaml -t local
    """
    from kaiten_sync.cli.serving import ServeChoice, serve_until_stopped

    serve_until_stopped(host, port, ServeChoice(**settings))
