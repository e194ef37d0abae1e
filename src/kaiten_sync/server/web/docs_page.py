"""The docs page: the operations of the OpenAPI document as one plain page, no other files."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, tbody th { font-weight: 400 }
td, th { border-bottom: 1px solid #ccc; padding: .35rem .6rem; text-align: left;
  vertical-align: top }
code { font: 14px ui-monospace, monospace }
code { overflow-wrap: anywhere }
@media (max-width: 50rem) { thead { display: none }
  table, tbody, tr, td, tbody th { display: block }
  tr { border-bottom: 1px solid #ccc; padding: .6rem 0 }
  td, tbody th { border: 0; padding: .1rem 0 } td:empty { display: none }
  td:nth-child(3)::before { content: "Scope: " }
  td:nth-child(4)::before { content: "Body: " } }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #e6e6e6 }
  a { color: #8ab4f8 } }
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

DOCS_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}';"
    " img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""What keeps the page from anything but its own style."""


def docs_page(document: Mapping[str, Any]) -> str:
    """The page for an OpenAPI document."""
    rows = ""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            url = f"{document['servers'][0]['url']}{path}"
            request = f"<code>{method.upper()} {escape(url)}</code>"
            cells = [
                escape(operation["summary"]),
                f"<code>{escape(' '.join(operation['security'][0]['bearerAuth']))}</code>",
                "",
            ]
            if body := operation.get("requestBody"):
                schema = str(body["content"]["application/json"]["schema"]["$ref"])
                cells[-1] = f"<code>{escape(schema.rsplit('/', 1)[1])}</code>"
            rows += f'<tr><th scope="row">{request}{"".join(f"<td>{cell}" for cell in cells)}'
    title = escape(document["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Without an icon a browser asks for one that is not there.
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style>'
        '<header><a href="/">kaiten-sync</a></header>'
        f"<main><h1>{title}</h1>"
        '<p>The exact contract: <a href="openapi.json">openapi.json</a>. Send your token as'
        " <code>Authorization: Bearer ksh_...</code>.</p>"
        '<table><thead><tr><th scope="col">Request<th scope="col">What it does'
        '<th scope="col">Scope<th scope="col">Body</thead>'
        f"<tbody>{rows}</tbody></table></main></html>"
    )
