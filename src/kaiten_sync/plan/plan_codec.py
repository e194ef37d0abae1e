"""A plan as its document and back. What the document's types cannot say is checked here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from kaiten_sync.documents import property_of, to_json, to_parts, value_of
from kaiten_sync.documents.parts import (
    DIGEST_PATTERN,
    FINGERPRINT_PATTERN,
    source_document,
    target_document,
)
from kaiten_sync.documents.plan import (
    ChangeDocument,
    FieldDocument,
    GuardsDocument,
    InnerDocument,
    LeftDocument,
    NewVersionDocument,
    ObservedDocument,
    PlanDocument,
    SummaryDocument,
    VersionChangeDocument,
)
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.kinds.registry import SPECS, all_actions
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.canonical import Entries, Parts
from kaiten_sync.model.change import Change, Effect, FieldChange, changed_again
from kaiten_sync.model.managed import Managed, marks_by_text
from kaiten_sync.model.plan import (
    Guards,
    Left,
    NewVersion,
    Observed,
    ObservedObjects,
    Plan,
    Summary,
    TargetRef,
    VersionChange,
)
from kaiten_sync.model.settings import parse_limit
from kaiten_sync.model.value import NO_UNIT
from kaiten_sync.plan.family_codec import family_document, family_of
from kaiten_sync.plan.parts import at as _at
from kaiten_sync.plan.parts import each_of as _each
from kaiten_sync.plan.read_parts import PartReader, field_of
from kaiten_sync.plan.story import check_story


def plan_parts(plan: Plan) -> Parts:
    """The document that describes a plan, as JSON.

    Its long lists are made while they are read: together their items take as much memory as a plan.
    """
    return {
        **to_parts(_frame(plan)),
        "changes": map(to_json, map(_change_document, plan.changes)),
        "observed": map(to_json, map(_observed_document, plan.observed)),
        "managed": Entries(marks_by_text(plan.managed)),
    }


def _frame(plan: Plan) -> PlanDocument:
    """The document without what a plan has for each object."""
    return PlanDocument(
        format_version=1,
        target=target_document(plan.target),
        desired_digest=plan.desired_digest,
        changes=(),
        observed=(),
        managed={},
        summary=SummaryDocument(
            actions=dict(plan.summary.actions),
            effects={Effect(effect): count for effect, count in plan.summary.effects.items()},
            unchanged=plan.summary.unchanged,
            unmanaged=plan.summary.unmanaged,
        ),
        requests=plan.requests,
        guards=GuardsDocument(
            max_deletes=plan.guards.max_deletes.value,
            max_updates=plan.guards.max_updates.value,
            population={str(kind): count for kind, count in plan.guards.population.items()},
            protected=_sorted_texts(plan.guards.protected),
            allowed=_sorted_texts(plan.guards.allowed),
            rules=property_of(plan.guards.rules, absent=None),
        ),
        warnings=plan.warnings,
        # Later properties are left out where they are empty: a plan without them has the bytes,
        # and so the digest, that it had before there were any.
        left=property_of(
            tuple(
                LeftDocument(
                    address=str(left.address),
                    fields=dict(left.fields),
                    reason=left.reason,
                    is_drift=left.is_drift,
                    unit=property_of(None if left.unit == NO_UNIT else left.unit, absent=None),
                )
                for left in plan.left
            )
            or None,
            absent=None,
        ),
        families=property_of(tuple(map(family_document, plan.families)) or None, absent=None),
        new_versions=property_of(
            tuple(map(_new_version_document, plan.new_versions)) or None, absent=None
        ),
        reverts=property_of(
            None if plan.reverts is None else tuple(map(str, plan.reverts)), absent=None
        ),
        digest=plan.digest,
    )


def plan_of_document(document: PlanDocument) -> Plan:
    """The plan that a document describes. Raises as `plan_of` does."""
    reader = PartReader()
    changes = _each(reader.change, document.changes, "changes")
    observed = ObservedObjects(_each(reader.observed, document.observed, "observed"))
    marks = (
        (_at("managed", reader.address, key), _at(f"managed.{key}", fingerprint_of, mark))
        for key, mark in document.managed.items()
    )
    return plan_of(document, changes, observed, Managed(marks))


def plan_of(
    document: PlanDocument,
    changes: tuple[Change, ...],
    observed: ObservedObjects,
    managed: Managed,
) -> Plan:
    """The plan that a document describes, with these in place of its changes and what follows them.

    Raises:
        ValueError: its parts contradict each other or the catalog's kinds.
    """
    _check_links(changes)
    check_story(changes, observed)
    return Plan(
        target=TargetRef(document.target.name, document.target.url),
        desired_digest=_at("desiredDigest", _DIGEST, document.desired_digest),
        changes=changes,
        observed=observed,
        managed=managed,
        summary=Summary(
            actions={
                _at("summary.actions", _known_action, action): count
                for action, count in document.summary.actions.items()
            },
            effects={effect.value: count for effect, count in document.summary.effects.items()},
            unchanged=document.summary.unchanged,
            unmanaged=document.summary.unmanaged,
        ),
        requests=document.requests,
        guards=_guards(document.guards),
        warnings=document.warnings,
        left=_each(_left, value_of(document.left, absent=None) or (), "left"),
        families=_each(family_of, value_of(document.families, absent=None) or (), "families"),
        new_versions=_each(
            _new_version, value_of(document.new_versions, absent=None) or (), "newVersions"
        ),
        reverts=_reverts(value_of(document.reverts, absent=None)),
        digest=document.digest,
    )


def _reverts(named: tuple[str, ...] | None) -> tuple[Address, ...] | None:
    return None if named is None else _each(parse_address, named, "reverts")


def _guards(guards: GuardsDocument) -> Guards:
    found: str | None = value_of(guards.rules, absent=None)
    return Guards(
        max_deletes=_at("guards.maxDeletes", parse_limit, guards.max_deletes),
        max_updates=_at("guards.maxUpdates", parse_limit, guards.max_updates),
        population={
            _at("guards.population", _kind, kind): count
            for kind, count in guards.population.items()
        },
        protected=frozenset(_each(parse_address, guards.protected, "guards.protected")),
        allowed=frozenset(_each(parse_address, guards.allowed, "guards.allowed")),
        rules=None if found is None else _at("guards.rules", _DIGEST, found),
    )


def _sorted_texts(addresses: Collection[Address]) -> tuple[str, ...]:
    return tuple(str(address) for address in sorted(addresses, key=lambda each: each.sort_key))


def _change_document(change: Change) -> ChangeDocument:
    return ChangeDocument(
        id=change.id,
        address=str(change.address),
        action=str(change.action),
        effect=change.effect,
        fields=tuple(_field_document(field) for field in change.fields),
        depends_on=change.depends_on,
        source=property_of(source_document(change.source), absent=None),
        reason=property_of(change.reason, absent=None),
        declared_as=property_of(
            None if change.declared_as is None else str(change.declared_as), absent=None
        ),
    )


def _field_document(field: FieldChange) -> FieldDocument:
    inner = tuple(
        InnerDocument(path=i.path, before=property_of(i.before), after=property_of(i.after))
        for i in field.inner
    )
    return FieldDocument(
        name=field.name,
        effect=field.effect,
        before=property_of(field.before),
        after=property_of(field.after),
        source=property_of(source_document(field.source), absent=None),
        inner=property_of(inner or None, absent=None),
    )


def _observed_document(observed: Observed) -> ObservedDocument:
    if observed.fields is None:
        return ObservedDocument(address=str(observed.address), exists=False)
    return ObservedDocument(
        address=str(observed.address),
        exists=True,
        id=observed.id,
        fields=dict(observed.fields),
        fingerprint=observed.fingerprint or "",
        unheld=property_of(observed.unheld or None, absent=None),
        unused=property_of(observed.unused or None, absent=None),
    )


def _left(document: LeftDocument) -> Left:
    address = parse_address(document.address)
    if not document.fields.keys() <= SPECS[address.kind].fields.keys():
        raise ValueError(f"{address} has no such field")
    return Left(
        address=address,
        fields=document.fields,
        reason=document.reason,
        is_drift=document.is_drift,
        unit=value_of(document.unit, absent=None) or NO_UNIT,
    )


def _new_version_document(version: NewVersion) -> NewVersionDocument:
    return NewVersionDocument(
        address=str(version.address),
        replaces=str(version.replaces),
        changes=tuple(
            VersionChangeDocument(
                address=str(each.address),
                effect=each.effect,
                fields=tuple(map(_field_document, each.fields)),
            )
            for each in version.changes
        ),
        unchanged=version.unchanged,
    )


def _new_version(document: NewVersionDocument) -> NewVersion:
    changes = []
    for each in document.changes:
        address = parse_address(each.address)
        fields = tuple(field_of(address, field) for field in each.fields)
        changes.append(VersionChange(address=address, fields=fields, effect=each.effect))
    return NewVersion(
        address=parse_address(document.address),
        replaces=parse_address(document.replaces),
        changes=tuple(changes),
        unchanged=document.unchanged,
    )


def _known_action(word: str) -> str:
    if word not in all_actions():
        raise ValueError(f"{word!r} is not an action")
    return word


def _text_like(pattern: str, what: str) -> Callable[[str], str]:
    """What reads a text that has to match a pattern as a whole."""

    def read(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"not {what}")
        return text

    return read


_DIGEST = _text_like(DIGEST_PATTERN, "a digest")
fingerprint_of = _text_like(FINGERPRINT_PATTERN, "a fingerprint")
"""Reads a fingerprint."""


def _kind(word: str) -> Kind:
    if word not in SPECS:
        raise ValueError(f"{word!r} is not a kind")
    return SPECS[word].kind


def _check_links(changes: Sequence[Change]) -> None:
    """Check that ids are unique, and that each change follows all that it depends on."""
    # The ids of all changes together would take more memory than they do.
    again = changed_again(changes)
    unmet = {each for change in changes for each in change.depends_on}
    seen: set[str] = set()
    for change in changes:
        name = change.id
        if change.address in again:
            if name in seen:
                raise ValueError(f"{name} appears twice")
            seen.add(name)
        if not unmet.isdisjoint(change.depends_on):
            raise ValueError(f"{name} comes before a change that it depends on")
        unmet.discard(name)
