"""What values are made of that a catalog has by the ten thousand."""

from __future__ import annotations

from kaiten_sync.immutable import Immutable


class Compact(Immutable, frozen=True, gc=False):
    """A record that the garbage collector does not keep track of, which makes it smaller.

    It holds JSON and others like it, and is never inside itself.
    """
