"""Templates to HTML, and the headers that every page has."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from kaiten_sync.server.dashboard.texts import showable
from kaiten_sync.server.shapes.scalars import number, timestamp

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

_PACKAGE = "kaiten_sync.server.dashboard"
_MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_YEAR_S = 365 * 86_400


_FORM_ID_BYTES = 12
"""Enough that no two forms of a session ever have the same id."""


class Assets:
    """The files that pages load, each under a name that changes with its content."""

    def __init__(self) -> None:
        self._files: dict[str, Response] = {}
        self._paths: dict[str, str] = {}
        for file in _files_below(files(_PACKAGE) / "static"):
            stem, _, ending = file.name.rpartition(".")
            if ending in _MEDIA_TYPES:
                content = file.read_bytes()
                name = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
                self._paths[file.name] = f"/static/{name}"
                self._files[name] = Response(
                    content,
                    media_type=_MEDIA_TYPES[ending],
                    headers={**HEADERS, "Cache-Control": f"public, max-age={_YEAR_S}, immutable"},
                )

    def path(self, name: str) -> str:
        """Where a file is served."""
        return self._paths[name]

    def find(self, name: str) -> Response | None:
        """The file that is served under this name."""
        return self._files.get(name)


class Renderer:
    """Makes HTML of templates."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=PackageLoader(_PACKAGE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_showable,
        )
        self._environment.globals["asset"] = assets.path
        self._environment.globals["new_form_id"] = lambda: secrets.token_urlsafe(_FORM_ID_BYTES)
        self._environment.filters.update(
            number=show_number,
            counted=show_count,
            percent=show_percent,
            moment=show_moment,
            day=show_day,
        )

    def page(
        self,
        template: str,
        values: Mapping[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page as an answer. No cache keeps it: it shows what only its visitor may see."""
        html = self._environment.get_template(template).render(values)
        answer = {**HEADERS, "Cache-Control": "no-store", **(headers or {})}
        return HTMLResponse(html, status, answer)


def _files_below(folder: Traversable) -> Iterator[Traversable]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files_below(each)
        else:
            yield each


def show_number(value: float | None) -> str:
    """A number with thin groups of three digits; a dash where there is none."""
    return "–" if value is None else f"{number(value):,}"


def show_count(count: int, noun: str) -> str:
    """How many there are of what the noun names: 1 change, 2 changes."""
    return f"{show_number(count)} {noun}" + ("" if count == 1 else "s")


def show_percent(ratio: float | None) -> str:
    """A ratio in percent, rounded down so that only what is full says 100; a dash for none."""
    return "–" if ratio is None else f"{int(ratio * 100 + 1e-9):,} %"


def show_moment(milliseconds: int | None) -> str:
    """Milliseconds since 1970 to the second, in UTC; a dash where there are none."""
    if milliseconds is None:
        return "–"
    return timestamp(milliseconds)[:19].replace("T", " ") + " UTC"


def show_day(milliseconds: int | None) -> str:
    """The day of a time in UTC; a dash where there is none."""
    if milliseconds is None:
        return "–"
    return timestamp(milliseconds)[:10]


def _showable(value: object) -> object:
    return showable(value) if type(value) is str else value
