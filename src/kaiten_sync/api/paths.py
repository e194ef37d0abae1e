"""Where each object is in the API. Source: openapi-1.0.yaml, `paths`."""

from __future__ import annotations

from urllib.parse import quote

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address

INSTANCES = "/instances"

PRICES = "/licenses/{}/prices"
"""The shape of the list of a version's prices, on servers newer than the 1.0 contract."""


def collection(kind: str, parent: Address | None = None) -> str:
    """The path that lists, and creates, objects of a kind, inside their parent if they have one."""
    path = spec_of(kind).path
    return path if parent is None else f"{item(parent)}{path}"


def item(address: Address) -> str:
    """The path of one object."""
    return f"{collection(address.kind, address.parent)}/{quote(address.slug, safe='')}"


def shape(kind: str) -> str:
    """The path of a kind's list with `{}` for every slug in it."""
    spec = spec_of(kind)
    return f"{shape(spec.parents[0])}/{{}}{spec.path}" if spec.parents else spec.path


def usage(instance_slug: str) -> str:
    """The path of what an instance has used."""
    return f"{INSTANCES}/{quote(instance_slug, safe='')}/entitlements/usage"


def audit_trail(instance_slug: str) -> str:
    """The path of what happened to an instance."""
    return f"{INSTANCES}/{quote(instance_slug, safe='')}/audit-trails"


def prices(address: Address) -> str:
    """The path of a version's prices."""
    return f"{item(address)}/prices"
