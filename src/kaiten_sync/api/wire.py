"""The client's own JSON codec: the API's objects to catalog fields and back.

The server has its own, so that a wrong name cannot agree with itself.
Source of every name and shape: API facts, sections 2 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.errors import ServerError
from kaiten_sync.kinds.entitlement import is_number
from kaiten_sync.kinds.grant import UNLIMITED_WIRE
from kaiten_sync.kinds.registry import SPECS, with_defaults
from kaiten_sync.model.address import Address, Kind, grant_address, is_slug
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import UNLIMITED, Fields, Json

_TEXT_FIELDS = frozenset({"name", "description", "type", "version", "versionName", "icon"})


def decode_object(kind: Kind, item: object) -> LiveResource:
    """A group, entitlement or license as the API returns it.

    Raises:
        ServerError: the answer lacks what every object has.
    """
    body = _mapping(item, kind)
    fields = {
        name: body[_read_name(name)]
        for name in SPECS[kind].fields
        if body.get(_read_name(name)) is not None
    }
    if kind is Kind.ENTITLEMENT:
        fields["groups"] = _group_slugs(body)
        _drop_empty_warning(fields)
    _check_texts(kind, fields)
    return LiveResource(
        address=Address(kind, safe_slug(body.get("slug"), kind)),
        fields=with_defaults(kind, fields),
        id=_text(body.get("id")),
        family_id=_text(body.get("familyId")),
        updated_at=_text(body.get("updatedAt")),
        updated_by=_actor(body),
    )


def decode_grant(license_slug: str, item: object) -> LiveResource:
    """A license's grant as the API returns it. Raises as `decode_object` does."""
    body = _mapping(item, Kind.GRANT)
    if body.get("licenseSlug", license_slug) != license_slug:
        raise ServerError(f"asked for grants of {license_slug}, the server answered with others")
    fields: dict[str, Json] = {"value": decode_value(body.get("value"))}
    overage = body.get("limitCapExceededOveragePercent")
    if overage is not None:
        fields["overagePercent"] = overage
    return LiveResource(
        address=grant_address(license_slug, safe_slug(body.get("entitlementSlug"), Kind.GRANT)),
        fields=with_defaults(Kind.GRANT, fields),
        id=_text(body.get("licenseId")),
        updated_at=_text(body.get("updatedAt")),
        updated_by=_actor(body),
    )


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


def decode_usages(body: object, path: str) -> tuple[Usage, ...]:
    """What an instance has used of all that is metered; the API returns null for none.

    What is not metered comes with the granted value, which is no usage.

    Raises:
        ServerError: the answer is no list of usages.
    """
    if body is None:
        return ()
    if not isinstance(body, list):
        raise ServerError(f"GET {path}: the answer is no list")
    usages = (_usage(_mapping(item, "usage")) for item in body)
    return tuple(usage for usage in usages if usage is not None)


def _usage(body: Mapping[str, Any]) -> Usage | None:
    slug = safe_slug(body.get("entitlementSlug"), "usage")
    tagged = body.get("value")
    match tagged:
        case {"type": "number", "value": bool()}:
            pass
        case {"type": "number", "value": int() | float() as value}:
            counted = _mapping(tagged, "usage").get("event_count")
            return Usage(entitlement=slug, value=value, reports=_reports(counted, value))
        case {"type": "boolean" | "object"} | None:
            return None
    raise ServerError("the server returned a usage of an unknown shape")


def _reports(reports: object, value: float) -> int:
    """How many reports there were; where the server does not say, what is not 0 was reported."""
    if reports is None:
        return int(value != 0)
    if isinstance(reports, int) and not isinstance(reports, bool) and reports >= 0:
        return reports
    raise ServerError("the server returned a usage whose event_count is no count")


def decode_value(tagged: object) -> Json:
    """A grant's value without its tag; a number of -1 is `unlimited`."""
    match tagged:
        case {"type": "number", "value": bool()}:
            pass
        case {"type": "number", "value": int() | float() as number}:
            return UNLIMITED if number == UNLIMITED_WIRE else number
        case {"type": "boolean", "value": bool() as flag}:
            return flag
        case {"type": "object", "value": dict() as config}:
            return config
    raise ServerError("the server returned a grant value of an unknown shape")


def encode_value(value: Json) -> dict[str, Json]:
    """A grant's value with its tag."""
    if isinstance(value, bool):
        return {"type": "boolean", "value": value}
    if isinstance(value, Mapping):
        return {"type": "object", "value": value}
    return {"type": "number", "value": UNLIMITED_WIRE if value == UNLIMITED else value}


def create_body(address: Address, fields: Fields) -> dict[str, Any]:
    """The body of a POST that creates an object, with the keys that the API insists on."""
    body = _named(address.kind, fields)
    match address.kind:
        case Kind.GRANT:
            return {"entitlementSlug": address.slug, **body}
        case Kind.LICENSE:
            if "lifecycleState" in body:
                body.pop("version", None)  # a server with drafts numbers versions (facts, 2.4)
            return {"description": "", "isDefault": False, "slug": address.slug, **body}
        case _:
            return {"description": None, "slug": address.slug, **body}


def merge_body(kind: Kind, current: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """The body of a PUT: everything the server needs, with these fields changed.

    A field that is None is left out, which clears it. Source: API facts, section 9.4.
    """
    body = {key: value for key, value in _echo(kind, current).items() if value is not None}
    for name, value in fields.items():
        wire = SPECS[kind].fields[name].wire_name
        body.pop(wire, None)
        if value is not None:
            body.update(_named(kind, {name: value}))
    _complete(kind, body, fields)
    return body


def safe_slug(value: object, kind: str) -> str:
    """A slug from the server, checked before it goes into a URL, a file name or a terminal.

    Raises:
        ServerError: it is no slug.
    """
    if isinstance(value, str) and is_slug(value):
        return value
    raise ServerError(f"the server returned {_one(kind)} without a usable slug")


def _echo(kind: Kind, current: Mapping[str, Any]) -> dict[str, Any]:
    """What a PUT must repeat of the present object: every writable property it has.

    Groups are the exception: a PUT without `groupSlugs` leaves memberships alone.
    """
    writable = {spec.wire_name for spec in SPECS[kind].fields.values()}
    if kind is not Kind.GRANT:
        writable.add("slug")
    writable -= {"groupSlugs", "familySlug"}
    return {key: current[key] for key in current if key in writable}


def _complete(kind: Kind, body: dict[str, Any], fields: Fields) -> None:
    """Settle the properties whose presence depends on others."""
    match kind:
        case Kind.GROUP:
            body.setdefault("description", None)
        case Kind.ENTITLEMENT:
            body.setdefault("description", None)
            _drop_empty_warning(body)
        case Kind.LICENSE:
            body.setdefault("description", "")
            body.setdefault("isDefault", False)
        case Kind.GRANT:
            _complete_grant(body, fields)


def _drop_empty_warning(fields: dict[str, Any]) -> None:
    """What is not metered has no warning; servers return 0 all the same, and refuse to be sent it.

    Source: API facts, section 2.2.
    """
    if not is_number(fields):
        fields.pop("warningThresholdPercent", None)


def _complete_grant(body: dict[str, Any], fields: Fields) -> None:
    """-1 stands in the overage exactly when the value is unlimited (facts, 2.5)."""
    key = "limitCapExceededOveragePercent"
    if body["value"].get("type") != "number" or body["value"]["value"] == UNLIMITED_WIRE:
        body.pop(key, None)
    elif body.get(key) == UNLIMITED_WIRE and "overagePercent" not in fields:
        body.pop(key)


def _named(kind: Kind, fields: Fields) -> dict[str, Any]:
    specs = SPECS[kind].fields
    return {
        specs[name].wire_name: encode_value(value)
        if kind is Kind.GRANT and name == "value"
        else value
        for name, value in fields.items()
    }


def _read_name(name: str) -> str:
    return "entitlementGroups" if name == "groups" else name


def _group_slugs(body: Mapping[str, Any]) -> list[Json]:
    groups = body.get("entitlementGroups") or []
    if not isinstance(groups, list):
        raise ServerError("the server returned entitlementGroups that are not a list")
    return [safe_slug(_mapping(group, Kind.GROUP).get("slug"), Kind.GROUP) for group in groups]


def _check_texts(kind: Kind, fields: Mapping[str, Any]) -> None:
    for name in _TEXT_FIELDS & fields.keys():
        if not isinstance(fields[name], str):
            raise ServerError(f"the server returned {_one(kind)} whose {name} is not a text")


def _mapping(item: object, kind: str) -> Mapping[str, Any]:
    if isinstance(item, dict):
        return item
    raise ServerError(f"the server returned {_one(kind)} that is not an object")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _actor(body: Mapping[str, Any]) -> str | None:
    user = body.get("updatedBy")
    if isinstance(user, dict):
        return _text(user.get("name")) or _text(user.get("id"))
    return _text(user)


def _one(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
