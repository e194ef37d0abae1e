"""A client on a real server some of whose changes fail, and that looks at what is there then."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.errors import ProblemError
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, change_id
from kaiten_sync.model.ports import Look, NoProgress
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.settings import Scope
from kaiten_sync.model.value import Fields
from kaiten_sync.pipeline import read_catalog


def look_at(catalog: HttpCatalog) -> LiveState:
    """Everything that is on the server."""
    return read_catalog(catalog, scope=Scope(), progress=NoProgress())


class Faulty(HttpCatalog):
    """A client that looks at the server after each write, and some of whose changes fail.

    What is `refused` never reaches the server; what is `lost` is carried out, but fails.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        super().__init__(settings)
        self.refused: Collection[str] = ()
        self.lost: Collection[str] = ()
        self.seen: list[LiveState] = []

    def create(self, address: Address, fields: Fields) -> bool:
        with self._hurting(Action.CREATE, address):
            return super().create(address, fields)

    def update(self, address: Address, fields: Fields, look: Look) -> bool:
        with self._hurting(Action.UPDATE, address):
            return super().update(address, fields, look)

    def delete(self, address: Address, look: Look) -> bool:
        with self._hurting(Action.DELETE, address):
            return super().delete(address, look)

    def move(self, address: Address, action: Action, look: Look) -> bool:
        with self._hurting(action, address):
            return super().move(address, action, look)

    @contextmanager
    def _hurting(self, action: Action, address: Address) -> Iterator[None]:
        change = change_id(action, address)
        if change in self.refused:
            raise ProblemError(f"POST {address}", status=422, code="Injected")
        yield
        self.seen.append(look_at(self))
        if change in self.lost:
            raise ProblemError(f"POST {address}", status=500, code="Injected")
