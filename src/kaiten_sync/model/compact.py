"""What values are made of that a catalog has by the ten thousand."""

from __future__ import annotations

from typing import Any, Self

from msgspec import Struct, structs


class Compact(Struct, frozen=True, gc=False):
    """A value that is made in C, in a fifth of the time of a frozen dataclass.

    The garbage collector does not keep track of it, which makes it smaller: it holds JSON and
    others like it, and is never inside itself.
    """

    def changed(self, **attributes: Any) -> Self:
        """The same with other attributes."""
        return structs.replace(self, **attributes)
