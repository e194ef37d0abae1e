"""A plan as its document and back. What the document's types cannot say is checked here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, partial
from sys import intern
from typing import TypeAlias

from kaiten_sync.documents import from_bytes, from_part, property_of, to_json, to_parts, value_of
from kaiten_sync.documents.parts import (
    DIGEST_PATTERN,
    FINGERPRINT_PATTERN,
    SourceDocument,
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
from kaiten_sync.kinds.registry import SPECS, action_of, all_actions
from kaiten_sync.model.address import Address, Kind, by_text
from kaiten_sync.model.canonical import Entries, Parts
from kaiten_sync.model.change import Change, Effect, FieldChange, InnerChange, change_id
from kaiten_sync.model.managed import Managed
from kaiten_sync.model.plan import (
    Guards,
    Left,
    NewVersion,
    Observed,
    Plan,
    Summary,
    TargetRef,
    VersionChange,
)
from kaiten_sync.model.settings import parse_limit
from kaiten_sync.model.source import SourceRef
from kaiten_sync.plan.family_codec import family_document, family_of
from kaiten_sync.plan.parts import at as _at
from kaiten_sync.plan.parts import bounded as _bounded
from kaiten_sync.plan.parts import each_of as _each
from kaiten_sync.plan.rests_on import object_fingerprint
from kaiten_sync.plan.story import check_story

_AddressOf: TypeAlias = Callable[[str], Address]


def plan_parts(plan: Plan) -> Parts:
    """The document that describes a plan, as JSON.

    Its long lists are made while they are read: together their items take as much memory as a plan.
    """
    return {
        **to_parts(_frame(plan)),
        "changes": map(to_json, map(_change_document, plan.changes)),
        "observed": map(to_json, map(_observed_document, plan.observed)),
        "managed": Entries((text, plan.managed[each]) for text, each in by_text(plan.managed)),
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
        digest=plan.digest,
    )


def plan_of_bytes(content: bytes) -> Plan:
    """The plan that JSON describes, read change by change; of a key that appears twice, one counts.

    Raises:
        ValueError: it does not describe one.
    """
    document, items = from_bytes(PlanDocument, content, ("changes", "observed"))
    changes = (from_part(ChangeDocument, each) for each in items["changes"])
    observed = (from_part(ObservedDocument, each) for each in items["observed"])
    return plan_of(document, changes, observed)


def plan_of(
    document: PlanDocument,
    its_changes: Iterable[ChangeDocument],
    its_observed: Iterable[ObservedDocument],
) -> Plan:
    """The plan that a document describes, with these changes and what they rest on.

    Raises:
        ValueError: its parts contradict each other or the catalog's kinds.
    """
    # The same addresses again and again, of changes, of what they rest on and of what is managed.
    address_of = cache(parse_address)
    changes = _each(partial(_change, address_of), its_changes, "changes")
    observed = _each(partial(_observed, address_of), its_observed, "observed")
    _check_links(changes)
    check_story(changes, observed)
    return Plan(
        target=TargetRef(document.target.name, document.target.url),
        desired_digest=_at("desiredDigest", _DIGEST, document.desired_digest),
        changes=changes,
        observed=observed,
        managed=Managed(
            (_at("managed", address_of, key), _at(f"managed.{key}", _FINGERPRINT, mark))
            for key, mark in document.managed.items()
        ),
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
        digest=document.digest,
    )


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
        fields = tuple(_field(address, field) for field in each.fields)
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
_FINGERPRINT = _text_like(FINGERPRINT_PATTERN, "a fingerprint")


def _kind(word: str) -> Kind:
    if word not in SPECS:
        raise ValueError(f"{word!r} is not a kind")
    return SPECS[word].kind


def _change(address_of: _AddressOf, document: ChangeDocument) -> Change:
    address = address_of(document.address)
    action = _at("action", lambda word: action_of(address.kind, word), document.action)
    declared_as = value_of(document.declared_as, absent=None)
    if document.id != change_id(action, address):
        raise ValueError(f"the id of {action} {address} does not match")
    return Change(
        id=document.id,
        address=address,
        action=action,
        fields=tuple(_field(address, each) for each in document.fields),
        effect=document.effect,
        source=_source(value_of(document.source, absent=None)),
        reason=value_of(document.reason, absent=None),
        depends_on=tuple(map(intern, document.depends_on)),
        declared_as=None if declared_as is None else address_of(declared_as),
    )


def _field(address: Address, document: FieldDocument) -> FieldChange:
    if document.name not in SPECS[address.kind].fields:
        raise ValueError(f"{address} has no field {document.name!r}")
    inner = value_of(document.inner, absent=None) or ()
    return FieldChange(
        name=document.name,
        before=_at("before", _bounded, value_of(document.before)),
        after=_at("after", _bounded, value_of(document.after)),
        effect=document.effect,
        source=_source(value_of(document.source, absent=None)),
        inner=tuple(
            InnerChange(
                path=each.path,
                before=_at("inner", _bounded, value_of(each.before)),
                after=_at("inner", _bounded, value_of(each.after)),
            )
            for each in inner
        ),
    )


def _source(document: SourceDocument | None) -> SourceRef | None:
    if document is None:
        return None
    through = value_of(document.through, absent=None) or ()
    return SourceRef(intern(document.file), document.line, 1, through)


def _observed(address_of: _AddressOf, document: ObservedDocument) -> Observed:
    address = address_of(document.address)
    if not document.exists:
        return Observed(address=address)
    server_id, fields = value_of(document.id), _at("fields", _bounded, value_of(document.fields))
    if not fields.keys() <= SPECS[address.kind].fields.keys():
        raise ValueError(f"{address} has no such field")
    if document.fingerprint != object_fingerprint(server_id, fields):
        raise ValueError(f"the fingerprint of {address} does not match")
    return Observed(
        address=address,
        id=server_id,
        fields=fields,
        fingerprint=value_of(document.fingerprint),
        unheld=document.unheld is True,
        unused=document.unused is True,
    )


def _check_links(changes: Sequence[Change]) -> None:
    """Check that ids are unique, and that each change follows all that it depends on."""
    seen: set[str] = set()
    for change in changes:
        if change.id in seen:
            raise ValueError(f"{change.id} appears twice")
        if not seen.issuperset(change.depends_on):
            raise ValueError(f"{change.id} comes before a change that it depends on")
        seen.add(change.id)
