"""The lines for a shell that do what a page does: with curl, and with the command line."""

from __future__ import annotations

import json
import shlex
from urllib.parse import quote, urlencode

from kaiten_sync.server.dashboard.pages import ExampleRequest

_AUTHORIZATION = '-H "Authorization: Bearer $KAITEN_TOKEN"'


def curl_line(call: ExampleRequest, base_url: str) -> str:
    """The request as a shell command of one or a few lines. The token is in the environment."""
    path = call.operation.path
    for name, value in call.path.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    query = f"?{urlencode(call.query)}" if call.query else ""
    url = shlex.quote(f"{base_url.rstrip('/')}/api{path}{query}")
    method = call.operation.method
    lines = [f"curl {url}" if method == "GET" else f"curl -X {method} {url}", _AUTHORIZATION]
    if call.body is not None:
        body = json.dumps(call.body, ensure_ascii=False, indent=2)
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    return " \\\n  ".join(lines)


def export_line(base_url: str) -> str:
    """The command that writes the declaration of the whole catalog. The token is as above."""
    command = f"kaiten-sync export --base-url {shlex.quote(base_url)} -o catalog/"
    return f'KAITEN_AUTH_TOKEN="$KAITEN_TOKEN" {command}'


def table_line(base_url: str) -> str:
    """The command that shows the catalog as the table of a pricing page."""
    command = f"kaiten-sync table --base-url {shlex.quote(base_url)}"
    return f'KAITEN_AUTH_TOKEN="$KAITEN_TOKEN" {command}'
