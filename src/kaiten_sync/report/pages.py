"""HTML pages: one file that needs nothing else, and that no text from outside breaks. Stage 7."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

NAME_LIMIT = 300
"""Characters of an address or a name."""

VALUE_LIMIT = 2_000
"""Characters of a value: a page can show more than a terminal, and still opens at once."""


@cache
def template(name: str) -> Template:
    """A template of this package; what it is given is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("kaiten_sync.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
