"""A plan file's JSON back into a plan. Strict: what is not as written by us is refused.

The digest guards against accidents and edits, not against someone who makes a new one; so
every value is checked here before anything is done with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kaiten_sync.kinds.registry import SPECS
from kaiten_sync.model.address import Address, Kind, parse_address
from kaiten_sync.model.change import (
    Action,
    Change,
    Effect,
    FieldChange,
    InnerChange,
    change_id,
)
from kaiten_sync.model.plan import Guards, Observed, Plan, Summary, TargetRef
from kaiten_sync.model.settings import parse_limit
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent, Json
from kaiten_sync.plan.rests_on import object_fingerprint
from kaiten_sync.plan.story import check_story

_PLAN_KEYS = frozenset(
    {
        "formatVersion",
        "target",
        "desiredDigest",
        "changes",
        "observed",
        "managed",
        "summary",
        "requests",
        "guards",
        "warnings",
        "digest",
    }
)


def plan_from_json(document: Mapping[str, Any]) -> Plan:
    """The plan that a document describes.

    Raises:
        ValueError: it is none; the message names the place.
    """
    _only(document, _PLAN_KEYS, "the plan")
    changes = tuple(_change(item) for item in _list(document, "changes"))
    observed = tuple(_observed(item) for item in _list(document, "observed"))
    _check_links(changes)
    check_story(changes, observed)
    return Plan(
        target=_target(_object(document, "target")),
        desired_digest=_text(document, "desiredDigest"),
        changes=changes,
        observed=observed,
        managed={_address(key): str(mark) for key, mark in _object(document, "managed").items()},
        summary=_summary(_object(document, "summary")),
        requests=_count(document, "requests"),
        guards=_guards(_object(document, "guards")),
        warnings=tuple(str(item) for item in _list(document, "warnings")),
        digest=_text(document, "digest"),
    )


def _change(item: object) -> Change:
    body = _mapping(item, "a change")
    address, action = _address(body.get("address")), Action(_text(body, "action"))
    if body.get("id") != change_id(action, address):
        raise ValueError(f"the id of {action} {address} does not fit")
    return Change(
        id=change_id(action, address),
        address=address,
        action=action,
        fields=tuple(_field(address, each) for each in _list(body, "fields")),
        effect=Effect(_text(body, "effect")),
        source=_source(body.get("source")),
        reason=_maybe_text(body.get("reason")),
        depends_on=tuple(str(each) for each in _list(body, "dependsOn")),
    )


def _check_links(changes: Sequence[Change]) -> None:
    """Ids are unique, and each change stands after all that it depends on."""
    seen: set[str] = set()
    for change in changes:
        if change.id in seen:
            raise ValueError(f"{change.id} stands in it twice")
        if not seen.issuperset(change.depends_on):
            raise ValueError(f"{change.id} stands before what it depends on")
        seen.add(change.id)


def _field(address: Address, item: object) -> FieldChange:
    body = _mapping(item, f"a field of {address}")
    name = _text(body, "name")
    if name not in SPECS[address.kind].fields:
        raise ValueError(f"{address} has no field {name!r}")
    return FieldChange(
        name=name,
        before=_present(body, "before"),
        after=_present(body, "after"),
        effect=Effect(_text(body, "effect")),
        source=_source(body.get("source")),
        inner=tuple(_inner(each) for each in body.get("inner", ())),
    )


def _inner(item: object) -> InnerChange:
    body = _mapping(item, "a change inside a value")
    return InnerChange(
        path=_text(body, "path"), before=_present(body, "before"), after=_present(body, "after")
    )


def _observed(item: object) -> Observed:
    body = _mapping(item, "an observed object")
    address = _address(body.get("address"))
    if body.get("exists") is False:
        return Observed(address=address)
    fields = _object(body, "fields")
    if not fields.keys() <= SPECS[address.kind].fields.keys():
        raise ValueError(f"{address} has no such field")
    server_id = _maybe_text(body.get("id"))
    if _text(body, "fingerprint") != object_fingerprint(server_id, fields):
        raise ValueError(f"the fingerprint of {address} does not fit")
    return Observed(
        address=address,
        id=server_id,
        fields=fields,
        fingerprint=_text(body, "fingerprint"),
        unheld=body.get("unheld", False) is True,
    )


def _guards(body: Mapping[str, Any]) -> Guards:
    population = _object(body, "population")
    return Guards(
        max_deletes=parse_limit(body.get("maxDeletes")),
        max_updates=parse_limit(body.get("maxUpdates")),
        population={Kind(key): _count(population, key) for key in population},
        protected=frozenset(_address(each) for each in _list(body, "protected")),
        allowed=frozenset(_address(each) for each in _list(body, "allowed")),
    )


def _summary(body: Mapping[str, Any]) -> Summary:
    return Summary(
        actions={str(Action(key)): int(count) for key, count in _object(body, "actions").items()},
        effects={str(Effect(key)): int(count) for key, count in _object(body, "effects").items()},
        unchanged=_count(body, "unchanged"),
        unmanaged=_count(body, "unmanaged"),
    )


def _target(body: Mapping[str, Any]) -> TargetRef:
    return TargetRef(name=_text(body, "name"), url=_text(body, "url"))


def _source(value: object) -> SourceRef | None:
    if value is None:
        return None
    body = _mapping(value, "a source")
    return SourceRef(_text(body, "file"), _count(body, "line"), 1)


def _address(value: object) -> Address:
    if not isinstance(value, str):
        raise ValueError("an address is missing")
    return parse_address(value)


def _present(body: Mapping[str, Any], key: str) -> Json | Absent:
    value: Json | Absent = body.get(key, ABSENT)
    return value


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{what} is no object")


def _object(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return _mapping(body.get(key), f"`{key}`")


def _list(body: Mapping[str, Any], key: str) -> list[Any]:
    value = body.get(key)
    if isinstance(value, list):
        return value
    raise ValueError(f"`{key}` is no list")


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if isinstance(value, str):
        return value
    raise ValueError(f"`{key}` is no text")


def _maybe_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ValueError("a text is none")


def _count(body: Mapping[str, Any], key: str) -> int:
    value = body.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"`{key}` is no count")


def _only(body: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    unknown = sorted(body.keys() - known)
    if unknown:
        raise ValueError(f"{what} has an unknown key {unknown[0]!r}")
