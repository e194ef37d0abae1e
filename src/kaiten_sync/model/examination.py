"""What `doctor` finds out about each target."""

from __future__ import annotations

from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.generation import Generation
from kaiten_sync.model.rights import Rights


class Examined(Immutable, frozen=True, kw_only=True):
    """One target. `error` is why it could not be worked with; then `rights` may be None.

    `url` is empty if the target could not be chosen. `generation` is None, and `source` empty, if
    the server was not asked or the token may not ask it. `requests` counts those that were sent.
    """

    name: str
    url: str
    error: KaitenSyncError | None = None
    rights: Rights | None = None
    generation: Generation | None = None
    source: str = ""
    requests: int = 0

    @property
    def is_fine(self) -> bool:
        """Whether the server is reached, and its catalog can be planned with this token."""
        return self.error is None and self.rights is not None and self.rights.may_plan


class Examination(Immutable, frozen=True, kw_only=True):
    """All targets, in the order of the project file."""

    targets: tuple[Examined, ...]

    @property
    def requests(self) -> int:
        """How many requests were sent in all."""
        return sum(each.requests for each in self.targets)
