"""A live catalog in memory: our own port, faked. Real HTTP is tested elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from kaiten_sync.errors import KaitenSyncError, ProblemError
from kaiten_sync.kinds.registry import wire_fields, with_defaults
from kaiten_sync.kinds.spec import Generation
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.capabilities import Capabilities
from kaiten_sync.model.change import Action
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import Fields

_STATES = {
    Action.PUBLISH: ("DRAFT", "PUBLISHED"),
    Action.ARCHIVE: ("PUBLISHED", "ARCHIVED"),
    Action.UNARCHIVE: ("ARCHIVED", "PUBLISHED"),
}


class FakeCatalog:
    """Keeps objects in a dict, counts calls, and fails where it is told to."""

    def __init__(
        self,
        *objects: LiveResource,
        generation: Generation = Generation.CURRENT,
        fails: dict[str, KaitenSyncError] | None = None,
    ) -> None:
        self.objects = {each.address: each for each in objects}
        self.calls: list[str] = []
        self.fails = fails or {}
        self._generation = generation
        self._lock = threading.RLock()

    @property
    def requests_sent(self) -> int:
        return len(self.calls)

    def list_kind(self, kind: Kind) -> Sequence[LiveResource]:
        self._call(f"list {kind}")
        return [each for each in self.objects.values() if each.address.kind is kind]

    def list_grants(self, license_slug: str) -> Sequence[LiveResource] | None:
        self._call(f"list grants of {license_slug}")
        if Address(Kind.LICENSE, license_slug) not in self.objects:
            return None
        return [each for each in self.objects.values() if each.address.license == license_slug]

    def get(self, address: Address) -> LiveResource | None:
        self._call(f"get {address}")
        return self.objects.get(address)

    def capabilities(self) -> Capabilities:
        self._call("capabilities")
        return Capabilities(wire_fields=wire_fields(self._generation), source="a fake")

    def create(self, address: Address, fields: Fields) -> None:
        self._call(f"create {address}")
        with self._lock:
            given = dict(fields)
            if address.kind is Kind.LICENSE:
                given = {"version": "1", **given}
                given.setdefault("lifecycleState", "PUBLISHED")
            self.objects.setdefault(address, live(str(address), **given))

    def update(self, address: Address, fields: Fields) -> None:
        self._call(f"update {address}")
        with self._lock:
            if address not in self.objects:
                raise ProblemError(f"PUT {address}", status=404)
            merged = {**self.objects[address].fields, **fields}
            self.objects[address] = live(str(address), **merged)

    def delete(self, address: Address) -> None:
        self._call(f"delete {address}")
        with self._lock:
            self.objects.pop(address, None)

    def move(self, address: Address, action: Action) -> None:
        self._call(f"{action} {address}")
        if action not in _STATES:
            self.update(address, {"isDefault": action is Action.MAKE_DEFAULT})
            return
        before, after = _STATES[action]
        if self.objects[address].fields["lifecycleState"] != before:
            raise ProblemError(f"POST {address}", status=409, code="NotInThatState")
        self.update(address, {"lifecycleState": after})

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
    from kaiten_sync.model.address import parse_address

    where = parse_address(address)
    family = f"family-of-{fields.get('familySlug', where.slug)}"
    return LiveResource(
        address=where,
        fields=with_defaults(where.kind, fields),  # type: ignore[arg-type]
        id=f"id-of-{where.license or where}",
        family_id=family if where.kind is Kind.LICENSE else None,
    )
