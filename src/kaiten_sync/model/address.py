"""Addresses: the one way to name an object of the catalog, in files, plans and messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The four kinds of object, in the order in which they are created."""

    GROUP = "group"
    ENTITLEMENT = "entitlement"
    LICENSE = "license"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Address:
    """Names one object: `group/quotas`, `license/growth`, `license/growth/grant/api-calls`.

    For a grant, `slug` is the entitlement's slug and `license` the license's; otherwise
    `license` is None.
    """

    kind: Kind
    slug: str
    license: str | None = None

    def __str__(self) -> str:
        if self.kind is Kind.GRANT:
            return f"license/{self.license}/grant/{self.slug}"
        return f"{self.kind}/{self.slug}"

    @property
    def sort_key(self) -> tuple[int, str, str]:
        """Creation order first, then alphabetical."""
        return (_ORDER[self.kind], self.license or "", self.slug)

    @property
    def parent(self) -> Address | None:
        """The license that a grant belongs to; None for every other kind."""
        return None if self.license is None else license_address(self.license)


_ORDER = {kind: position for position, kind in enumerate(Kind)}


def group_address(slug: str) -> Address:
    """Address of an entitlement group."""
    return Address(Kind.GROUP, slug)


def entitlement_address(slug: str) -> Address:
    """Address of an entitlement."""
    return Address(Kind.ENTITLEMENT, slug)


def license_address(slug: str) -> Address:
    """Address of a license version."""
    return Address(Kind.LICENSE, slug)


def grant_address(license_slug: str, entitlement_slug: str) -> Address:
    """Address of the grant of one entitlement by one license."""
    return Address(Kind.GRANT, entitlement_slug, license_slug)


def parse_address(text: str) -> Address:
    """Read an address as `str()` writes it.

    Raises:
        ValueError: the text is not an address, or one that no server could have.
    """
    match text.split("/"):
        case ["license", license_slug, "grant", slug] if is_slug(license_slug) and is_slug(slug):
            return grant_address(license_slug, slug)
        case [kind, slug] if is_slug(slug) and kind in _PLAIN_KINDS:
            return Address(Kind(kind), slug)
        case _:
            raise ValueError(f"not an address: {text!r}")


def is_slug(text: str) -> bool:
    """Whether a slug from outside is harmless in a URL, a file name and a terminal.

    Wider than the API's own rule, so that odd objects of older servers can still be named.
    """
    return _SLUG.fullmatch(text) is not None


_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_PLAIN_KINDS = frozenset({Kind.GROUP, Kind.ENTITLEMENT, Kind.LICENSE})
