"""The outside world as the stages see it. `api/` implements these over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from kaiten_sync.model.address import Address, ChildList, Kind
from kaiten_sync.model.capabilities import Capabilities
from kaiten_sync.model.change import Action
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.outcome import Outcome
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import Fields

Look: TypeAlias = "Callable[[LiveResource | None], bool]"
"""Looks at an object right before it is written: the server has no conditional writes.

True: go on. False: it is as it shall be, nothing is to be written. Raises `ConflictError` where
it is neither as the plan saw it nor as the plan leaves it.
"""


class CatalogReader(Protocol):
    """Reads a live catalog. Every method may raise `ServerError` or `AccessError`."""

    def list_kind(self, kind: Kind) -> Sequence[LiveResource]:
        """All objects of a kind at the top of the catalog, whole or not at all."""
        ...

    def list_children(self, children: ChildList) -> Sequence[LiveResource] | None:
        """All objects of a kind inside one parent; None if the parent does not exist."""
        ...

    def get(self, address: Address) -> LiveResource | None:
        """One object; None when it does not exist."""
        ...

    def capabilities(self) -> Capabilities:
        """What the server understands, asked for at most once."""
        ...


class HolderReader(Protocol):
    """Reads who holds licenses. It takes the scope `read:instances`.

    Every method may raise `ServerError` or `AccessError`; a missing scope is `CredentialError`.
    """

    def list_instances(self) -> Sequence[Instance]:
        """All instances, whole or not at all."""
        ...

    def list_usage(self, instance_slug: str) -> Sequence[Usage] | None:
        """What an instance has used of each metered entitlement that its license grants.

        None when the instance does not exist.
        """
        ...


class PlanReader(CatalogReader, HolderReader, Protocol):
    """All that planning reads."""


class CatalogWriter(Protocol):
    """Writes one object at a time. Only `apply/` calls it.

    Every method says whether it wrote: False where everything was as asked already.
    """

    def create(self, address: Address, fields: Fields) -> bool:
        """Create an object with these fields. One that is there already is left as it is."""
        ...

    def update(self, address: Address, fields: Fields, look: Look) -> bool:
        """Change these fields and keep all others; None clears a field."""
        ...

    def delete(self, address: Address, look: Look) -> bool:
        """Delete an object. One that is gone already is fine."""
        ...

    def move(self, address: Address, action: Action, look: Look) -> bool:
        """Make a move of the object's kind."""
        ...


class Catalog(PlanReader, CatalogWriter, Protocol):
    """A live catalog that can be read and written."""

    @property
    def requests_sent(self) -> int:
        """How many HTTP requests went out so far, retries included."""
        ...


class Journal(Protocol):
    """Told what becomes of a plan while it is applied, by one thread only."""

    def record(self, outcome: Outcome) -> None:
        """One change has ended."""
        ...


class NoJournal:
    """Keeps nothing."""

    def record(self, outcome: Outcome) -> None:
        """Forget the outcome."""


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
