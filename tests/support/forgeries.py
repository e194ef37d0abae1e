"""Plans that somebody forged: what was changed in one, under a digest that fits again."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any, TypeAlias

from kaiten_sync.model.canonical import digest, fingerprint

Document: TypeAlias = "dict[str, Any]"
Forge: TypeAlias = "Callable[[Document], object]"


def resealed(document: Document, forge: Forge) -> bytes:
    """The document with something forged in it, and sealed again."""
    forged = copy.deepcopy(document)
    forge(forged)
    summary = forged["summary"]
    for name, key in (("actions", "action"), ("effects", "effect")):
        counts: dict[str, int] = {}
        for change in forged["changes"]:
            counts[change[key]] = counts.get(change[key], 0) + 1
        summary[name] = counts
    return sealed(forged)


def sealed(document: Document) -> bytes:
    """The document under a digest that fits."""
    document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
    return json.dumps(document).encode()


def change(document: Document, name: str) -> Any:
    """The change with an id."""
    return next(each for each in document["changes"] if each["id"] == name)


def observed(document: Document, address: str) -> Any:
    """What a plan saw of an object."""
    return next(each for each in document["observed"] if each["address"] == address)


def see(document: Document, address: str, server_id: str | None, fields: Document) -> None:
    """Say that an object was seen like this."""
    document["observed"] = [e for e in document["observed"] if e["address"] != address]
    mark = fingerprint({"id": server_id, "fields": fields})
    seen = {"address": address, "exists": True, "id": server_id, "fields": fields}
    document["observed"].append({**seen, "fingerprint": mark})


def see_nothing(document: Document, address: str) -> None:
    """A wildcard: whatever is there is right."""
    see(document, address, None, {})


def delete(document: Document, address: str, live: Any, depends_on: list[str]) -> None:
    """Delete an object, whole and well observed."""
    fields = [
        {"name": name, "before": value, "effect": "neutral"} for name, value in live.fields.items()
    ]
    effect = "tightens" if address.startswith("license") else "neutral"
    document["changes"].append(
        {
            "id": f"delete:{address}",
            "address": address,
            "action": "delete",
            "effect": effect,
            "fields": fields,
            "dependsOn": depends_on,
        }
    )
    document["managed"].pop(address, None)
    see(document, address, live.id, dict(live.fields))
    kind = "grant" if "/grant/" in address else address.split("/")[0]
    population = document["guards"]["population"]
    population[kind] = max(population.get(kind, 0), 99)
    document["requests"] += 9
