"""The client's own JSON codec: the API's objects to catalog fields and back.

The server has its own, so that a wrong name cannot agree with itself.
Source of every name and shape: API facts, sections 2 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kaiten_sync.api.moments import zoned
from kaiten_sync.api.problems import MIXED_UP_HINT, NEWER_SERVER_HINT
from kaiten_sync.errors import ServerError
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import FieldSpec, FieldType, KindSpec, Mutability
from kaiten_sync.kinds.values import TYPE_WORDS, fits, with_defaults
from kaiten_sync.model.address import Address, is_slug
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import ABSENT, UNLIMITED, UNLIMITED_WIRE, Fields, Json

REFUSED = "ENTITLEMENT_USAGE_REPORT_REJECTED"
"""The name of the event of a report that was refused. Source: API facts, section 1.5."""

_TAGS = {int: "number", float: "number", bool: "boolean", dict: "object"}
"""The tag of a grant's value, by the type of the value."""

_CORRECT = "correct it on the server: a catalog is compared as a whole, or not at all"
"""What to do about an object that cannot be read."""

_MOST_SHOWN = 60
"""Characters of a wrong slug that are repeated."""

_UNTAGGED = object()
"""What a tagged value of an unknown shape is read as: it fits no type."""


def decode_object(kind: str, item: object, parent: Address | None = None) -> LiveResource:
    """An object as the API returns it, inside `parent` if its kind has one.

    Raises:
        ServerError: the answer lacks what every object has, or a field has another type than its
            table says. An enum may have a choice that the table lacks: newer servers know more.
    """
    spec = spec_of(kind)
    body = _mapping(item, kind)
    # A proxy or a server that mixes answers up would give a license the grants of another one.
    if parent is not None and body.get(spec.parent_wire, parent.slug) != parent.slug:
        raise ServerError(
            f"asked for {spec.plural} of {parent}, the server answered with others",
            hint=MIXED_UP_HINT,
        )
    address = Address(spec.kind, safe_slug(body.get(spec.slug_wire), kind), parent)
    fields: dict[str, Json] = {}
    for name, field in spec.fields.items():
        value = body.get(field.read_name)
        if value is not None:
            fields[name] = _decode(address, field, value)
    for name in spec.required:
        if name not in fields:
            raise ServerError(f"the server returned {address} without its {name}", hint=_CORRECT)
    if spec.after_read is not None:
        spec.after_read(fields)
    # A plan rests on the id: it ties the plan to one organization's objects.
    server_id = body.get(spec.id_wire, body.get(spec.older_id_wire))
    if not isinstance(server_id, str) or not server_id:
        raise ServerError(
            f"the server returned {address} without a usable {spec.id_wire}",
            hint=NEWER_SERVER_HINT,
        )
    user = body.get("updatedBy")
    return LiveResource(
        address=address,
        fields=with_defaults(kind, fields),
        id=server_id,
        family_id=_text(body.get(spec.family_wire)),
        updated_at=_text(body.get("updatedAt")),
        updated_by=_text(user.get("name")) or _text(user.get("id"))
        if isinstance(user, dict)
        else _text(user),
    )


def decode_family(item: object) -> tuple[str | None, str]:
    """The server's id and the slug of what makes objects siblings. Raises as `decode_object`."""
    body = _mapping(item, "family")
    return _text(body.get("id")), safe_slug(body.get("slug"), "family")


def decode_instance(item: object) -> Instance:
    """A customer's instance as the API returns it. Raises as `decode_object` does."""
    body = _mapping(item, "instance")
    slug = safe_slug(body.get("slug"), "instance")
    return Instance(
        slug=slug,
        name=_text(body.get("name")) or slug,
        license=safe_slug(body.get("licenseSlug"), "license"),
        customer=_text(body.get("customerSlug")) or "",
    )


def decode_usages(
    body: object, path: str, clock_ahead: timedelta = timedelta(0)
) -> tuple[Usage, ...]:
    """What an instance has used of all that is metered; the API returns null for none.

    What is not metered comes with the granted value, which is not usage. Windows are as a clock
    shows them that is so far ahead of the server's.

    Raises:
        ServerError: the answer is not a list of usages.
    """
    if body is None:
        return ()
    if not isinstance(body, list):
        raise ServerError(f"GET {path}: the answer is not a list", hint=NEWER_SERVER_HINT)
    usages = (_usage(_mapping(item, "usage"), clock_ahead) for item in body)
    return tuple(usage for usage in usages if usage is not None)


def decode_refusals(body: object, path: str) -> frozenset[str]:
    """Entitlements of the refused reports on a page of an audit trail.

    Raises:
        ServerError: the answer is not a page.
    """
    items = body.get("items") if isinstance(body, dict) else body
    if not isinstance(items, list):
        raise ServerError(f"GET {path}: the answer is not a list", hint=NEWER_SERVER_HINT)
    events = [_mapping(item, "audit trail") for item in items]
    payloads = (each.get("payload") for each in events if each.get("eventName") == REFUSED)
    slugs = (each.get("entitlement_slug") for each in payloads if isinstance(each, dict))
    return frozenset(each for each in slugs if isinstance(each, str))


def _usage(body: Mapping[str, Any], clock_ahead: timedelta) -> Usage | None:
    slug = safe_slug(body.get("entitlementSlug"), "usage")
    tagged = body.get("value")
    match tagged:
        # To Python, true is an integer: without this case it would be a usage of 1.
        case {"type": "number", "value": bool()}:
            pass
        case {"type": "number", "value": int() | float() as value}:
            counted = _mapping(tagged, "usage").get("event_count")
            return Usage(
                entitlement=slug,
                value=value,
                reports=_reports(counted, value),
                limit=_limit(body.get("limit")),
                period_start=zoned(body.get("currentPeriodStart"), clock_ahead),
                period_end=zoned(body.get("currentPeriodEnd"), clock_ahead),
            )
        case {"type": "boolean" | "object"} | None:
            return None
    raise ServerError("the server returned a usage of an unknown shape", hint=NEWER_SERVER_HINT)


def _limit(tagged: object) -> float | None:
    """The threshold of a usage; infinite for the API's -1, None if it is not a number."""
    match tagged:
        case {"type": "number", "value": bool()}:
            return None
        case {"type": "number", "value": int() | float() as value}:
            return math.inf if value == UNLIMITED_WIRE else float(value)
    return None


def _reports(reports: object, value: float) -> int:
    """How many reports there were; where the server does not say, what is not 0 was reported."""
    if reports is None:
        return int(value != 0)
    if isinstance(reports, int) and not isinstance(reports, bool) and reports >= 0:
        return reports
    raise ServerError(
        "the server returned a usage whose event_count is no count", hint=NEWER_SERVER_HINT
    )


def create_body(address: Address, fields: Fields) -> dict[str, Any]:
    """The body of a POST that creates an object, with the keys that the API insists on."""
    spec = spec_of(address.kind)
    body = {**_fillers(spec), spec.slug_wire: address.slug, **_encoded(spec, fields)}
    if spec.before_create is not None:
        spec.before_create(body)
    return body


def merge_body(kind: str, current: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """The body of a PUT: everything the server needs, with these fields changed.

    A field that is None is left out, which clears it. Source: API facts, section 9.4.
    """
    spec = spec_of(kind)
    # A PUT must repeat every writable property of the present object: what it leaves out, the
    # server clears. An object named by what it refers to has its slug in the path alone.
    echoed = [
        each.wire_name
        for each in spec.fields.values()
        if each.is_echoed and each.mutability is not Mutability.CREATE_ONLY
    ]
    if spec.slug_refers_to is None:
        echoed = [spec.slug_wire, *echoed]
    body = {key: current[key] for key in echoed if current.get(key) is not None}
    for name in fields:
        body.pop(spec.fields[name].wire_name, None)
    set_fields = {name: value for name, value in fields.items() if value is not None}
    body = {**_fillers(spec), **body, **_encoded(spec, set_fields)}
    if spec.before_update is not None:
        spec.before_update(body, fields)
    return body


def safe_slug(value: object, kind: str) -> str:
    """A slug from the server, checked before it goes into a URL, a file name or a terminal.

    Raises:
        ServerError: it is not a slug.
    """
    if isinstance(value, str) and is_slug(value):
        return value
    shown = f": {value[:_MOST_SHOWN]!a}" if isinstance(value, str) else ""
    raise ServerError(
        f"the server returned {_one(kind)} without a usable slug{shown}",
        hint=f"{_CORRECT}. A slug has up to 200 letters, digits, `.`, `_` and `-`",
    )


def _decode(address: Address, field: FieldSpec, value: object) -> Json:
    """One field's value, out of its envelope and of the field's type."""
    bare = value
    if field.type is FieldType.GRANT_VALUE:
        bare = _without_tag(value)
    elif field.type is FieldType.SLUGS and field.read and isinstance(value, list):
        bare = [each.get("slug") if isinstance(each, dict) else None for each in value]
    if not fits(field, bare):
        raise ServerError(
            f"the server returned {address} whose {field.read_name} is not"
            f" {TYPE_WORDS[field.type]}",
            hint=_CORRECT,
        )
    decoded: Json = bare  # type: ignore[assignment]  # it fits a type of JSON
    return decoded


def _without_tag(tagged: object) -> object:
    """A grant's value without its tag; a number of -1 is `unlimited`."""
    if not isinstance(tagged, dict):
        return _UNTAGGED
    tag, value = tagged.get("type"), tagged.get("value")
    if tag is None or tag != _TAGS.get(type(value)):
        return _UNTAGGED
    return UNLIMITED if value == UNLIMITED_WIRE else value


def _with_tag(value: Json) -> dict[str, Json]:
    if isinstance(value, bool):
        return {"type": "boolean", "value": value}
    if isinstance(value, Mapping):
        return {"type": "object", "value": value}
    return {"type": "number", "value": UNLIMITED_WIRE if value == UNLIMITED else value}


def _encoded(spec: KindSpec, fields: Fields) -> dict[str, Any]:
    return {
        spec.fields[name].wire_name: _with_tag(value)
        if spec.fields[name].type is FieldType.GRANT_VALUE
        else value
        for name, value in fields.items()
    }


def _fillers(spec: KindSpec) -> dict[str, Any]:
    """What a body must have even if it is not set."""
    fields = spec.fields.values()
    return {field.wire_name: field.filler for field in fields if field.filler is not ABSENT}


def _mapping(item: object, kind: str) -> Mapping[str, Any]:
    if isinstance(item, dict):
        return item
    raise ServerError(
        f"the server returned {_one(kind)} that is not an object", hint=NEWER_SERVER_HINT
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _one(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
