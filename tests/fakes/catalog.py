"""A live catalog in memory: our own port, faked. Real HTTP is tested elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from kaiten_sync.errors import HeldError, KaitenSyncError, ProblemError
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.kinds.references import referrers
from kaiten_sync.kinds.registry import spec_of, wire_fields
from kaiten_sync.kinds.spec import Generation
from kaiten_sync.kinds.values import with_defaults
from kaiten_sync.model.address import Address, ChildList, Kind
from kaiten_sync.model.capabilities import Capabilities
from kaiten_sync.model.change import Action
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.ports import Look
from kaiten_sync.model.reading import CONNECTIONS
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.rights import Rights
from kaiten_sync.model.value import Fields


class FakeCatalog:
    """Keeps objects in a dict, counts calls, and fails where it is told to."""

    def __init__(
        self,
        *objects: LiveResource,
        generation: Generation = Generation.CURRENT,
        fails: dict[str, KaitenSyncError] | None = None,
        instances: Sequence[Instance] = (),
        usage: Mapping[str, Sequence[Usage]] | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        self.connections = connections
        self.objects = {each.address: each for each in objects}
        self.calls: list[str] = []
        self.fails = fails or {}
        self.instances = list(instances)
        self.usage = dict(usage or {})
        self.refusals: dict[str, Collection[str]] = {}
        self.granted_error: ProblemError = HeldError("DELETE", status=409, code="InUseConflict")
        self.granted = Rights(granted=frozenset())
        self._generation = generation
        self._lock = threading.RLock()

    def heed(self, stop: Callable[[], bool]) -> None:
        """Nobody waits here."""

    @property
    def requests_sent(self) -> int:
        return len(self.calls)

    def rights(self) -> Rights:
        self._call("rights")
        return self.granted

    def list_kind(self, kind: Kind) -> Sequence[LiveResource]:
        self._call(f"list {kind}")
        return [each for each in self.objects.values() if each.address.kind is kind]

    def list_children(self, children: ChildList) -> Sequence[LiveResource] | None:
        self._call(f"list {spec_of(children.kind).plural} of {children.parent.slug}")
        if children.parent not in self.objects:
            return None
        return [each for each in self.objects.values() if each.address.child_list == children]

    def get(self, address: Address) -> LiveResource | None:
        self._call(f"get {address}")
        return self.objects.get(address)

    def list_instances(self, most_pages: int | None = None) -> Sequence[Instance] | None:
        self._call("list instances")
        return list(self.instances)

    def list_usage(self, instance_slug: str) -> Sequence[Usage] | None:
        self._call(f"list usage of {instance_slug}")
        return self.usage.get(instance_slug, ())

    def list_refusals(self, instance_slug: str, since: datetime) -> Collection[str] | None:
        self._call(f"list refusals of {instance_slug}")
        return self.refusals.get(instance_slug, ())

    def capabilities(self) -> Capabilities:
        self._call("capabilities")
        return Capabilities(wire_fields=wire_fields(self._generation), source="a fake")

    def is_priced(self, address: Address) -> bool:
        self._call(f"prices of {address}")
        return False

    def create(self, address: Address, fields: Fields) -> bool:
        self._call(f"create {address}")
        with self._lock:
            given = {name: value for name, value in fields.items() if value is not None}
            for field in spec_of(address.kind).fields.values():
                if field.numbered_by_server:
                    given.setdefault(field.name, "1")
                if isinstance(field.settles_as, str):
                    given.setdefault(field.name, field.settles_as)
            is_new = address not in self.objects
            self.objects.setdefault(address, live(str(address), **given))
            return is_new

    def update(self, address: Address, fields: Fields, look: Look) -> bool:
        self._call(f"get {address}")
        if not look(self.objects.get(address)):
            return False
        self._call(f"update {address}")
        self._change(address, fields)
        return True

    def delete(self, address: Address, look: Look) -> bool:
        self._call(f"get {address}")
        if not look(self.objects.get(address)):
            return False
        self._call(f"delete {address}")
        if referrers(self.objects, [address]):
            raise self.granted_error
        with self._lock:
            return self.objects.pop(address, None) is not None

    def move(self, address: Address, action: Action, look: Look) -> bool:
        field, move = spec_of(address.kind).moves[action]
        if move.endpoint is None:
            return self.update(address, {field.name: move.after}, look)
        self._call(f"{action} {address}")
        if self.objects[address].fields[field.name] != move.before:
            raise ProblemError(f"POST {address}", status=409, code="NotInThatState")
        self._change(address, {field.name: move.after})
        return True

    def _change(self, address: Address, fields: Fields) -> None:
        with self._lock:
            merged = {**self.objects[address].fields, **fields}
            self.objects[address] = live(str(address), **merged)

    @property
    def writes(self) -> list[str]:
        return [c for c in self.calls if not c.startswith(("get", "list", "capabilities"))]

    def _call(self, what: str) -> None:
        with self._lock:
            self.calls.append(what)
        if what in self.fails:
            raise self.fails[what]


def live(address: str, **fields: object) -> LiveResource:
    """A live object with the server's defaults filled in."""
    where = parse_address(address)
    family = f"family-of-{fields.get('familySlug', where.slug)}"
    return LiveResource(
        address=where,
        fields=with_defaults(where.kind, fields),  # type: ignore[arg-type]
        id=f"id-of-{where if where.parent is None else where.parent.slug}",
        family_id=family if spec_of(where.kind).family_wire else None,
    )
