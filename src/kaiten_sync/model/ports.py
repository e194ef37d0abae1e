"""The outside world as the stages see it. `api/` implements these over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.capabilities import Capabilities
from kaiten_sync.model.change import Action
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import Fields


class CatalogReader(Protocol):
    """Reads a live catalog. Every method may raise `ServerError` or `AccessError`."""

    def list_kind(self, kind: Kind) -> Sequence[LiveResource]:
        """All groups, entitlements or licenses, whole or not at all."""
        ...

    def list_grants(self, license_slug: str) -> Sequence[LiveResource] | None:
        """All grants of a license; None when the license does not exist."""
        ...

    def get(self, address: Address) -> LiveResource | None:
        """One object; None when it does not exist."""
        ...

    def capabilities(self) -> Capabilities:
        """What the server understands, asked for at most once."""
        ...


class CatalogWriter(Protocol):
    """Writes one object at a time. Only `apply/` calls it."""

    def create(self, address: Address, fields: Fields) -> None:
        """Create an object with these fields. One that is there already is left as it is."""
        ...

    def update(self, address: Address, fields: Fields) -> None:
        """Change these fields and keep all others; None clears a field."""
        ...

    def delete(self, address: Address) -> None:
        """Delete an object. One that is gone already is fine."""
        ...

    def move(self, address: Address, action: Action) -> None:
        """Move a license through its lifecycle."""
        ...


class Catalog(CatalogReader, CatalogWriter, Protocol):
    """A live catalog that can be read and written."""

    @property
    def requests_sent(self) -> int:
        """How many HTTP requests went out so far, retries included."""
        ...


class Progress(Protocol):
    """Told how far a long step is. Implementations may draw a bar, or do nothing."""

    def begin(self, what: str, total: int) -> None:
        """A step of `total` parts starts."""
        ...

    def advance(self) -> None:
        """One more part is done. May be called from several threads."""
        ...

    def end(self) -> None:
        """The step is over."""
        ...


class NoProgress:
    """Says nothing."""

    def begin(self, what: str, total: int) -> None:
        """Ignore the step."""

    def advance(self) -> None:
        """Ignore the part."""

    def end(self) -> None:
        """Ignore the end."""
