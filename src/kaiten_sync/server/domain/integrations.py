"""Links to records in other systems: this server keeps none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.domain.refusals import Problem, unprocessable


def refuse_integrations(operation: str, integrations: Mapping[str, Any]) -> None:
    """Refuse links, which would be dropped silently; no links at all are fine.

    Raises:
        RefusalError: there are some.
    """
    if integrations:
        raise unprocessable(
            f"{operation}.IntegrationsNotSettable",
            "this server keeps no integrations; leave them out",
            [Problem("not kept by this server", "body.integrations")],
        )
