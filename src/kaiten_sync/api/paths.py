"""Where each object lives in the API. Source: openapi-1.0.yaml, `paths`."""

from __future__ import annotations

from urllib.parse import quote

from kaiten_sync.model.address import Address, Kind

COLLECTIONS = {
    Kind.GROUP: "/entitlement-groups",
    Kind.ENTITLEMENT: "/entitlements",
    Kind.LICENSE: "/licenses",
}

INSTANCES = "/instances"


def collection(address: Address) -> str:
    """The path that lists, and creates, objects like this one."""
    if address.license is not None:
        return grants(address.license)
    return COLLECTIONS[address.kind]


def item(address: Address) -> str:
    """The path of one object."""
    return f"{collection(address)}/{quote(address.slug, safe='')}"


def grants(license_slug: str) -> str:
    """The path of a license's grants."""
    return f"/licenses/{quote(license_slug, safe='')}/entitlements"


def usage(instance_slug: str) -> str:
    """The path of what an instance has used."""
    return f"{INSTANCES}/{quote(instance_slug, safe='')}/entitlements/usage"
