"""What a plan does about a family as its document and back."""

from __future__ import annotations

from kaiten_sync.documents import property_of, value_of
from kaiten_sync.documents.plan import FamilyDocument
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.kinds.registry import SPECS
from kaiten_sync.model.address import is_slug
from kaiten_sync.model.family import FamilyChoice


def family_document(choice: FamilyChoice) -> FamilyDocument:
    """The document that describes a choice."""
    return FamilyDocument(
        address=str(choice.address),
        way=choice.way,
        reason=choice.reason,
        serves=property_of(choice.serves, absent=None),
        version=property_of(choice.version, absent=None),
        effect=property_of(choice.effect, absent=None),
        holders=property_of(choice.holders, absent=None),
    )


def family_of(document: FamilyDocument) -> FamilyChoice:
    """The choice that a document describes.

    Raises:
        ValueError: it is not of a family, or names an impossible version.
    """
    address = parse_address(document.address)
    slugs = (value_of(document.serves, absent=None), value_of(document.version, absent=None))
    if not SPECS[address.kind].versions:
        raise ValueError(f"{address} is not a family")
    if not all(slug is None or is_slug(slug) for slug in slugs):
        raise ValueError(f"{address} has a version with an impossible slug")
    return FamilyChoice(
        address=address,
        way=document.way,
        reason=document.reason,
        serves=slugs[0],
        version=slugs[1],
        effect=value_of(document.effect, absent=None),
        holders=value_of(document.holders, absent=None),
    )
