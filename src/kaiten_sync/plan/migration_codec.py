"""A migration plan as its document and back, checked as a plan of the catalog is."""

from __future__ import annotations

from collections import Counter

from kaiten_sync.documents import property_of, value_of
from kaiten_sync.documents.migration import (
    MigrationDocument,
    MovedFieldDocument,
    MoveDocument,
    MoveGuardsDocument,
    MoveSummaryDocument,
    SeenDocument,
    StayingDocument,
)
from kaiten_sync.documents.parts import target_document
from kaiten_sync.kinds.addresses import license_address, parse_address
from kaiten_sync.kinds.instance import INSTANCE, MOVE, parse_instance
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import is_slug
from kaiten_sync.model.change import Change, Effect, FieldChange, change_id
from kaiten_sync.model.migration import Migration, Staying, Stays
from kaiten_sync.model.plan import Guards, Observed, Plan, Summary, TargetRef
from kaiten_sync.model.settings import Limit, parse_limit
from kaiten_sync.plan.migration_checks import check_migration
from kaiten_sync.plan.parts import at, bounded, each_of
from kaiten_sync.plan.rests_on import object_fingerprint


def migration_document(plan: Plan, migration: Migration) -> MigrationDocument:
    """The document that describes a migration plan."""
    return MigrationDocument(
        format_version=1,
        kind="migration",
        target=target_document(plan.target),
        family=migration.family,
        to=migration.to.slug,
        holders=migration.holders,
        wave=None if migration.wave is None else migration.wave.value,
        where=property_of(migration.where, absent=None),
        changes=tuple(map(_move_document, plan.changes)),
        stays=tuple(
            StayingDocument(address=str(each.address), version=each.version, why=each.why)
            for each in migration.stays
        ),
        observed=tuple(
            SeenDocument(
                address=str(each.address),
                id=each.id,
                fields=dict(each.fields or {}),
                fingerprint=each.fingerprint or "",
            )
            for each in plan.observed
        ),
        summary=MoveSummaryDocument(
            moves=len(plan.changes),
            effects={Effect(name): count for name, count in plan.summary.effects.items()},
            stays=_counts(migration),
        ),
        requests=plan.requests,
        # Without limits on deletes and updates, which a migration has none of.
        guards=MoveGuardsDocument(
            max_moves=plan.guards.max_moves.value,
            allowed=tuple(sorted(str(each) for each in plan.guards.allowed)),
            rules=property_of(plan.guards.rules, absent=None),
        ),
        warnings=plan.warnings,
        digest=plan.digest,
    )


def migration_of(document: MigrationDocument) -> Plan:
    """The plan that a document describes.

    Raises:
        ValueError: its parts contradict each other, or it does something else than move holders.
    """
    changes = each_of(_move, document.changes, "changes")
    migration = Migration(
        family=at("family", _slug, document.family),
        to=license_address(at("to", _slug, document.to)),
        holders=document.holders,
        wave=at("wave", _wave, document.wave),
        where=value_of(document.where, absent=None),
        stays=each_of(_staying, document.stays, "stays"),
    )
    plan = Plan(
        target=TargetRef(document.target.name, document.target.url),
        desired_digest="",
        changes=changes,
        observed=each_of(_seen, document.observed, "observed"),
        managed={},
        summary=Summary(
            actions={str(MOVE): document.summary.moves} if document.summary.moves else {},
            effects={effect.value: n for effect, n in document.summary.effects.items()},
            unchanged=0,
            unmanaged=0,
        ),
        requests=document.requests,
        guards=Guards(
            max_moves=at("guards.maxMoves", parse_limit, document.guards.max_moves),
            allowed=frozenset(each_of(parse_instance, document.guards.allowed, "guards.allowed")),
            rules=value_of(document.guards.rules, absent=None),
        ),
        warnings=document.warnings,
        migration=migration,
        digest=document.digest,
    )
    if document.summary.stays != _counts(migration):
        raise ValueError("summary.stays: it does not count `stays`")
    check_migration(plan, migration)
    return plan


def _counts(migration: Migration) -> dict[Stays, int]:
    counts = Counter(each.why for each in migration.stays)
    return {why: counts[why] for why in Stays if counts[why]}


def _move_document(change: Change) -> MoveDocument:
    (moved,) = change.fields
    return MoveDocument(
        id=change.id,
        address=str(change.address),
        action="move",
        effect=change.effect,
        fields=(
            MovedFieldDocument(
                name="license",
                effect=moved.effect,
                before=str(moved.before),
                after=str(moved.after),
            ),
        ),
        reason=property_of(change.reason, absent=None),
    )


def _move(document: MoveDocument) -> Change:
    (moved,) = document.fields
    address = parse_instance(document.address)
    if document.id != change_id(MOVE, address):
        raise ValueError(f"the id of {MOVE} {address} does not match")
    return Change(
        address=address,
        action=MOVE,
        fields=(
            FieldChange(
                name=moved.name,
                before=at("before", _slug, moved.before),
                after=at("after", _slug, moved.after),
                effect=moved.effect,
            ),
        ),
        effect=document.effect,
        reason=value_of(document.reason, absent=None),
    )


def _staying(document: StayingDocument) -> Staying:
    return Staying(
        address=parse_instance(document.address),
        version=_slug(document.version),
        why=document.why,
    )


def _seen(document: SeenDocument) -> Observed:
    is_instance = document.address.startswith(f"{INSTANCE.kind}/")
    address = parse_instance(document.address) if is_instance else parse_address(document.address)
    fields = at("fields", bounded, document.fields)
    if not fields.keys() <= spec_of(address.kind).fields.keys():
        raise ValueError(f"{address} has no such field")
    if document.fingerprint != object_fingerprint(document.id, fields):
        raise ValueError(f"the fingerprint of {address} does not match")
    return Observed(
        address=address, id=document.id, fields=fields, fingerprint=document.fingerprint
    )


def _slug(text: str) -> str:
    if not is_slug(text):
        raise ValueError(f"not a slug: {text!r}")
    return text


def _wave(value: int | str | None) -> Limit | None:
    wave = None if value is None else parse_limit(value)
    if wave is not None and wave.is_nothing:
        raise ValueError("a wave takes at least one holder")
    return wave
