"""Templates to HTML, and the headers that every page has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse, Response

from kaiten_sync.server.dashboard.figures import (
    Measured,
    show_amount,
    show_count,
    show_day,
    show_distance,
    show_end,
    show_moment,
    show_number,
    show_overage,
    show_percent,
    show_start,
)
from kaiten_sync.server.dashboard.granted import terms_text
from kaiten_sync.server.dashboard.texts import showable
from kaiten_sync.server.service.previews import GrantTerms
from kaiten_sync.server.shapes.scalars import timestamp

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
"""How long a browser keeps an asset: its address changes with its content."""

_WIDEST_AMOUNT = 24
"""Characters of an amount that no table clips: units have up to a hundred."""


class Assets:
    """The files that pages load, each under a name that changes with its content."""

    def __init__(self) -> None:
        self._files: dict[str, Response] = {}
        self._paths: dict[str, str] = {}
        for file in _files_below(files(_PACKAGE) / "static"):
            stem, _, ending = file.name.rpartition(".")
            if ending in _MEDIA_TYPES:
                content = file.read_bytes()
                # Its content is in the name, so that it can be cached for ever and changes with
                # the next version.
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
            # A misspelled name fails in a test, instead of showing nothing to a person.
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # Of texts from outside alone: what a filter has made safe is of a type of its own.
            finalize=lambda value: showable(value) if type(value) is str else value,
        )
        self._environment.globals["asset"] = assets.path
        self._environment.filters.update(
            number=show_number,
            amount=_amount,
            counted=show_count,
            percent=show_percent,
            overage=show_overage,
            terms=_terms,
            # Jinja's own `tojson` is for scripts: it writes `<` and other scripts as escapes.
            json=partial(json.dumps, ensure_ascii=False),
            moment=show_moment,
            since=_since,
            day=_day,
            start=lambda window: _Time(milliseconds=window.start_ms, brief=show_start(window)),
            end=lambda window: _Time(milliseconds=window.end_ms, brief=show_end(window)),
        )

    def page(
        self,
        template: str,
        values: Mapping[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page as an answer. No cache keeps it: it shows what only its visitor may see."""
        html = self._environment.get_template(template).render(
            {"is_error": status >= HTTPStatus.BAD_REQUEST, **values}
        )
        answer = {**HEADERS, "Cache-Control": "no-store", **(headers or {})}
        return HTMLResponse(html, status, answer)

    def file(self, name: str, text: str) -> Response:
        """A file in CSV to keep. No cache keeps it either."""
        headers = {
            **HEADERS,
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        return Response(text, 200, headers, "text/csv")


def _files_below(folder: Traversable) -> Iterator[Traversable]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files_below(each)
        else:
            yield each


@dataclass(frozen=True, slots=True, kw_only=True)
class _Time:
    """A time as an element: briefly, with the exact one for who points at it."""

    milliseconds: int
    brief: str

    def __html__(self) -> str:
        exact = f"{timestamp(self.milliseconds)[:19]}Z"
        return f'<time datetime="{exact}" title="{self}">{self.brief}</time>'

    def __str__(self) -> str:
        return show_moment(self.milliseconds)


@dataclass(frozen=True, slots=True)
class _Clipped:
    """A text that no column has room for, with all of it for who points at it."""

    text: str

    def __html__(self) -> str:
        text = escape(showable(self.text))
        return f'<span class="clip" title="{text}">{text}</span>'


def _amount(value: float | None, of: Measured) -> str | _Clipped:
    """A number with its unit, as wide as a column has room for."""
    text = show_amount(value, of)
    return text if len(text) <= _WIDEST_AMOUNT else _Clipped(text)


def _terms(terms: GrantTerms | None, of: Measured) -> str:
    """What is granted, to read."""
    return "not granted" if terms is None else terms_text(terms.value, terms.overage_percent, of)


@pass_context
def _since(context: Context, milliseconds: int | None) -> str | _Time:
    """How long ago; a dash for None."""
    if milliseconds is None:
        return "–"
    brief = show_distance(milliseconds, context["now_ms"])
    return _Time(milliseconds=milliseconds, brief=brief)


def _day(milliseconds: int | None) -> str | _Time:
    """The day of a time in UTC; a dash for None."""
    if milliseconds is None:
        return "–"
    return _Time(milliseconds=milliseconds, brief=show_day(milliseconds))
