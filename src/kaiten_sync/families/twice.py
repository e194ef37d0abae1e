"""Versions that are declared by themselves and belong to a declared family. Pure.

What the declaration alone shows is found by `validate`; which family another version is of, only
the server knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaiten_sync.families.served import LiveFamily
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.resource import DesiredState

_HINT = "declare it below `families`, or its versions below `licenses`: remove one of the two"


def declared_twice(
    desired: DesiredState, families: Mapping[Address, LiveFamily]
) -> Iterator[Diagnostic]:
    """An error at both places for each such version."""
    for address, live in families.items():
        family = desired.resources[address]
        for version in (each.address for each in live.versions):
            declared = desired.resources.get(version)
            if declared is None:
                continue
            for here, message in (
                (family, f"{version} at {declared.source} is a version of it"),
                (declared, f"it is a version of {address} at {family.source}"),
            ):
                yield Diagnostic(
                    rule="family-declared-twice",
                    message=message,
                    ref=here.source,
                    address=str(here.address),
                    hint=_HINT,
                )
