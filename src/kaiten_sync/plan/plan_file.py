"""The plan file: canonical JSON, sealed by a digest, trusted for nothing until it is checked."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from kaiten_sync.errors import PlanFileError
from kaiten_sync.model.address import Address
from kaiten_sync.model.canonical import digest
from kaiten_sync.model.change import Change, FieldChange, InnerChange
from kaiten_sync.model.plan import FORMAT_VERSION, Guards, Observed, Plan, TargetRef
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent, Json
from kaiten_sync.plan.plan_decode import plan_from_json

SIZE_LIMIT_BYTES = 256 * 1024 * 1024
"""A plan of 100,000 changes is some 60 MB; beyond this it is no plan that anyone reviews."""


def seal(plan: Plan) -> Plan:
    """The plan with the digest of all the rest of it."""
    return replace(plan, digest=_digest_of(plan_to_json(plan)))


def write_plan(plan: Plan) -> bytes:
    """The plan as a file: sorted keys, two spaces, one line feed at the end."""
    text = json.dumps(plan_to_json(plan), sort_keys=True, ensure_ascii=False, indent=2)
    return text.encode() + b"\n"


def plan_to_json(plan: Plan) -> dict[str, Json]:
    """The plan as JSON. Absent fields are left out; null stays null."""
    return {
        "formatVersion": plan.format_version,
        "target": {"name": plan.target.name, "url": plan.target.url},
        "desiredDigest": plan.desired_digest,
        "changes": [_change_to_json(change) for change in plan.changes],
        "observed": [_observed_to_json(observed) for observed in plan.observed],
        "managed": {str(address): mark for address, mark in plan.managed.items()},
        "summary": {
            "actions": dict(plan.summary.actions),
            "effects": dict(plan.summary.effects),
            "unchanged": plan.summary.unchanged,
            "unmanaged": plan.summary.unmanaged,
        },
        "requests": plan.requests,
        "guards": _guards_to_json(plan.guards),
        "warnings": list(plan.warnings),
        "digest": plan.digest,
    }


def read_plan(content: bytes) -> Plan:
    """Read and check a plan file's seal.

    Raises:
        PlanFileError: not a plan, edited by hand, or of another format version.
    """
    document = _parse(content)
    version = document.get("formatVersion")
    if version != FORMAT_VERSION:
        raise PlanFileError(
            f"this plan has format version {_short(version)}; this program knows {FORMAT_VERSION}",
            hint="make the plan again with this version of kaiten-sync",
        )
    if document.get("digest") != _digest_of(document):
        raise PlanFileError(
            "this plan was changed after it was made: its digest does not match",
            hint="make the plan again; a plan is never edited by hand",
        )
    try:
        return plan_from_json(document)
    except (TypeError, ValueError) as error:
        raise PlanFileError(f"this is no plan that kaiten-sync made ({error})") from error


def check_target(plan: Plan, target: TargetRef) -> None:
    """Make sure that a plan is for this target.

    Raises:
        PlanFileError: it names another.
    """
    if plan.target != target:
        raise PlanFileError(
            f"this plan is for {plan.target.name} at {plan.target.url},"
            f" not for {target.name} at {target.url}",
            hint=f"make a plan for {target.name}, or choose the target with -t",
        )


def _digest_of(document: Mapping[str, Json]) -> str:
    return digest({key: value for key, value in document.items() if key != "digest"})


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > SIZE_LIMIT_BYTES:
        raise PlanFileError("this plan file is larger than 256 MiB")
    try:
        document = json.loads(
            content.decode(),
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise PlanFileError(f"this is no plan file: {error}") from error
    if not isinstance(document, dict):
        raise PlanFileError("this is no plan file: not a JSON object")
    return document


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _guards_to_json(guards: Guards) -> dict[str, Json]:
    return {
        "maxDeletes": guards.max_deletes.value,
        "maxUpdates": guards.max_updates.value,
        "population": {str(kind): count for kind, count in guards.population.items()},
        "protected": _addresses_to_json(guards.protected),
        "allowed": _addresses_to_json(guards.allowed),
    }


def _addresses_to_json(addresses: Collection[Address]) -> list[Json]:
    return [str(address) for address in sorted(addresses, key=lambda each: each.sort_key)]


def _change_to_json(change: Change) -> dict[str, Json]:
    return {
        "id": change.id,
        "address": str(change.address),
        "action": str(change.action),
        "effect": str(change.effect),
        "fields": [_field_to_json(field) for field in change.fields],
        "dependsOn": list(change.depends_on),
        **_optional("source", _source_to_json(change.source)),
        **_optional("reason", change.reason),
    }


def _field_to_json(field: FieldChange) -> dict[str, Json]:
    return {
        "name": field.name,
        "effect": str(field.effect),
        **_present("before", field.before),
        **_present("after", field.after),
        **_optional("source", _source_to_json(field.source)),
        **_optional("inner", [_inner_to_json(inner) for inner in field.inner] or None),
    }


def _inner_to_json(inner: InnerChange) -> dict[str, Json]:
    return {
        "path": inner.path,
        **_present("before", inner.before),
        **_present("after", inner.after),
    }


def _observed_to_json(observed: Observed) -> dict[str, Json]:
    if observed.fields is None:
        return {"address": str(observed.address), "exists": False}
    return {
        "address": str(observed.address),
        "exists": True,
        "id": observed.id,
        "fields": dict(observed.fields),
        "fingerprint": observed.fingerprint,
        **({"unheld": True} if observed.unheld else {}),
    }


def _source_to_json(source: SourceRef | None) -> Json:
    return None if source is None else {"file": source.file, "line": source.line}


def _present(key: str, value: Json | Absent) -> dict[str, Json]:
    return {} if value is ABSENT else {key: value}


def _optional(key: str, value: Json) -> dict[str, Json]:
    return {} if value is None else {key: value}


def _short(value: object) -> str:
    return repr(value)[:40]
