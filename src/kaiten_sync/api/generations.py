"""Finds out which fields a server knows.

Its OpenAPI document says so, per request body. Where there is none, a probe of
`/license-families` distinguishes the generations (API facts, section 9.12).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kaiten_sync.api import paths
from kaiten_sync.api.client import Client
from kaiten_sync.errors import ProblemError, ServerError
from kaiten_sync.kinds.registry import live_kinds, wire_fields
from kaiten_sync.kinds.spec import Generation
from kaiten_sync.model.capabilities import Capabilities


def ask_capabilities(client: Client, override: Generation | None) -> Capabilities:
    """What the server knows, in at most three requests.

    Raises:
        ProblemError: it has no entitlements either, so it is not a Kaiten server.
    """
    if override is not None:
        return _of(override, "the `generation` that was set")
    document: object = None
    # Some servers have no such document, and some answer unknown paths with a web page.
    with suppress(ProblemError, ServerError):
        document = client.get("/openapi.json").body
    if isinstance(document, dict):
        known = {
            str(spec.kind): _properties(document, paths.shape(spec.kind)) for spec in live_kinds()
        }
        if all(known.values()):
            return Capabilities(
                wire_fields=known,
                source="the server's OpenAPI document",
                has_prices=any(
                    _shape(mounted) == paths.PRICES for mounted in _mapping(document.get("paths"))
                ),
            )
    return _of(_probe(client), "a probe of /license-families")


def _of(generation: Generation, source: str) -> Capabilities:
    return Capabilities(wire_fields=wire_fields(generation), source=source)


def _probe(client: Client) -> Generation:
    try:
        client.get("/license-families", {"limit": 1})
    except ProblemError as error:
        if error.status != 404:
            raise
        client.get("/entitlements", {"limit": 1})  # a server that has nothing is not an old one
        return Generation.GETTING_STARTED
    return Generation.CURRENT


def _properties(document: Mapping[str, Any], path: str) -> frozenset[str]:
    """Names in the request body of a POST, wherever the document mounts the path."""
    for mounted, operations in _mapping(document.get("paths")).items():
        if _shape(mounted) == path:
            post = _mapping(_mapping(operations).get("post"))
            content = _mapping(_mapping(post.get("requestBody")).get("content"))
            schema = _mapping(_mapping(content.get("application/json")).get("schema"))
            ref = schema.get("$ref")
            if isinstance(ref, str) and ref.startswith("#/"):
                node: Any = document
                for step in ref.removeprefix("#/").split("/"):
                    node = _mapping(node).get(step)
                schema = _mapping(node)
            return frozenset(_mapping(schema.get("properties")))
    return frozenset()


def _shape(path: str) -> str:
    """A path without its `/api` mount and its parameter names."""
    steps = path.removeprefix("/api").split("/")
    return "/".join("{}" if step.startswith("{") else step for step in steps)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
