"""What a license's fields mean, alone and within its family. Source: API facts, section 2.4."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic, Severity

_MOST_DIGITS = 18
"""Of a version's number. A longer one is a mistake that another rule names."""

_UNPUBLISHED = frozenset({"DRAFT", "ARCHIVED"})


def license_diagnostics(licenses: Sequence[Declared], _view: CatalogView) -> Iterator[Diagnostic]:
    """Fields of licenses that contradict each other."""
    defaults: dict[str, Declared] = {}
    for declared in licenses:
        # Servers with families number versions; those without have `isActive` and no families.
        is_older_server = declared.is_set("isActive")
        if declared.is_set("version") and not declared.is_set("familySlug") and not is_older_server:
            yield declared.diagnostic(
                "version-without-family",
                "the server numbers the versions of a family, and this license names none",
                at="version",
                hint="remove `version`, or say with `familySlug` which family's version it is",
            )
        if declared.scalar("isDefault") is True:
            state = declared.scalar("lifecycleState")
            if state in _UNPUBLISHED:
                yield declared.diagnostic(
                    "default-not-published",
                    f"a family's default is published, and this license is {state}",
                    at="isDefault",
                    hint="remove `isDefault`, or make it PUBLISHED",
                )
            family = _family(declared)
            first = defaults.setdefault(family, declared)
            if first is not declared:
                yield declared.diagnostic(
                    "several-defaults",
                    f"the family '{family}' has another default: {first.address} at"
                    f" {first.entry.key_ref}",
                    at="isDefault",
                    hint="a family has one default: remove one of the two",
                )


def moving_versions(licenses: Sequence[Declared], view: CatalogView) -> Iterator[Diagnostic]:
    """Old and archived versions that somebody bought, and that change with what they extend."""
    through = {
        each.address.parent: each.entry.key_ref.through[0]
        for each in view.objects.values()
        if each.entry.key_ref.through
    }
    families: dict[str, list[Declared]] = defaultdict(list)
    for declared in licenses:
        families[_family(declared)].append(declared)
    for family, versions in families.items():
        newest = _by_age(family, versions)[-1]
        for old in versions:
            is_retired = old.scalar("lifecycleState") == "ARCHIVED"
            is_old = is_retired or old is not newest
            if not is_old or old.address not in through or old.scalar("protect") is True:
                continue
            why = (
                "archived"
                if is_retired
                else f"not the newest version of its family ({newest.address} is)"
            )
            diagnostic = old.diagnostic(
                "old-version-inherits",
                f"this is {why}, and its grants change whenever '{through[old.address]}' does",
                at="extends",
                hint=f"write its grants out with `kaiten-sync freeze {old.address.slug}`, or"
                " declare `protect: true`",
            )
            yield diagnostic.changed(severity=Severity.WARNING)


def _by_age(family: str, versions: Sequence[Declared]) -> list[Declared]:
    """Oldest first, as plans create them: the family's opener, and the others by their numbers.

    One without a number follows the one that is declared before it.
    """
    # As the server will number them: it counts on from the newest, and reuses no number.
    latest = 0
    ages: dict[int, tuple[bool, int]] = {}
    ordered = sorted(versions, key=lambda each: each.entry.key_ref.place)
    for place, declared in enumerate(ordered):
        number = str(declared.scalar("version"))
        is_number = number.isdecimal() and len(number) <= _MOST_DIGITS
        latest = int(number) if is_number else latest
        ages[place] = (declared.address.slug != family, latest)
    return [ordered[place] for place in sorted(ages, key=ages.__getitem__)]


def _family(declared: Declared) -> str:
    """A license without a family opens one with its own slug."""
    family = declared.scalar("familySlug")
    return family if isinstance(family, str) else declared.address.slug
