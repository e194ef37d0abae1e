"""A server that speaks the API for whatever kinds are registered: made from the tables alone.

It knows nothing of licenses: lists, objects, children and moves are what the tables say.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from kaiten_sync.kinds.registry import child_kinds, top_kinds
from kaiten_sync.kinds.spec import FieldType, KindSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.value import ABSENT

_EMPTY_LISTS = frozenset({"/license-families", "/instances"})
"""Lists that a server of the current generation has, whatever its kinds."""


class RefusedError(Exception):
    """A request that the server refuses with a status."""


@dataclass
class ToyServer:
    """What the server has and what it was asked. Objects are bodies as answers show them."""

    url: str = ""
    objects: dict[Address, dict[str, Any]] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON that answers a request; None for one without content."""
        spec, parent, rest = _resolved(path)
        if method != "GET":
            self.writes.append(f"{method} {path}")
        if parent is not None and parent not in self.objects:
            raise RefusedError(404)
        if rest:
            return self._answer_for(
                spec, Address(spec.kind, rest[0], parent), method, rest[1:], body
            )
        if method == "POST":
            body = body or {}
            return self._create(spec, Address(spec.kind, body[spec.slug_wire], parent), body)
        items = [
            shown
            for address, shown in self.objects.items()
            if address.kind == spec.kind and address.parent == parent
        ]
        return {"items": items, "hasMore": False}

    def _answer_for(
        self,
        spec: KindSpec,
        address: Address,
        method: str,
        rest: Sequence[str],
        body: Mapping[str, Any] | None,
    ) -> Any:
        if address not in self.objects:
            raise RefusedError(404)
        match (method, rest):
            case ("GET", []):
                return self.objects[address]
            case ("PUT", []):
                self.objects[address] |= _stored(spec, body or {}, is_new=False)
            case ("DELETE", []):
                gone = [a for a in self.objects if address in (a, a.parent)]
                for each in gone:
                    del self.objects[each]
            case ("POST", [endpoint]):
                self._move(spec, address, endpoint)
            case _:
                raise RefusedError(405)
        return None

    def _create(self, spec: KindSpec, address: Address, body: Mapping[str, Any]) -> Any:
        if address in self.objects:
            raise RefusedError(409)
        self.objects[address] = {
            spec.id_wire: f"id-of-{address}",
            spec.slug_wire: address.slug,
            "updatedAt": "2026-11-25T09:30:00.000Z",
            "updatedBy": {"id": "u1", "name": "Somebody"},
            **_stored(spec, body, is_new=True),
        }
        return self.objects[address]

    def _move(self, spec: KindSpec, address: Address, endpoint: str) -> None:
        for moved, move in spec.moves.values():
            if move.endpoint == endpoint:
                if self.objects[address][moved.read_name] != move.before:
                    raise RefusedError(409)
                self.objects[address][moved.read_name] = move.after
                return
        raise RefusedError(404)


def _resolved(path: str) -> tuple[KindSpec, Address | None, list[str]]:
    """The kind and the parent that a path leads to, and what follows the path of the list."""
    steps, kinds, parent = [unquote(step) for step in path.strip("/").split("/")], top_kinds(), None
    while True:
        spec = next((each for each in kinds if each.path == f"/{steps[0]}"), None)
        if spec is None:
            raise RefusedError(404)
        inner = child_kinds(spec.kind)
        if len(steps) < 3 or f"/{steps[2]}" not in {each.path for each in inner}:
            return spec, parent, steps[1:]
        parent, steps, kinds = Address(spec.kind, steps[1], parent), steps[2:], inner


def _stored(spec: KindSpec, body: Mapping[str, Any], *, is_new: bool) -> dict[str, Any]:
    """The fields of a request body as answers show them; what is left out has its default."""
    stored: dict[str, Any] = {}
    for each in spec.fields.values():
        if each.wire_name not in body and not (is_new or each.is_echoed):
            continue
        value = body.get(each.wire_name)
        if value is None:
            value = each.default({})
        if each.type is FieldType.SLUGS and each.read and isinstance(value, list):
            value = [{"slug": slug} for slug in value]
        if value is not ABSENT:
            stored[each.read_name] = value
    return stored


@contextmanager
def toy_server() -> Iterator[ToyServer]:
    """A running server; it is stopped at the end."""
    toy = ToyServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            path = urlsplit(self.path).path.removeprefix("/api")
            try:
                with toy.lock:
                    if self.command == "GET" and path in _EMPTY_LISTS:
                        found: Any = {"items": [], "hasMore": False}
                    else:
                        found = toy.answer(self.command, path, body)
                    content = b"" if found is None else json.dumps(found).encode()
                self.send_response(204 if found is None else 200)
            except RefusedError as refused:
                content = b'{"code": "Refused"}'
                self.send_response(refused.args[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _respond  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    toy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield toy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
