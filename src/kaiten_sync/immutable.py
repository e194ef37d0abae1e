"""What an object with named fields is: a plan, a finding, a request of a job."""

from __future__ import annotations

from typing import Any, Self

from msgspec import Struct, structs


class Immutable(Struct, frozen=True):
    """An object whose fields do not change, compared and hashed by them.

    Its class is made in C, in a tenth of the time of a frozen dataclass. There are two hundred of
    them, and making them took a third of the start of every command.
    """

    def changed(self, **fields: Any) -> Self:
        """The same with other fields.

        Raises:
            TypeError: it has no field of such a name.
        """
        return structs.replace(self, **fields)
