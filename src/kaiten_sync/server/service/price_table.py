"""Use case of the pricing table: what each license grants of each entitlement, side by side.

Laid out as the command line lays out its table (ADR 40).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.group import GROUP
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.model.address import Address
from kaiten_sync.model.value import Json
from kaiten_sync.pricing import PriceTable, table_of_catalog
from kaiten_sync.server.db import entitlements, groups, holders
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.service.previews import terms_of
from kaiten_sync.server.service.work import Work


def price_table(work: Work, licenses: Sequence[LicenseRow]) -> PriceTable:
    """The table of these licenses, in their order."""
    resources: dict[Address, Mapping[str, Json]] = {}
    granted = holders.grants_of(work.connection, [row.id for row in licenses])
    for row in licenses:
        column = Address(LICENSE.kind, row.slug)
        resources[column] = {"name": row.name}
        for each in granted[row.id]:
            resources[Address(GRANT.kind, each.entitlement_slug, column)] = terms_of(each).fields
    ids = {each.entitlement_id for rows in granted.values() for each in rows}
    members = groups.groups_of(work.connection, ids)
    for entitlement in entitlements.entitlements_by_id(work.connection, ids):
        found = sorted(members.get(entitlement.id, ()), key=lambda group: group.slug)
        for group in found:
            resources[Address(GROUP.kind, group.slug)] = {"name": group.name}
        fields: dict[str, Any] = {
            "name": entitlement.name,
            "unitSingular": entitlement.unit_singular,
            "unitPlural": entitlement.unit_plural,
            "groups": [group.slug for group in found],
        }
        resources[Address(ENTITLEMENT.kind, entitlement.slug)] = fields
    return table_of_catalog(resources)
