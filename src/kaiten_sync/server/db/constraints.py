"""Finds the constraint that a write broke: a lost race gets the code of a plain conflict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from kaiten_sync.server.domain.refusals import RefusalError

GROUP_SLUG = "uq_entitlement_group_organisation_id_slug"
ENTITLEMENT_SLUG = "uq_entitlement_organisation_id_slug"
LICENSE_SLUG = "uq_license_organisation_id_slug"
FAMILY_SLUG = "uq_license_family_organisation_id_slug"
FAMILY_DEFAULT = "uq_license_family_default"
GRANT = "uq_license_entitlement_license_id_entitlement_id"
MEMBERSHIP = "pk_entitlement_group_member"
CUSTOMER_SLUG = "uq_customer_organisation_id_slug"
INSTANCE_SLUG = "uq_instance_organisation_id_slug"
ACCOUNT_SLUG = "uq_service_account_organisation_id_slug"
TOKEN_SLUG = "uq_token_service_account_id_slug"  # noqa: S105
TOKEN_NAME = "uq_token_name_live"  # noqa: S105

GRANT_LICENSE = "fk_license_entitlement_license_id"
GRANT_ENTITLEMENT = "fk_license_entitlement_entitlement_id"
MEMBERSHIP_GROUP = "fk_entitlement_group_member_group_id"
MEMBERSHIP_ENTITLEMENT = "fk_entitlement_group_member_entitlement_id"
INSTANCE_LICENSE = "fk_instance_license_id"
USAGE_ENTITLEMENT = "fk_entitlement_usage_entitlement_id"
"""Foreign keys. Only PostgreSQL breaks them in a race: on SQLite nobody writes between the check
and the write, and its message names none."""

_SQLITE_TEXTS = {
    GROUP_SLUG: "entitlement_group.organisation_id, entitlement_group.slug",
    ENTITLEMENT_SLUG: "entitlement.organisation_id, entitlement.slug",
    LICENSE_SLUG: "license.organisation_id, license.slug",
    FAMILY_SLUG: "license_family.organisation_id, license_family.slug",
    FAMILY_DEFAULT: "UNIQUE constraint failed: license.family_id",
    GRANT: "license_entitlement.license_id, license_entitlement.entitlement_id",
    MEMBERSHIP: "entitlement_group_member.group_id, entitlement_group_member.entitlement_id",
    CUSTOMER_SLUG: "customer.organisation_id, customer.slug",
    INSTANCE_SLUG: "instance.organisation_id, instance.slug",
    ACCOUNT_SLUG: "service_account.organisation_id, service_account.slug",
    TOKEN_SLUG: "token.service_account_id, token.slug",
    TOKEN_NAME: "token.service_account_id, token.name",
}
"""SQLite names the columns and not the constraint. Each text ends its message."""


@contextmanager
def conflicts(connection: Connection, by_constraint: Mapping[str, RefusalError]) -> Iterator[None]:
    """Turns a broken constraint into the refusal for it.

    The body runs behind a savepoint: what it wrote is undone, and the transaction can go on, which
    PostgreSQL would refuse otherwise.

    Raises:
        RefusalError: one of these constraints was broken. IntegrityError: another one was.
    """
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as error:
        for name, refusal in by_constraint.items():
            if _broke(error, name):
                raise refusal from error
        raise


def _broke(error: IntegrityError, name: str) -> bool:
    cause: Any = error.orig
    diagnostics = getattr(cause, "diag", None)  # of psycopg; SQLite has only a text
    if diagnostics is not None:
        return bool(diagnostics.constraint_name == name)
    text = _SQLITE_TEXTS.get(name)
    return text is not None and str(cause).endswith(text)
