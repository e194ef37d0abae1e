"""Use cases of looking ahead: what other grants would do to whoever has a license.

Changes are judged by the rules with which plans are judged before they are merged (ADR 40).
Nothing is written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kaiten_sync.effects import changed_fields, worst
from kaiten_sync.impact import Asking, affected_grant, change_impacts
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.values import normal_value
from kaiten_sync.licensing import UNCAPPED
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Affected, ChangeImpact, HolderImpact, Standing
from kaiten_sync.model.value import Json
from kaiten_sync.server.db import holders, saturation
from kaiten_sync.server.db.grants import NamedGrant
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.service.usage import reading_of
from kaiten_sync.server.service.work import Work

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTerms:
    """What a grant says: its tagged value, and its overage if it is a number."""

    value: Mapping[str, Any]
    overage_percent: int | None

    @property
    def fields(self) -> dict[str, Json]:
        """The same as a declaration in git has it."""
        said: dict[str, Json] = {
            "value": self.value["value"],
            "overagePercent": self.overage_percent,
        }
        return {
            name: normal_value(GRANT.fields[name], value)
            for name, value in said.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedGrant:
    """Another grant of an entitlement. A side is None if nothing is granted there."""

    entitlement_slug: str
    entitlement_name: str
    before: GrantTerms | None
    after: GrantTerms | None
    unit_singular: str | None = None
    unit_plural: str | None = None

    @property
    def action(self) -> Action:
        """What would be done."""
        if self.before is None:
            return Action.CREATE
        return Action.DELETE if self.after is None else Action.UPDATE


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedGrant:
    """A proposed grant, and what it does. `impact` is None if it takes nothing from anybody."""

    proposed: ProposedGrant
    effect: Effect
    impact: ChangeImpact | None

    def count(self, standing: str) -> int:
        """How many holders would be in a standing, such as `over`."""
        return self.impact.standings[Standing(standing)] if self.impact else 0

    @property
    def hit(self) -> Sequence[HolderImpact]:
        """The holders who would be over, near, or lose something, the worst off first."""
        hit = (Standing.OVER, Standing.NEAR, Standing.LOSES, Standing.UNKNOWN)
        found = self.impact.looked_at if self.impact else ()
        return [each for each in found if each.standing in hit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What proposed grants would do to the holders of a license."""

    license: LicenseRow
    holders: Sequence[str]
    grants: Sequence[PreviewedGrant]

    @property
    def over(self) -> frozenset[str]:
        """The instances that would be over any maximum, by slug."""
        return self._holders_in(Standing.OVER)

    @property
    def losing(self) -> frozenset[str]:
        """The instances that would lose something, by slug."""
        return self._holders_in(Standing.LOSES)

    def _holders_in(self, standing: Standing) -> frozenset[str]:
        return frozenset(
            holder.instance
            for each in self.grants
            if each.impact is not None
            for holder in each.impact.looked_at
            if holder.standing is standing
        )

    def count(self, effect: str) -> int:
        """How many of the grants have an effect, such as `tightens`."""
        return sum(each.effect == effect for each in self.grants)


def terms_of(row: NamedGrant) -> GrantTerms:
    """What is granted now."""
    return GrantTerms(value=row.value, overage_percent=row.overage_percent)


def proposed_move(
    granted: Iterable[NamedGrant], other: Iterable[NamedGrant]
) -> list[ProposedGrant]:
    """What is granted differently to whoever moves from a license with these grants to another."""
    sides = [{row.entitlement_slug: row for row in rows} for rows in (granted, other)]
    rows = {row.entitlement_slug: row for side in sides for row in side.values()}
    before, after = ({slug: terms_of(row) for slug, row in side.items()} for side in sides)
    return [
        ProposedGrant(
            entitlement_slug=slug,
            entitlement_name=row.entitlement_name,
            before=before.get(slug),
            after=after.get(slug),
            unit_singular=row.unit_singular,
            unit_plural=row.unit_plural,
        )
        for slug, row in sorted(rows.items())
        if before.get(slug) != after.get(slug)
    ]


def preview(work: Work, license_row: LicenseRow, proposed: Sequence[ProposedGrant]) -> Preview:
    """What these grants would do to all who have the license now, in the same order."""
    changes = [_change(license_row.slug, each) for each in proposed]
    affected = [
        affected_grant(change, each.before.fields if each.before else {})
        for change, each in zip(changes, proposed, strict=True)
    ]
    found = holders.holders_of(work.connection, license_row.id)
    impacts = _impacts(work, license_row, found, [each for each in affected if each])
    return Preview(
        license=license_row,
        holders=[row.slug for row in found],
        grants=[
            PreviewedGrant(proposed=each, effect=change.effect, impact=impacts.get(change.address))
            for change, each in zip(changes, proposed, strict=True)
        ],
    )


def _change(license_slug: str, proposed: ProposedGrant) -> Change:
    holder = Address(LICENSE.kind, license_slug)
    address = Address(GRANT.kind, proposed.entitlement_slug, holder)
    before, after = (side.fields if side else {} for side in (proposed.before, proposed.after))
    fields = changed_fields(GRANT, before, after) if before and after else ()
    match proposed.action:
        case Action.CREATE:
            effect = GRANT.created
        case Action.DELETE:
            effect = GRANT.deleted
        case _:
            effect = worst(each.effect for each in fields)
    return Change(
        address=address,
        action=proposed.action,
        fields=fields,
        effect=effect,
    )


def _impacts(
    work: Work,
    license_row: LicenseRow,
    found: Sequence[holders.Holder],
    affected: Sequence[Affected],
) -> dict[Address, ChangeImpact]:
    instances = tuple(
        Instance(slug=row.slug, name=row.name, license=license_row.slug, customer=row.customer_slug)
        for row in found
    )
    metered = [each.address.slug for each in affected if each.is_metered]
    usage: dict[str, list[Usage]] = {each.slug: [] for each in instances} if metered else {}
    for row in saturation.usage_of_license(work.connection, license_row.id, metered):
        of_instance = usage.setdefault(row.instance_slug, [])
        reading = reading_of(row, row, work.now_ms)
        if reading is None or row.limit["type"] != "number":
            continue  # it cannot be metered
        threshold, window = row.limit["value"], reading.window
        of_instance.append(
            Usage(
                entitlement=row.entitlement_slug,
                value=reading.counter.value,
                reports=reading.counter.event_count,
                limit=math.inf if threshold == UNCAPPED else float(threshold),
                period_start=_moment(window.start_ms) if window else None,
                period_end=_moment(window.end_ms) if window else None,
            )
        )
    asking = Asking(holders={license_row.slug: instances}, asked=tuple(usage), sample=None)
    judged = change_impacts(affected, asking, usage, _moment(work.now_ms))
    return {each.affected.address: each for each in judged}


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
