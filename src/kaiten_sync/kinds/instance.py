"""Instances of customers. No catalog declares them; a migration moves them between versions.

Source: API facts, section 2.6.
"""

from __future__ import annotations

from typing import Any

from kaiten_sync.kinds.spec import FieldSpec, FieldType, KindSpec, Mutability, Reference
from kaiten_sync.model.address import Address, Kind, is_slug
from kaiten_sync.model.canonical import fingerprint
from kaiten_sync.model.change import Action
from kaiten_sync.model.resource import LiveResource

MOVE = Action("move")
"""Gives an instance another version of its license's family, and leaves all else as it is."""

FAMILY = "familySlug"
STATE = "lifecycleState"
"""The fields of a version that a migration binds itself to: whose it is, and if it is given."""

HELD = "license"
"""The field with the version that an instance holds."""

KEPT = ("startLicenseDate", "endLicenseDate", "metadata")
"""The fields that a migration binds itself to, apart from the version."""


METADATA = "metadataValues"
"""The metadata themselves, for expressions. They may hold what belongs in no plan file."""


def mark_metadata(fields: dict[str, Any]) -> None:
    """Keep only a fingerprint of the metadata where a plan file has them."""
    # Whether they changed is all that a migration has to know.
    fields["metadata"] = fingerprint(fields.get("metadata") or {})


INSTANCE = KindSpec(
    kind=Kind("instance", level=4),
    section="instances",
    path="/instances",
    plural="instances",
    after_read=mark_metadata,
    keys=(
        FieldSpec(name="name"),
        # The API insists on the property, and answers without it if it is empty.
        FieldSpec(name="description", filler=""),
        # Written by id and read by slug, so a PUT has to take the id from the answer itself.
        FieldSpec(name="customer", wire="customerId", read="customerSlug"),
        FieldSpec(
            name=HELD,
            wire="licenseId",
            read="licenseSlug",
            type=FieldType.SLUG,
            is_required=True,
            refers_to=Reference(kind="license"),
        ),
        FieldSpec(name="startLicenseDate", is_required=True),
        FieldSpec(name="endLicenseDate", is_required=True),
        # The server keeps the zone of an instance if a PUT leaves it out, and replaces metadata.
        FieldSpec(name="deploymentZone", wire="deploymentZoneId", read="deploymentZoneSlug"),
        FieldSpec(name="metadata", type=FieldType.JSON, mutability=Mutability.MUTABLE),
        FieldSpec(name=METADATA, wire="metadata", read="metadata", type=FieldType.JSON),
    ),
)
"""A PUT repeats all of it. Integrations have requests of their own."""


def owned_by(instance: LiveResource) -> str | None:
    """Whose an instance is, for people; None if it has no customer."""
    customer = instance.fields.get("customer")
    return f"of {customer}" if customer else None


def instance_address(slug: str) -> Address:
    """Address of a customer's instance."""
    return Address(INSTANCE.kind, slug)


def parse_instance(text: str) -> Address:
    """Read the address of an instance as `str()` writes it.

    Raises:
        ValueError: the text is something else.
    """
    word, slash, slug = text.partition("/")
    if word != INSTANCE.kind or not slash or not is_slug(slug):
        raise ValueError(f"not the address of an instance, such as instance/acme: {text!r}")
    return instance_address(slug)
