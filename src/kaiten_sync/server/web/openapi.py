"""The OpenAPI document, built from the operations that the server routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from kaiten_sync.server.domain.scopes import MODULE_SCOPES
from kaiten_sync.server.web.catalog import OPERATIONS, SCHEMAS
from kaiten_sync.server.web.operations import Operation, Query
from kaiten_sync.server.web.problems import MEDIA_TYPE

_ALWAYS = (401, 403, 422, 500, 503)
"""Statuses that any operation may answer with."""

_WITH_BODY = (400, 408, 413, 415)
"""Statuses that come from reading a body."""

_PARAMETER = re.compile(r"\{(\w+)\}")


def openapi_document() -> dict[str, Any]:
    """The document as plain data. Paths are relative to the server `/api`."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kaiten API, as the embedded server of kaiten-sync speaks it",
            "version": "1.0.0",
        },
        "servers": [{"url": "/api"}],
        "security": [{"bearerAuth": []}],
        "paths": paths,
        "components": {
            "schemas": dict(SCHEMAS),
            "securitySchemes": {
                "bearerAuth": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A Kaiten access token (`ksh_...`). Each operation lists the"
                    " scope that it needs; `write:<module>` implies `read:<module>`, and `read:*`"
                    " / `write:*` mean every module.",
                    "x-kaiten-scopes": list(MODULE_SCOPES),
                }
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": [{"bearerAuth": [operation.scope]}],
        "responses": _responses(operation),
    }
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(operation.path)
    ]
    parameters += map(_query_parameter, operation.query)
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": _content("application/json", operation.body),
        }
    return described


def _query_parameter(query: Query) -> dict[str, Any]:
    described = {
        "name": query.name,
        "in": "query",
        "explode": False,
        "description": query.description,
        "schema": query.schema,
    }
    return {**described, "required": True} if query.required else described


def _responses(operation: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if operation.answer is not None:
        success["content"] = _content("application/json", operation.answer)
    body = _WITH_BODY if operation.body is not None else ()
    statuses: Iterable[int] = {*_ALWAYS, *operation.refuses, *body}
    return {str(operation.status): success} | {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": _content(MEDIA_TYPE, "Problem"),
        }
        for status in sorted(statuses)
    }


def _content(media_type: str, schema: str) -> Mapping[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
