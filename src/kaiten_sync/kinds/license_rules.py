"""What a license's fields mean, alone and within its family. Source: API facts, section 2.4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic

_UNPUBLISHED = frozenset({"DRAFT", "ARCHIVED"})


def license_diagnostics(licenses: Sequence[Declared], _view: CatalogView) -> Iterator[Diagnostic]:
    """Fields of licenses that contradict each other."""
    defaults: dict[str, Declared] = {}
    for declared in licenses:
        yield from _version_diagnostics(declared)
        if declared.scalar("isDefault") is True:
            yield from _default_diagnostics(declared, defaults)


def _version_diagnostics(declared: Declared) -> Iterator[Diagnostic]:
    """Servers with families number versions; those without have `isActive` and no families."""
    is_older_server = declared.is_set("isActive")
    if declared.is_set("version") and not declared.is_set("familySlug") and not is_older_server:
        yield declared.diagnostic(
            "version-without-family",
            "the server numbers the versions of a family, and this license names none",
            at="version",
            hint="remove `version`, or say with `familySlug` which family's version it is",
        )


def _default_diagnostics(declared: Declared, defaults: dict[str, Declared]) -> Iterator[Diagnostic]:
    state = declared.scalar("lifecycleState")
    if state in _UNPUBLISHED:
        yield declared.diagnostic(
            "default-not-published",
            f"a family's default is published, and this license is {state}",
            at="isDefault",
            hint="remove `isDefault`, or make it PUBLISHED",
        )
    # A license without a family opens one with its own slug.
    named = declared.scalar("familySlug")
    family = named if isinstance(named, str) else declared.address.slug
    first = defaults.setdefault(family, declared)
    if first is not declared:
        yield declared.diagnostic(
            "several-defaults",
            f"the family '{family}' has another default: {first.address} at {first.entry.key_ref}",
            at="isDefault",
            hint="a family has one default: remove one of the two",
        )
