"""A live catalog over HTTP: the reader and the writer of `model/ports.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from kaiten_sync.api import paths
from kaiten_sync.api.attempts import LostAnswerError
from kaiten_sync.api.client import Client
from kaiten_sync.api.generations import ask_capabilities
from kaiten_sync.api.moments import clock_ahead
from kaiten_sync.api.paging import read_all, read_pages
from kaiten_sync.api.problems import MIXED_UP_HINT, NEWER_SERVER_HINT
from kaiten_sync.api.rights import ask_rights
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.api.wire import (
    REFUSED,
    create_body,
    decode_family,
    decode_instance,
    decode_object,
    decode_refusals,
    decode_usages,
    merge_body,
)
from kaiten_sync.errors import (
    IncompleteReadingError,
    KaitenSyncError,
    ProblemError,
    ServerError,
)
from kaiten_sync.kinds.registry import live_kinds, spec_of
from kaiten_sync.model.address import Address, ChildList, Kind
from kaiten_sync.model.capabilities import Capabilities
from kaiten_sync.model.change import Action
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.ports import Look
from kaiten_sync.model.reading import PAGE_SIZE
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.rights import Rights
from kaiten_sync.model.value import Fields


class HttpCatalog:
    """Reads and writes one server's catalog. Use it as a context manager."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._client = Client(settings)
        self._connections = settings.connections
        self._override = settings.generation
        self._capabilities: Capabilities | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    @property
    def base_url(self) -> str:
        """The API's base, with `/api`."""
        return self._client.base_url

    @property
    def connections(self) -> int:
        """How many requests may be under way at once."""
        return self._connections

    @property
    def requests_sent(self) -> int:
        """How many HTTP requests went out so far, retries included."""
        return self._client.requests_sent

    def heed(self, stop: Callable[[], bool]) -> None:
        """Wait no longer for a server that asks to slow down once `stop` is true."""
        self._client.heed(stop)

    def list_kind(self, kind: Kind) -> Sequence[LiveResource]:
        """All objects of a kind at the top of the catalog; none on a server without the kind."""
        path = paths.collection(kind)
        items = read_all(self._client, path)
        try:
            return self._with_families(_unique((decode_object(kind, item) for item in items), path))
        except ProblemError as error:
            # A server without the kind answers 404. For a kind that it has, 404 is a fault: an
            # empty list would look as if all of it were gone.
            if error.status != 404 or self._knows_of(kind):
                raise
            return ()

    def list_children(self, children: ChildList) -> Sequence[LiveResource] | None:
        """All objects of a kind inside one parent; None if the parent does not exist."""
        parent, kind = children
        path = paths.collection(kind, parent)
        try:
            items = list(read_all(self._client, path))
        except ProblemError as error:
            _raise_unless_missing(error)
            return None
        found = _unique((decode_object(kind, item, parent) for item in items), path)
        # What has no id of its own has its parent's, and a list is of one parent.
        if spec_of(kind).parent_wire and len({each.id for each in found}) > 1:
            raise ServerError(
                f"GET {path}: the {spec_of(kind).plural} are of several objects",
                hint=MIXED_UP_HINT,
            )
        return found

    def get(self, address: Address) -> LiveResource | None:
        """One object; None when it does not exist."""
        body = self._get_body(address)
        return None if body is None else self._decode(address, body)

    def list_instances(self, most_pages: int | None = None) -> Sequence[Instance] | None:
        """All instances of all customers; None if that takes more requests than `most_pages`."""
        found: dict[str, Instance] = {}
        for number, page in enumerate(read_pages(self._client, paths.INSTANCES), start=1):
            if page.has_more and number == most_pages:
                return None
            for instance in map(decode_instance, page.items):
                if found.setdefault(instance.slug, instance) is not instance:
                    raise _listed_twice(paths.INSTANCES, f"instance/{instance.slug}")
        return tuple(found.values())

    def list_usage(self, instance_slug: str) -> Sequence[Usage] | None:
        """What an instance has used of what can be metered; None when it does not exist."""
        path = paths.usage(instance_slug)
        try:
            answer = self._client.get(path)
        except ProblemError as error:
            _raise_unless_missing(error)
            return None
        # What counts now is decided by the server's clock, and judged by this machine's.
        ahead = clock_ahead(answer.headers.get("date"), datetime.now(UTC))
        return decode_usages(answer.body, path, ahead)

    def list_refusals(self, instance_slug: str, since: datetime) -> Collection[str] | None:
        """Entitlements of which reports were refused; None when the server does not tell."""
        path = paths.audit_trail(instance_slug)
        params: dict[str, str | int] = {
            "event_name": REFUSED,
            "after": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "limit": PAGE_SIZE,
        }
        try:
            return decode_refusals(self._client.get(path, params).body, path)
        except ProblemError as error:
            _raise_unless_missing(error)
            return None

    def is_priced(self, address: Address) -> bool:
        """Whether a version has prices of its own; never on servers without prices."""
        if not self.capabilities().has_prices:
            return False
        try:
            return any(True for _ in read_all(self._client, paths.prices(address)))
        except ProblemError as error:
            _raise_unless_missing(error)
            return False

    def capabilities(self) -> Capabilities:
        """What the server understands, asked for at most once."""
        with self._lock:
            if self._capabilities is None:
                self._capabilities = ask_capabilities(self._client, self._override)
            return self._capabilities

    def _knows_of(self, kind: Kind) -> bool:
        """Whether a server has a kind: it then knows a field that names objects of it."""
        naming = [
            (spec.kind, field.wire_name)
            for spec in live_kinds()
            for field in spec.fields.values()
            if field.refers_to is not None and field.refers_to.kind == kind
        ]
        known = self.capabilities()
        return not naming or any(known.knows(*each) for each in naming)

    def rights(self) -> Rights:
        """What the token may do here. Changes nothing."""
        return ask_rights(self._client)

    def create(self, address: Address, fields: Fields) -> bool:
        """Create an object. One that is there already is left as it is."""
        body = create_body(address, fields)
        return self._post(
            paths.collection(address.kind, address.parent),
            body,
            lambda: self._get_body(address) is not None,
        )

    def update(self, address: Address, fields: Fields, look: Look) -> bool:
        """Read the object, look at it, change these fields, write all of it back."""
        path = paths.item(address)

        def put() -> bool:
            with self._client.look_then_write():
                current = self._get_body(address)
                if not look(None if current is None else self._decode(address, current)):
                    return False
                merged = merge_body(address.kind, current or {}, fields)
                self._client.write_once("PUT", path, merged)
                return True

        return self._settled(f"PUT {path}", put)

    def delete(self, address: Address, look: Look) -> bool:
        """Read an object, look at it, delete it. One that is gone already is fine."""
        path = paths.item(address)

        def delete() -> bool:
            with self._client.look_then_write():
                if not look(self.get(address)):
                    return False
                try:
                    self._client.write_once("DELETE", path)
                except ProblemError as error:
                    _raise_unless_missing(error)
                    return False
                return True

        return self._settled(f"DELETE {path}", delete)

    def move(self, address: Address, action: Action, look: Look) -> bool:
        """Make a move of the object's kind: post to its endpoint, or update its field."""
        field, move = spec_of(address.kind).moves[action]
        if move.endpoint is None:
            return self.update(address, {field.name: move.after}, look)
        return self._post(
            f"{paths.item(address)}/{move.endpoint}",
            None,
            lambda: (self._get_body(address) or {}).get(field.read_name) == move.after,
        )

    def _post(self, path: str, body: Mapping[str, Any] | None, is_done: Callable[[], bool]) -> bool:
        """POST, and after a lost answer look first whether it was carried out."""
        was_lost = False

        def post() -> bool:
            nonlocal was_lost
            if was_lost and is_done():
                return True
            try:
                self._client.write_once("POST", path, body)
            except LostAnswerError:
                was_lost = True
                raise
            except ProblemError as error:
                if error.status != 409 or not is_done():
                    raise
                return was_lost
            return True

        return self._settled(f"POST {path}", post)

    def _settled(self, request: str, write: Callable[[], bool]) -> bool:
        """Write, again after a lost answer. Each try begins with a look: others write too.

        Says whether this call wrote: where an answer was lost and the object now is as asked,
        it is taken to have been this call.
        """
        tries = 0
        may_be_done = False

        def counted() -> bool:
            nonlocal tries, may_be_done
            tries += 1
            try:
                return write()
            except (LostAnswerError, ServerError) as error:
                may_be_done = may_be_done or error.may_be_done
                raise

        try:
            return self._client.answered(counted, request) or tries > 1
        except KaitenSyncError as error:
            error.may_be_done = may_be_done
            raise

    def _decode(self, address: Address, body: Mapping[str, Any]) -> LiveResource:
        live = decode_object(address.kind, self._client.redaction.of_json(body), address.parent)
        if live.address != address:
            raise ServerError(
                f"asked for {address}, the server answered with {live.address}", hint=MIXED_UP_HINT
            )
        return live

    def _with_families(self, found: Sequence[LiveResource]) -> Sequence[LiveResource]:
        """The objects, with the slugs of families that have lost the version that shows it.

        Such a family is rare, and costs a page more. Source: API facts, section 2.4.
        """
        opened = {each.family_id for each in found if each.fields.get("version") == "1"}
        unnamed = [each for each in found if each.family_id and each.family_id not in opened]
        path = spec_of(found[0].address.kind).family_path if found else ""
        if not unnamed or not path:
            return found
        try:
            families = [decode_family(item) for item in read_all(self._client, path)]
        except ProblemError as error:
            _raise_unless_missing(error)
            return found
        slugs = dict(families)
        return tuple(
            each.changed(family_slug=slugs.get(each.family_id)) if each in unnamed else each
            for each in found
        )

    def _get_body(self, address: Address) -> Mapping[str, Any] | None:
        try:
            body = self._client.get(paths.item(address)).raw  # what a PUT repeats
        except ProblemError as error:
            _raise_unless_missing(error)
            return None
        if isinstance(body, dict):
            return body
        raise ServerError(
            f"GET {paths.item(address)}: the answer is not an object", hint=NEWER_SERVER_HINT
        )


def _raise_unless_missing(error: ProblemError) -> None:
    if error.status != 404:
        raise error


def _unique(resources: Iterable[LiveResource], path: str) -> tuple[LiveResource, ...]:
    found: dict[Address, LiveResource] = {}
    for resource in resources:
        if resource.address in found:
            raise _listed_twice(path, str(resource.address))
        found[resource.address] = resource
    return tuple(found.values())


def _listed_twice(path: str, name: str) -> IncompleteReadingError:
    return IncompleteReadingError(
        f"GET {path}: the server lists {name} twice",
        hint="someone may be changing the catalog right now: run it again",
    )
