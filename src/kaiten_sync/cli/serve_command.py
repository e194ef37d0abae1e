"""`kaiten-sync serve`: the embedded server."""

from __future__ import annotations

import click


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=6060, show_default=True, type=click.IntRange(0, 65535), help="0 picks one."
)
@click.option(
    "--database",
    metavar="URL",
    help="Database, such as sqlite:///kaiten.db. Default: a file in your user data folder.",
)
@click.option(
    "--bootstrap-token",
    metavar="TOKEN",
    envvar="KAITEN_BOOTSTRAP_TOKEN",
    help="Token (ksh_...) of the first service account. Default: made and shown once."
    " Environment: KAITEN_BOOTSTRAP_TOKEN.",
)
def command(host: str, port: int, database: str | None, bootstrap_token: str | None) -> None:
    """Run a licensing server that speaks Kaiten's API.

    The first start creates an organisation and a token with all scopes, and shows it once.

    \b
    Examples:
      kaiten-sync serve
      kaiten-sync serve --port 6000 --database sqlite:///demo.db
    """
    from kaiten_sync.cli.serving import serve_until_stopped

    serve_until_stopped(host, port, database, bootstrap_token)
