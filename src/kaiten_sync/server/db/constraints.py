"""Which rule of the schema a write broke, so that a lost race gets the code of a plain conflict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from kaiten_sync.server.domain.refusals import RefusalError

GROUP_SLUG = "uq_entitlement_group_organisation_id_slug"
ENTITLEMENT_SLUG = "uq_entitlement_organisation_id_slug"
LICENSE_SLUG = "uq_license_organisation_id_slug"
FAMILY_SLUG = "uq_license_family_organisation_id_slug"
FAMILY_DEFAULT = "uq_license_family_default"
GRANT = "uq_license_entitlement_license_id_entitlement_id"
MEMBERSHIP = "pk_entitlement_group_member"

_SQLITE_TEXTS = {
    GROUP_SLUG: "entitlement_group.organisation_id, entitlement_group.slug",
    ENTITLEMENT_SLUG: "entitlement.organisation_id, entitlement.slug",
    LICENSE_SLUG: "license.organisation_id, license.slug",
    FAMILY_SLUG: "license_family.organisation_id, license_family.slug",
    FAMILY_DEFAULT: "UNIQUE constraint failed: license.family_id",
    GRANT: "license_entitlement.license_id, license_entitlement.entitlement_id",
    MEMBERSHIP: "entitlement_group_member.group_id, entitlement_group_member.entitlement_id",
}
"""SQLite names the columns and not the constraint. Each text ends its message."""


@contextmanager
def conflicts(by_constraint: Mapping[str, RefusalError]) -> Iterator[None]:
    """Turns a broken constraint into the refusal that stands for it.

    Raises:
        RefusalError: one of these constraints was broken. IntegrityError: another one was.
    """
    try:
        yield
    except IntegrityError as error:
        for name, refusal in by_constraint.items():
            if _broke(error, name):
                raise refusal from error
        raise


def _broke(error: IntegrityError, name: str) -> bool:
    message = str(error.orig)
    return message.endswith(_SQLITE_TEXTS[name]) or f'"{name}"' in message
