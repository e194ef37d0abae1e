"""Addresses that a person names, and those that can be named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.jobs.workspace import source_of
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.kinds.family import FAMILY
from kaiten_sync.kinds.instance import FAMILY as OF_FAMILY
from kaiten_sync.kinds.instance import INSTANCE, parse_instance
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.registry import SPECS
from kaiten_sync.model.address import Address
from kaiten_sync.model.settings import Project
from kaiten_sync.pipeline import load


def addresses_of(texts: Iterable[str]) -> frozenset[Address]:
    """The objects that these addresses name.

    Raises:
        ValueError: one is not an address.
    """
    return frozenset(parse_address(text) for text in texts)


def meant_address(texts: Iterable[str]) -> str | None:
    """A hint at what the first wrong text means, if only its kinds are mistyped, or at holders."""
    for text in texts:
        try:
            parse_address(text)
        except ValueError:
            if text.partition("/")[0] == INSTANCE.kind:
                return "no catalog has instances: only `kaiten-sync migrate` takes their addresses"
            words = text.split("/")
            words[::2] = [(get_close_matches(word, SPECS, n=1) or [word])[0] for word in words[::2]]
            return _unless_wrong("/".join(words))
    return None


def declared_addresses(folder: Path, project: Project) -> list[str]:
    """The addresses of what a project declares, in the order of creation; none if it is wrong."""
    try:
        return [str(address) for address in load(source_of(folder, project, ())).resources]
    except KaitenSyncError:
        return []


def declared_families(folder: Path, project: Project) -> list[str]:
    """The slugs of the license families that a project declares; none if it is wrong."""
    try:
        resources = load(source_of(folder, project, ())).resources
    except KaitenSyncError:
        return []
    kinds = (LICENSE.kind, FAMILY.kind)
    named = (each for each in resources.values() if each.address.kind in kinds)
    return sorted({str(each.fields.get(OF_FAMILY) or each.address.slug) for each in named})


def _unless_wrong(text: str) -> str | None:
    try:
        return f"did you mean '{parse_address(text)}'?"
    except ValueError:
        return None


def holders_named(texts: Sequence[str]) -> frozenset[Address]:
    """The instances that people named.

    Raises:
        ValueError: one is not the address of an instance.
    """
    return frozenset(map(parse_instance, texts))
