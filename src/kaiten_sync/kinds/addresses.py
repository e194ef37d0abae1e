"""Addresses of registered kinds: read from text, and made from slugs."""

from __future__ import annotations

from sys import intern

from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.registry import SPECS
from kaiten_sync.model.address import Address, is_slug


def parse_address(text: str) -> Address:
    """Read an address as `str()` writes it.

    Raises:
        ValueError: the text is not an address, or one that no server could have.
    """
    words = text.split("/")
    address: Address | None = None
    for word, slug in zip(words[::2], words[1::2], strict=False):
        spec = SPECS.get(word)
        parent = None if address is None else address.kind
        if spec is None or not spec.fits_below(parent) or not is_slug(slug):
            address = None
            break
        address = Address(spec.kind, intern(slug), address)  # most slugs are those of many
    if address is None or len(words) % 2:
        raise ValueError(f"not an address: {text!r}")
    return address


def license_address(slug: str) -> Address:
    """Address of a license version."""
    return Address(LICENSE.kind, slug)


def grant_address(license_slug: str, entitlement_slug: str) -> Address:
    """Address of the grant of one entitlement by one license."""
    return Address(GRANT.kind, entitlement_slug, license_address(license_slug))
