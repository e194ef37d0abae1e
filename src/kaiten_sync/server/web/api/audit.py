"""Audit trails over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Operation

SCHEMAS: Mapping[str, Schema] = {}
OPERATIONS: tuple[Operation, ...] = ()
